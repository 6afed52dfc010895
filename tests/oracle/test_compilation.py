"""Programs that compile quickly give what `jax.jit` gives, whatever XLA lets one ask for."""

import jax
import numpy as np
import pytest

from oracle import compilation

OPTIONS = pytest.mark.parametrize("options", [compilation.QUICK, {"no_such_option": 0}, {}])


@OPTIONS
def test_the_numbers_are_those_of_jit(options, monkeypatch):
    monkeypatch.setattr(compilation, "QUICK", options)
    f = jax.vmap(jax.jacrev(jax.nn.softmax))
    z = np.random.default_rng(0).normal(size=(8, 5))
    quickly = compilation.compiled_quickly(f)(z)
    assert quickly.dtype == np.float64
    np.testing.assert_allclose(quickly, jax.jit(f)(z), rtol=0, atol=1e-15)
