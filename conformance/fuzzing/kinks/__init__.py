"""Kinks: the subdifferential at a point, from the Jacobians around it."""
