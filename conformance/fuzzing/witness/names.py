"""What an oracle is called."""

from __future__ import annotations

from .witness import Function


def name_of(f: Function) -> str:
    """Its public name, else its own."""
    return public_name(f) or str(getattr(f, "__name__", type(f).__name__))


def public_name(f: Function) -> str | None:
    """``jax.nn.silu`` for what JAX exports under that name; None for any other function."""
    import jax.scipy.special

    modules = (jax.numpy, jax.nn, jax.numpy.linalg, jax.scipy.special, jax.lax)
    for module in modules:
        for name, value in vars(module).items():
            if value is f and not name.startswith("_"):
                return f"{module.__name__}.{name}"
    return None
