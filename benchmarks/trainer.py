"""The trainer beside its floor, which is the matrix products of a step alone, and its peers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np
from scipy.linalg.blas import sgemm

from reference import KLDivergence, Network, ReLU, Softmax, Trainer
from reference.checks import Array

from .ratio import Ratio, paired

Epoch = Callable[[], object]


@final
@dataclass(frozen=True)
class Setting:
    """Widths from x to y_N, rows a step, steps an epoch, and the goal against the floor."""

    widths: tuple[int, ...]
    batch: int
    steps: int
    goal: float

    @property
    def name(self) -> str:
        """Like ``784-512-512-10, batch 128``."""
        return f"{'-'.join(map(str, self.widths))}, batch {self.batch}"


SETTINGS = (
    Setting((784, 512, 512, 10), 128, 40, goal=1.15),
    Setting((784, 2048, 2048, 10), 256, 10, goal=1.10),
    Setting((64, 64, 10), 32, 500, goal=2.5),
)
ROUNDS = 15
STEP_SIZE = 0.01


def ratios() -> Iterator[Ratio]:
    """Against the floor, jax.jit, PyTorch where it is installed, and scikit-learn."""
    for setting in SETTINGS:
        x, d = data(setting)
        peers = [("floor", floor(setting), setting.goal, "the step's matrix products alone")]
        how = "the same by NumPy"
        peers.append(("floor by NumPy", floor_by_numpy(setting), setting.goal, how))
        how = "an epoch with a jitted step, buffers donated"
        peers.append(("jax.jit", _jax(setting, x, d), 1.0, how))
        torch = _torch(setting, x, d)
        if torch is not None:
            peers.append(("PyTorch", torch, 1.0, "an epoch in eager mode with torch.optim.SGD"))
        for peer, epoch, goal, how in peers:
            value, mine, other = paired(ours(setting, x, d), epoch, ROUNDS)
            name = f"trainer / {peer}: {setting.name}"
            how = f"float32, an epoch of {setting.steps} steps of Trainer over {how}"
            yield Ratio(name, value, goal, how, seconds=mine, against=other)
    yield _scikit_learn()


def data(setting: Setting) -> tuple[Array, Array]:
    """Instances x (T, D_0) and one-hot targets of an epoch."""
    random, T = np.random.default_rng(0), setting.batch * setting.steps
    x = random.normal(size=(T, setting.widths[0])).astype(np.float32)
    d = np.eye(setting.widths[-1], dtype=np.float32)[random.integers(0, setting.widths[-1], T)]
    return x, d


def _network(widths: tuple[int, ...], dtype: Any = np.float32) -> Network:
    hidden = [(n, ReLU()) for n in widths[1:-1]]
    return Network.initialize(widths[0], [*hidden, (widths[-1], Softmax())], dtype=dtype)


def ours(setting: Setting, x: Array, d: Array) -> Epoch:
    """The public trainer, an epoch at a time."""
    network = _network(setting.widths)
    trainer = Trainer(network, KLDivergence(), STEP_SIZE, setting.batch, max_epochs=10**6)
    epochs = trainer.epochs(x, d)
    return lambda: next(epochs)


@final
@dataclass(frozen=True)
class Products:
    """The arrays of a step's matrix products, for z = y W^T, dW = dz^T y and dy = dz W."""

    W: list[Array]
    y: list[Array]
    z: list[Array]
    dz: list[Array]
    dy: list[Array]
    dW: list[Array]

    @classmethod
    def of(cls, setting: Setting, order: Literal["C", "F"]) -> Products:
        """W and dW in this order, all else row by row."""
        random, T, widths = np.random.default_rng(0), setting.batch, setting.widths
        W = [np.asarray(w, order=order) for w in _network(widths).weights]
        y = [random.normal(size=(T, n)).astype(np.float32) for n in widths]
        z, dW = [np.empty((T, len(w)), np.float32) for w in W], [np.empty_like(w) for w in W]
        dz = [random.normal(size=a.shape).astype(np.float32) for a in z]
        return cls(W, y, z, dz, [a.copy() for a in y], dW)


