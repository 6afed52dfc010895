"""Who says what is true: autodiff of a function in JAX, or differences of the forward."""
