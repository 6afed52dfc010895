"""Training on the digits with gradients that are checked, and its pictures."""
