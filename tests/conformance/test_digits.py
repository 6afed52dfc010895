"""The digits: what is held out, what each task asks, and what training on it reaches."""

from dataclasses import replace

import numpy as np
import pytest

from conformance.networks.number_range import OutOfRange
from conformance.training import run as training_run_module
from conformance.training.digits import (
    DIGITS,
    NONE,
    Images,
    load_images,
    mixtures,
    none_of_the_above,
    split,
    ten_digits,
    two_or_not,
)
from conformance.training.run import CHECK_EVERY, TASKS, Settings, TrainingRun, training_run
from reference import DivergedError, Network, ReLU
from reference.blas_layer import BlasLayer
from tests.conformance.planted import nudge, plant

IMAGES = load_images()
TRAINING, HELD_OUT = split(IMAGES)


def as_set(images):
    return {(x.tobytes(), int(digit)) for x, digit in zip(images.x, images.digit, strict=True)}


def test_the_images_are_all_there_with_ink_from_0_to_1():
    assert IMAGES.x.shape == (1797, 64)
    assert (IMAGES.x.min(), IMAGES.x.max()) == (0, 1)
    assert set(IMAGES.digit) == set(DIGITS)


def test_the_two_sides_of_the_split_share_no_image_and_lose_none():
    assert len(TRAINING) + len(HELD_OUT) == len(IMAGES)
    assert not as_set(TRAINING) & as_set(HELD_OUT)
    assert as_set(TRAINING) | as_set(HELD_OUT) == as_set(IMAGES)


@pytest.mark.parametrize("digit", DIGITS)
def test_a_quarter_of_each_digit_is_held_out(digit):
    assert (HELD_OUT.digit == digit).sum() == (IMAGES.digit == digit).sum() // 4


def test_the_split_is_the_same_every_time():
    again, _ = split(load_images())
    assert (again.x == TRAINING.x).all()


def test_ten_digits_asks_which_and_takes_the_largest_output():
    task = ten_digits()
    d = task.targets(task.labels(HELD_OUT))
    assert d.shape == (len(HELD_OUT), 10)
    assert (d.sum(axis=1) == 1).all()
    assert (d[np.arange(len(d)), HELD_OUT.digit] == 1).all()
    assert (task.predictions(d) == HELD_OUT.digit).all()


def test_two_or_not_asks_for_the_2s_and_decides_at_one_half():
    task = two_or_not()
    d = task.targets(task.labels(HELD_OUT))
    assert d.shape == (len(HELD_OUT), 1)
    assert (d[:, 0] == (HELD_OUT.digit == 2)).all()
    assert task.predictions(np.array([[0.0], [0.49], [0.5], [1.0]])).tolist() == [0, 0, 1, 1]


def test_none_of_the_above_labels_both_digits_as_none():
    labels = none_of_the_above(none=3, unseen=7).labels(HELD_OUT)
    none = np.isin(HELD_OUT.digit, (3, 7))
    assert (labels[none] == NONE).all()
    assert (labels[~none] == HELD_OUT.digit[~none]).all()


def test_none_of_the_above_never_trains_on_the_unseen_digit():
    x, d = none_of_the_above(none=3, unseen=7).training_set(TRAINING, seed=0)
    shown = TRAINING[TRAINING.digit != 7]
    mixed = len(shown) // 10
    assert d.shape == (len(shown) + mixed, 11)
    assert (x[: len(shown)] == shown.x).all()
    assert d[:, NONE].sum() == (shown.digit == 3).sum() + mixed
    assert (d[:, [3, 7]] == 0).all()


def test_a_mixture_takes_each_pixel_from_one_of_two_digits():
    ones_and_twos = Images(np.repeat([[1.0], [2.0]], 64, axis=1), np.array([1, 2]))
    mixed = mixtures(ones_and_twos, 50, seed=0)
    assert mixed.shape == (50, 64)
    assert all(set(image) == {1.0, 2.0} for image in mixed)
    assert (mixed == mixtures(ones_and_twos, 50, seed=0)).all()
    assert (mixed != mixtures(ones_and_twos, 50, seed=1)).any()


def test_mixtures_are_of_known_digits_only(monkeypatch):
    given = []
    original = mixtures
    monkeypatch.setattr(
        "conformance.training.digits.mixtures",
        lambda images, *rest: given.append(images) or original(images, *rest),
    )
    none_of_the_above(none=3, unseen=7).training_set(TRAINING, seed=0)
    assert set(given[0].digit) == set(DIGITS) - {3, 7}


def test_none_and_unseen_must_differ():
    with pytest.raises(ValueError, match="none and unseen must be different digits, got 3 twice"):
        none_of_the_above(3, 3)


@pytest.fixture(scope="module", params=TASKS)
def trained(request):
    run = TrainingRun(TASKS[request.param]())
    for _ in run.train():
        pass
    return run


