"""The blind vote of the Compare page, and its results."""
