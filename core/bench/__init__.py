"""The laboratory: operations x modes, driven, measured and explained."""