def test_100_epochs_reach_the_floor(trained):
    assert trained.finding is None
    assert trained.verdict == "conforms"
    assert trained.accuracy == trained.right().mean() >= trained.task.floor
    assert len(trained.history.loss) == len(trained.history.validation_loss) == 100
    assert trained.history.loss[-1] < trained.history.loss[0] / 100


def test_the_gradients_are_checked_on_the_way(trained):
    steps_per_epoch = -(-len(trained.x) // trained.settings.batch_size)
    epochs = range(0, 101, CHECK_EVERY)
    assert [check.step for check in trained.checks] == [k * steps_per_epoch + 1 for k in epochs]
    assert all(0 < check.worst <= 1 for check in trained.checks)


def test_the_record_holds_what_a_report_needs(trained):
    record = trained.record()
    units, activation = trained.task.output
    assert record.architecture == f"64 - 64 ReLU - 64 ReLU - {units} {type(activation).__name__}"
    assert (record.training_rows, record.held_out_rows) == (len(trained.x), len(HELD_OUT))
    assert record.loss == tuple(trained.history.loss)
    assert record.accuracy == trained.accuracy
    assert record.seconds > 0


@pytest.mark.parametrize("trained", ["none-of-the-above"], indirect=True)
def test_the_eleventh_output_means_more_than_the_digit_that_it_was_shown(trained):
    known, none, unseen = (
        trained.right()[np.isin(HELD_OUT.digit, digits)].mean()
        for digits in trained.task.groups.values()
    )
    assert known > 0.92
    assert none > 0.9
    assert unseen > 0.05  # about 0.45; without the mixtures 0.02


def test_a_seed_gives_the_same_run_again():
    first, again, other = (training_run("digits", epochs=2, seed=seed) for seed in (5, 5, 6))
    assert replace(first, seconds=0) == replace(again, seconds=0)
    assert first.loss != other.loss


def test_the_seed_orders_the_mini_batches_too(monkeypatch):
    initialize = Network.initialize
    monkeypatch.setattr(
        Network, "initialize", lambda width, layers, seed: initialize(width, layers)
    )
    assert training_run("digits", epochs=1, seed=5).loss != training_run("digits", epochs=1).loss


def test_a_wrong_gradient_ends_the_run_before_its_first_step(monkeypatch):
    plant(monkeypatch, ReLU, "derivative", lambda result, *_: nudge(result))
    record = training_run("digits", epochs=2)
    assert record.verdict == "disagrees"
    assert record.finding.startswith("gradients of step 1: ")
    assert (record.loss, record.checks, record.accuracy) == ((), (), 0)


@pytest.mark.parametrize(("epochs", "verdict"), [(99, "conforms"), (100, "disagrees")])
def test_an_accuracy_below_the_floor_disagrees_after_100_epochs(epochs, verdict):
    run = TrainingRun(replace(two_or_not(), floor=1.01), Settings(epochs))
    for _ in run.train():
        pass
    assert run.verdict == verdict
    assert (run.finding or "").startswith("the accuracy must be at least" if epochs == 100 else "")


def test_floors_are_for_the_documented_settings_with_any_seed_and_longer_training():
    assert Settings(epochs=200, seed=3).documented
    assert not Settings(hidden=(64, 32)).documented
    assert not Settings(step_size=0.1).documented
    assert not Settings(batch_size=16).documented


def test_a_loss_that_does_not_fall_is_the_step_size_where_that_is_not_documented():
    with pytest.raises(DivergedError, match=r"the loss must fall, but .* try another step size"):
        list(TrainingRun(ten_digits(), Settings(epochs=1, step_size=50.0)).train())


def test_a_wrong_descent_with_right_gradients_disagrees(monkeypatch):
    """Climbing instead of descending: the gradients conform, and the loss rises."""
    descend = BlasLayer.descend
    monkeypatch.setattr(BlasLayer, "descend", lambda layer, y, dz: descend(layer, y, dz / -100))
    record = training_run("two-or-not", epochs=1)
    assert record.verdict == "disagrees"
    assert record.finding.startswith("the loss must fall, but went from ")


@pytest.mark.parametrize(
    ("error", "verdict", "finding"),
    [
        (OutOfRange(), "disagrees", "the gradients of step 1 are out of range"),
        (ZeroDivisionError("no"), "error", "ZeroDivisionError: no"),
    ],
)
def test_what_goes_wrong_in_a_report_is_a_record(monkeypatch, error, verdict, finding):
    def broken(*_):
        raise error

    monkeypatch.setattr(training_run_module, "judge_gradients", broken)
    record = training_run("digits", epochs=1)
    assert (record.verdict, record.finding) == (verdict, finding)
