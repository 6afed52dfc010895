"""The lecture's training algorithm, and how it ends."""

from __future__ import annotations

import re
import tracemalloc
from itertools import product

import numpy as np
import pytest

from reference import (
    BinaryKLDivergence,
    DivergedError,
    Divergence,
    Epoch,
    History,
    Identity,
    KLDivergence,
    Max,
    Network,
    RandomizedLeakyReLU,
    ReLU,
    ScalarActivation,
    Sigmoid,
    Softmax,
    SquaredError,
    Tanh,
    Trainer,
)
from reference.training_step import TrainingStep

from .cases import exactly

RANDOM = np.random.default_rng(0)
X, D = RANDOM.normal(size=(7, 3)), RANDOM.dirichlet(np.ones(2), 7)


def test_each_step_is_the_one_of_the_networks_gradients():
    """In place, for mini-batches the last of which is smaller: the same but for some roundings."""
    layers = [(5, ReLU()), (4, Softmax()), (6, Tanh()), (3, Max()), (2, Softmax())]
    for dtype, divergence in product([np.float64, np.float32], [KLDivergence(), SquaredError()]):
        network = Network.initialize(3, layers, seed=2, dtype=dtype)
        x, d, eta = X.astype(dtype), D.astype(dtype), 0.3
        step = TrainingStep(network, divergence, x, d, batch_size=4)
        for batch in (np.array([3, 0, 6, 1]), np.array([5, 2, 4])):
            g = network.gradients(x[batch], d[batch], divergence)
            slopes = zip(parameters(network), g.weights + g.biases, strict=True)
            expected = [a - dtype(eta) * slope for a, slope in slopes]
            assert step(batch, eta) == pytest.approx(
                g.loss, rel=1e-6 if dtype == np.float32 else 1e-14
            )
            for w, value in zip(parameters(network), expected, strict=True):
                np.testing.assert_allclose(w, value, rtol=0, atol=8 * np.finfo(dtype).eps)


def small(dtype=np.float64):
    return Network.initialize(3, [(4, Tanh()), (2, Softmax())], seed=1, dtype=dtype)


def line(w=1.0):
    """y = w x, without a hidden layer."""
    return Network([[[w]]], [[0.0]], [Identity()])


def parameters(network):
    return [a.copy() for a in network.weights + network.biases]


def assert_same(a, b, rtol=0.0):
    for left, right in zip(a, b, strict=True):
        np.testing.assert_allclose(left, right, rtol=rtol)


def test_an_epoch_of_the_full_batch_is_the_lectures_update():
    """Accumulate instance by instance, then W <- W - eta / T dW (slide 193)."""
    network, eta, T = small(), 0.3, len(X)
    loss = 0.0
    accumulated = [np.zeros_like(a) for a in parameters(network)]
    for x, d in zip(X, D, strict=True):
        g = network.gradients(x, d, KLDivergence())
        loss += g.loss
        for total, slope in zip(accumulated, g.weights + g.biases, strict=True):
            total += slope
    expected = [a - eta / T * g for a, g in zip(parameters(network), accumulated, strict=True)]

    history = Trainer(network, KLDivergence(), step_size=eta, max_epochs=1).fit(X, D)
    assert_same(parameters(network), expected, rtol=1e-13)
    assert history.loss == pytest.approx([loss / T], rel=1e-14)
    assert history.validation_loss == []
    assert not history.converged


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_loss_of_the_full_batch_falls_and_the_dtype_stays(dtype):
    network = small(dtype)
    loss = Trainer(network, KLDivergence(), max_epochs=30).fit(X, D).loss
    assert len(loss) == 30
    assert (np.diff(loss) < 0).all()
    assert all(a.dtype == dtype for a in parameters(network))


@pytest.mark.parametrize("batch_size", [None, 7, 100])
def test_the_full_batch_is_not_shuffled(batch_size):
    network, other = small(), small()
    Trainer(network, KLDivergence(), batch_size=batch_size, max_epochs=3, seed=1).fit(X, D)
    Trainer(other, KLDivergence(), max_epochs=3, seed=2).fit(X, D)
    assert_same(parameters(network), parameters(other))


class Recording(Divergence):
    """Keeps the first target of every row that is trained on, beside an output that is the same."""

    def __init__(self):
        self.batches = []

    def value(self, y, d):
        return SquaredError().value(y, d)

    def derivative(self, y, d):
        np.testing.assert_array_equal(y, d)
        self.batches.append(d[:, 0].tolist())
        return y - d


