"""Inputs that break derivatives: their numbers in regimes, and whole cases."""
