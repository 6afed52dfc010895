"""Slopes from values alone: differences, extrapolated, with an error that they know of."""