def batches(batch_size, seed, epochs=2):
    divergence, x = Recording(), np.arange(10.0)[:, None]
    Trainer(line(10.0), divergence, 1e-3, batch_size, max_epochs=epochs, seed=seed).fit(x, 10 * x)
    return [[d / 10 for d in batch] for batch in divergence.batches]


@pytest.mark.parametrize(
    ("batch_size", "sizes"), [(4, [4, 4, 2]), (5, [5, 5]), (9, [9, 1]), (1, [1] * 10)]
)
def test_mini_batches_cover_every_row_once_an_epoch(batch_size, sizes):
    both = batches(batch_size, seed=0)
    first, second = both[: len(sizes)], both[len(sizes) :]
    assert [len(batch) for batch in first] == [len(batch) for batch in second] == sizes
    for epoch in (first, second):
        met = [row for batch in epoch for row in batch]
        assert sorted(met) == list(range(10)) != met
    assert first != second


def test_the_seed_fixes_the_shuffling():
    assert batches(4, seed=0) == batches(4, seed=0) != batches(4, seed=1)


def test_the_loss_of_an_epoch_is_the_mean_over_its_rows():
    """Batches of 2 and 1; with w = 0 and a tiny step every instance costs d^2 / 2."""
    x, d = np.ones((3, 1)), np.array([[2.0], [4.0], [6.0]])
    trainer = Trainer(line(0.0), SquaredError(), 1e-12, batch_size=2, max_epochs=1)
    assert trainer.fit(x, d).loss == pytest.approx([(2 + 8 + 18) / 3], rel=1e-9)


def test_the_step_size_may_depend_on_the_number_of_updates():
    seen = []

    def schedule(k):
        seen.append(k)
        return 0.1 / (k + 1)

    trainer = Trainer(small(), KLDivergence(), schedule, batch_size=3, max_epochs=2)
    assert seen == [0]  # the constructor tries it
    seen.clear()
    trainer.fit(X, D)
    assert seen == [0, 1, 2, 3, 4, 5]


def test_it_stops_once_the_loss_changes_by_no_more_than_the_tolerance():
    """With eta = 1/2 on 1/2 (w - 4)^2 the loss is 8 / 4^k: 8, 2, 1/2, 1/8; changes 6, 3/2, 3/8."""

    def train(tolerance):
        network = Network([[[0.0]]], [[0.0]], [Identity()])
        trainer = Trainer(network, SquaredError(), 0.25, max_epochs=4, tolerance=tolerance)
        return trainer.fit([[1]], [[4]])

    assert train(None).loss == [8, 2, 1 / 2, 1 / 8]
    assert train(6).loss == [8, 2]
    assert train(3 / 2).loss == [8, 2, 1 / 2]
    assert train(3 / 2).converged
    assert train(1.49).loss == [8, 2, 1 / 2, 1 / 8]
    assert train(3 / 8).converged
    assert not train(0).converged
    assert not train(None).converged


def test_a_loss_that_rises_has_not_converged():
    trainer = Trainer(line(), SquaredError(), 3.0, max_epochs=3, tolerance=0.1)
    history = trainer.fit([[1.0]], [[0.0]])
    assert len(history.loss) == 3
    assert not history.converged


def test_the_validation_loss_is_that_after_the_epoch():
    network = small()
    validation = X[:2] + 1, D[:2]
    trainer = Trainer(network, KLDivergence(), batch_size=3, max_epochs=3)
    after = []
    history = trainer.fit(
        X, D, validation, lambda epoch: after.append(network.loss(*validation, KLDivergence()))
    )
    assert history.validation_loss == after
    assert len(set(after)) == 3


def test_progress_by_callback_or_by_iterator():
    told = []
    history = Trainer(small(), KLDivergence(), max_epochs=3).fit(X, D, (X, D), told.append)
    assert told == [
        Epoch(number, loss, validation_loss)
        for number, loss, validation_loss in zip(
            [1, 2, 3], history.loss, history.validation_loss, strict=True
        )
    ]
    network = small()
    epochs = Trainer(network, KLDivergence(), max_epochs=3).epochs(X, D, (X, D))
    start = parameters(network)
    assert next(epochs) == told[0]  # each epoch is trained as it is asked for
    assert not np.array_equal(start[0], network.weights[0])
    assert list(epochs) == told[1:]
    assert [e.validation_loss for e in Trainer(small(), KLDivergence()).epochs(X, D)] == [
        None
    ] * 100