def floor(setting: Setting) -> Epoch:
    """The products alone, by the BLAS that the trainer uses; none for dy of the first layer."""
    p = Products.of(setting, "F")

    def epoch() -> None:
        for _ in range(setting.steps):
            for k, W in enumerate(p.W):
                sgemm(1, W, p.y[k].T, 0, p.z[k].T, overwrite_c=True)
            for k in reversed(range(len(p.W))):
                sgemm(1, p.dz[k].T, p.y[k].T, 0, p.dW[k], trans_b=True, overwrite_c=True)
                if k > 0:
                    sgemm(1, p.W[k], p.dz[k].T, 0, p.dy[k].T, trans_a=True, overwrite_c=True)

    return epoch


def floor_by_numpy(setting: Setting) -> Epoch:
    """The same by NumPy, which may bring another BLAS."""
    p = Products.of(setting, "C")

    def epoch() -> None:
        for _ in range(setting.steps):
            for k, W in enumerate(p.W):
                np.matmul(p.y[k], W.T, out=p.z[k])
            for k in reversed(range(len(p.W))):
                np.matmul(p.dz[k].T, p.y[k], out=p.dW[k])
                if k > 0:
                    np.matmul(p.dz[k], p.W[k], out=p.dy[k])

    return epoch


def _jax(setting: Setting, x: Array, d: Array) -> Epoch:
    import jax
    import jax.numpy as jnp

    random = np.random.default_rng(0)

    def loss(parameters: Any, x: Any, d: Any) -> Any:
        *hidden, (W, b) = parameters
        for V, c in hidden:
            x = jax.nn.relu(x @ V.T + c)
        return -(d * jax.nn.log_softmax(x @ W.T + b)).sum(axis=1).mean()

    def step(parameters: Any, x: Any, d: Any) -> Any:
        value, slopes = jax.value_and_grad(loss)(parameters, x, d)
        return value, jax.tree.map(lambda w, g: w - STEP_SIZE * g, parameters, slopes)

    jitted = jax.jit(step, donate_argnums=0)
    network = _network(setting.widths)
    pairs = zip(network.weights, network.biases, strict=True)
    state = [[(jnp.array(W), jnp.array(b)) for W, b in pairs]]

    def epoch() -> float:
        order, total = random.permutation(len(x)), 0.0
        for start in range(0, len(x), setting.batch):
            batch = order[start : start + setting.batch]
            value, state[0] = jitted(state[0], x[batch], d[batch])
            total += float(value)
        return total

    return epoch


def _torch(setting: Setting, x: Array, d: Array) -> Epoch | None:
    try:
        import torch
    except ModuleNotFoundError:
        return None
    layers: list[Any] = []
    for n, m in zip(setting.widths, setting.widths[1:], strict=False):
        layers += [torch.nn.Linear(n, m), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.SGD(model.parameters(), lr=STEP_SIZE)
    criterion = torch.nn.CrossEntropyLoss()
    inputs, targets = torch.from_numpy(x), torch.from_numpy(d)

    def epoch() -> float:
        order, total = torch.randperm(len(inputs)), 0.0
        for batch in order.split(setting.batch):
            optimizer.zero_grad()
            loss = criterion(model(inputs[batch]), targets[batch])
            loss.backward()
            optimizer.step()
            total += loss.item()
        return total

    return epoch


def _scikit_learn(epochs: int = 20) -> Ratio:
    """Digits, 64-64-64-10, float64, batch 32: both train for 20 epochs from the start."""
    from sklearn.datasets import load_digits
    from sklearn.neural_network import MLPClassifier

    x, labels = load_digits(return_X_y=True)
    x, d = x / 16, np.eye(10)[labels]
    right: dict[str, float] = {}

    def ours() -> None:
        network = _network((64, 64, 64, 10), np.float64)
        Trainer(network, KLDivergence(), 0.1, 32, max_epochs=epochs).fit(x, d)
        right["trainer"] = float((network.forward(x).argmax(axis=1) == labels).mean())

    def theirs() -> None:
        model = MLPClassifier(
            (64, 64), solver="sgd", learning_rate_init=0.1, batch_size=32, momentum=0, alpha=0,
            max_iter=epochs, tol=0, n_iter_no_change=epochs, random_state=0,
        )  # fmt: skip
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            right["scikit-learn"] = float(model.fit(x, labels).score(x, labels))

    value, mine, other = paired(ours, theirs, 7)
    accuracy = ", ".join(f"{name} {share:.1%} right" for name, share in right.items())
    how = f"float64, {epochs} epochs of Trainer over MLPClassifier(solver='sgd'); {accuracy}"
    name = "trainer / scikit-learn: digits, 64-64-64-10, batch 32"
    return Ratio(name, value, 0.4, how, seconds=mine / epochs, against=other / epochs)
