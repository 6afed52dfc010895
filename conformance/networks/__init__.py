"""Whole networks beside autodiff: layer by layer and end to end, with derived tolerances."""