def test_random_activations_are_drawn_anew_for_every_update():
    f = RandomizedLeakyReLU(0.25, 0.75, seed=3)
    drawn = RandomizedLeakyReLU(0.25, 0.75, seed=3)
    network = Network([[[-1.0]]], [[0.0]], [f])
    loss = Trainer(network, SquaredError(), 1e-12, max_epochs=3).fit([[1]], [[0]]).loss
    slopes = [drawn.training_forward(-np.ones(1))[0] for _ in range(3)]
    assert loss == pytest.approx([s**2 / 2 for s in slopes], rel=1e-9)


def test_a_loss_that_is_not_finite_stops_with_the_last_good_parameters():
    """w grows a hundredfold each step; the loss overflows at the first w beyond 1e154."""
    network = line()
    trainer = Trainer(network, SquaredError(), 101.0, max_epochs=1000)
    message = r"^the loss is inf after (\d+) updates; "
    with pytest.raises(
        DivergedError, match=message + "back at the start of an epoch with a finite loss"
    ) as e:
        trainer.fit([[1.0]], [[0.0]])
    assert str(e.value).endswith(
        " updates; back at the start of an epoch with a finite loss: try a smaller step_size"
    )
    updates = int(str(e.value).split()[5])
    assert np.isfinite(network.loss([1.0], [0.0], SquaredError()))
    again = line()
    Trainer(again, SquaredError(), 101.0, max_epochs=updates - 1).fit([[1.0]], [[0.0]])
    assert_same(parameters(network), parameters(again))
    assert isinstance(e.value, ArithmeticError)


def test_a_parameter_that_is_not_finite_stops_it_too():
    """The loss is finite, and the very first step beyond all bounds."""
    network = line(1e150)
    before = parameters(network)
    message = (
        "a parameter is not finite after 1 updates; "
        "back at the start of an epoch with a finite loss: try a smaller step_size"
    )
    with pytest.raises(DivergedError, match=exactly(message)):
        Trainer(network, SquaredError(), 1e200, max_epochs=1).fit([[1.0]], [[0.0]])
    assert_same(parameters(network), before)


def test_a_last_update_that_is_too_large_is_noticed_at_the_end():
    """The parameters are finite, and the loss at them is not: no later update would meet it."""
    network = line()
    before = parameters(network)
    message = (
        "the loss is not finite after 1 updates; "
        "back at the start of an epoch with a finite loss: try a smaller step_size"
    )
    with pytest.raises(DivergedError, match=exactly(message)):
        Trainer(network, SquaredError(), 1e160, max_epochs=1).fit([[1.0]], [[0.0]])
    assert_same(parameters(network), before)


@pytest.mark.parametrize("max_epochs", [1, 5])
def test_an_output_that_leaves_the_divergences_domain_keeps_the_last_good_parameters(max_epochs):
    network = Network([np.eye(2)], [np.zeros(2)], [Identity()])
    trainer = Trainer(network, BinaryKLDivergence(), step_size=10.0, max_epochs=max_epochs)
    message = r"^y must lie in \[0, 1\] for BinaryKLDivergence, got .* after 1 updates; back"
    with pytest.raises(DivergedError, match=message):
        trainer.fit([[0.5, 0.5]], [[1.0, 0.0]])
    assert_same(parameters(network), [np.eye(2), np.zeros(2)])


def test_an_output_outside_the_domain_from_the_start_is_bad_data():
    network = Network([np.eye(2)], [np.zeros(2)], [Identity()])
    with pytest.raises(ValueError, match=r"^y must lie in \[0, 1\]"):
        Trainer(network, BinaryKLDivergence()).fit([[2.0, 0.5]], [[1.0, 0.0]])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"divergence": KLDivergence}, TypeError, "divergence must be a Divergence, got "),
        ({"divergence": "kl"}, TypeError, "divergence must be a Divergence, got 'kl'"),
        ({"seed": -1}, ValueError, "seed must be at least 0, got -1"),
        ({"seed": "a"}, TypeError, "seed must be a whole number, got 'a'"),
        ({"step_size": "a"}, TypeError, "step_size must be a real number, got 'a'"),
        ({"step_size": True}, TypeError, "step_size must be a real number, got True"),
        ({"tolerance": "a"}, TypeError, "tolerance must be a real number, got 'a'"),
    ],
)
def test_options_of_the_wrong_kind(options, error, message):
    with pytest.raises(error, match="^" + re.escape(message)):
        Trainer(**{"network": line(), "divergence": SquaredError(), **options})


