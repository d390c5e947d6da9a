"""One file a page, thin: read widgets, call core, draw."""