def test_a_validation_loss_may_be_infinite():
    network = line()
    validation = [[1e200]], [[0.0]]
    history = Trainer(network, SquaredError(), 0.1, max_epochs=2).fit([[1.0]], [[0.0]], validation)
    assert history.validation_loss == [np.inf, np.inf]
    assert np.isfinite(history.loss).all()


def test_a_loss_that_is_not_finite_from_the_start():
    network = line(1e200)
    before = parameters(network)
    with pytest.raises(DivergedError, match=r"^the loss is inf after 0 updates; "):
        Trainer(network, SquaredError()).fit([[1.0]], [[0.0]])
    assert_same(parameters(network), before)


def test_a_loss_that_is_no_number_is_reported_without_a_warning():
    """After one row the weights are infinite, and for the other row inf - inf."""
    network = Network([[[1e150, 0.0]]], [[0.0]], [Identity()])
    trainer = Trainer(network, SquaredError(), 1e200, batch_size=1)
    with pytest.raises(DivergedError, match=r"^the loss is nan after 1 updates; "):
        trainer.fit([[1.0, 1.0], [1.0, -1.0]], [[0.0], [0.0]])
    assert_same(parameters(network), [[[1e150, 0.0]], [0.0]])


def test_mini_batches_keep_the_last_good_parameters_of_the_epoch():
    """The second row is harmless, and the first throws w beyond what has a finite loss."""
    network = line()
    trainer = Trainer(network, SquaredError(), 1e100, batch_size=1, max_epochs=5)
    with pytest.raises(DivergedError, match=r"^the loss is (inf|nan) after \d+ updates"):
        trainer.fit([[1.0], [2.0]], [[0.0], [0.0]])
    assert all(np.isfinite(a).all() for a in parameters(network))
    assert np.isfinite(network.loss([[1.0], [2.0]], [[0.0], [0.0]], SquaredError()))


def train(x=X, d=D, validation=None, divergence=None, **options):
    network = small()
    before = parameters(network)
    try:
        Trainer(network, divergence or KLDivergence(), **options).fit(x, d, validation)
    finally:
        assert_same(parameters(network), before)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1, got 0"),
        ({"batch_size": 2.0}, TypeError, "batch_size must be a whole number, got 2.0"),
        ({"max_epochs": 0}, ValueError, "max_epochs must be at least 1, got 0"),
        ({"max_epochs": None}, TypeError, "max_epochs must be a whole number, got None"),
        ({"tolerance": -1}, ValueError, "tolerance must be at least 0, got -1"),
        ({"tolerance": np.nan}, ValueError, "tolerance must be at least 0, got nan"),
        (
            {"step_size": -0.1},
            ValueError,
            "step_size must be positive and finite, got -0.1 at iteration 0",
        ),
        (
            {"step_size": lambda k: -1.0 - k},
            ValueError,
            "step_size must be positive and finite, got -1.0 at iteration 0",
        ),
        ({"x": X[:, :2]}, ValueError, "x must have shape (T, 3) or (3,), got (7, 2)"),
        ({"d": D[:, :1]}, ValueError, "d must have shape (T, 2) or (2,), got (7, 1)"),
        ({"x": X * np.nan}, ValueError, "x must be finite in float64, got nan at (0, 0)"),
        ({"d": D * np.nan}, ValueError, "d must be finite in float64, got nan at (0, 0)"),
        (
            {"x": X[:0], "d": D[:0]},
            ValueError,
            "x must have at least one row, got shape (0, 3)",
        ),
        (
            {"d": D[:5]},
            ValueError,
            "x and d must have as many rows, got shapes (7, 3) and (5, 2)",
        ),
        ({"d": -np.ones((7, 2))}, ValueError, "d must be non-negative, got -1.0"),
        (
            {"d": 2 * np.ones((7, 2)), "divergence": BinaryKLDivergence()},
            ValueError,
            "d must lie in [0, 1], got 2.0",
        ),
        (
            {"validation": (X, D[:, :1])},
            ValueError,
            "d must have shape (T, 2) or (2,), got (7, 1)",
        ),
        ({"validation": (X, -D)}, ValueError, f"d must be non-negative, got {(-D).min()}"),
    ],
)
def test_bad_input_is_refused_before_the_first_update(arguments, error, message):
    with pytest.raises(error, match=exactly(message)):
        train(**arguments)


@pytest.mark.parametrize("name", ["x", "d"])
def test_numbers_beyond_float32_are_refused_before_the_first_update(name):
    network = Network.initialize(3, [(2, Identity())], dtype=np.float32)
    before = parameters(network)
    data = {"x": X.copy(), "d": D.copy()}
    data[name][6, 1] = 1e39
    message = f"{name} must be finite in float32, got inf at (6, 1)"
    with pytest.raises(ValueError, match=exactly(message)):
        Trainer(network, SquaredError(), batch_size=1).fit(**data)
    assert_same(parameters(network), before)


def test_one_instance_may_be_trained_on():
    network, other = small(), small()
    Trainer(network, KLDivergence(), max_epochs=2).fit(X[0], D[0])
    Trainer(other, KLDivergence(), max_epochs=2).fit(X[:1], D[:1])
    assert_same(parameters(network), parameters(other))


def test_the_defaults():
    trainer = Trainer(line(), SquaredError())
    assert (trainer.step_size, trainer.batch_size, trainer.max_epochs) == (0.1, None, 100)
    assert (trainer.tolerance, trainer.seed) == (None, 0)
    assert History() == History(loss=[], validation_loss=[], converged=False)


def test_two_or_not_is_learned():
    """One sigmoid output, KL divergence: which side of a line?"""
    x = np.random.default_rng(3).normal(size=(60, 2))
    d = (x @ [1, -2] > 0.5).astype(float)[:, None]
    network = Network.initialize(2, [(1, Sigmoid())])
    Trainer(network, BinaryKLDivergence(), step_size=1, batch_size=10).fit(x, d)
    assert ((network.forward(x) > 0.5) == d).mean() > 0.95


def test_after_the_first_step_nothing_as_large_as_a_layer_is_allocated():
    network = Network.initialize(300, [(200, ReLU()), (100, ReLU()), (50, Softmax())])
    x, d = RANDOM.normal(size=(512, 300)), np.eye(50)[RANDOM.integers(0, 50, 512)]
    step, batch = TrainingStep(network, KLDivergence(), x, d, 512), np.arange(512)
    step(batch, 0.1)
    tracemalloc.start()
    step(batch, 0.1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # NumPy casts by way of a buffer of 8192 numbers, and some numbers are one for each row.
    assert peak < 1.5 * 8192 * 8 < 512 * 50 * 8


def test_a_softmax_of_10_000_units_trains_within_300_megabytes():
    """Its Jacobians alone, one for each row, would be 205 gigabytes."""
    network = Network.initialize(4, [(10_000, Softmax()), (3, Softmax())])
    x, d = RANDOM.normal(size=(256, 4)), np.eye(3)[RANDOM.integers(0, 3, 256)]
    tracemalloc.start()
    Trainer(network, KLDivergence(), max_epochs=1).fit(x, d)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 300e6


def test_an_activation_that_gives_another_shape_is_named():
    class Narrow(ScalarActivation):
        def forward(self, z):
            return z[:, :1]

        def derivative(self, z, y):
            return np.ones_like(z)

    network = Network.initialize(3, [(4, Narrow()), (2, Softmax())])
    step = TrainingStep(network, KLDivergence(), X, D, 7)
    with pytest.raises(ValueError, match=r"Narrow.forward must have shape \(7, 4\), got \(7, 1\)"):
        step(np.arange(7), 0.1)


def test_parameters_that_are_kept_from_an_epoch_stay():
    kept = []
    network = small()
    kept.append(network.weights[0])
    trainer = Trainer(network, KLDivergence(), batch_size=2, max_epochs=3)
    trainer.fit(X, D, callback=lambda epoch: kept.append(network.weights[0]))
    values = [w.copy() for w in kept]
    Trainer(network, KLDivergence(), batch_size=2, max_epochs=3).fit(X, D)
    assert_same(kept, values)
    assert len({w.tobytes() for w in kept}) == 4


def test_validation_rows_that_leave_the_divergences_domain_stop_it_too():
    """Training pushes y up; for the validation's row, ten times as large, beyond 1."""
    network = Network([[[0.1]]], [[0.0]], [Identity()])
    before = parameters(network)
    trainer = Trainer(network, BinaryKLDivergence(), step_size=0.05, max_epochs=50)
    with pytest.raises(DivergedError, match=r"^y must lie in \[0, 1\] .* after \d+ updates; back"):
        trainer.fit([[1.0]], [[1.0]], ([[5.0]], [[1.0]]))
    assert 0 <= network.weights[0].item() <= 0.2
    assert before[0].item() == 0.1
