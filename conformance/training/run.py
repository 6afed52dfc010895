"""Training on the digits with the hand-written gradients, checked against autodiff on the way."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import final

import numpy as np
from numpy.typing import NDArray

from reference import DivergedError, Epoch, History, Network, ReLU, Trainer

from ..compare import Disagreement, require
from ..networks.judge import judge_gradients
from ..networks.number_range import OutOfRange
from ..record import GradientCheck, Sample, TrainingRecord, Verdict
from .digits import (
    SIDE,
    Float64Array,
    Images,
    Labels,
    Task,
    load_images,
    none_of_the_above,
    split,
    ten_digits,
    two_or_not,
)

TASKS = {
    "digits": ten_digits,
    "two-or-not": two_or_not,
    "none-of-the-above": none_of_the_above,
}

#: Epochs from one check of the gradients to the next.
CHECK_EVERY = 5

#: So many images are shown of a run.
SAMPLES = 24


@final
@dataclass(frozen=True)
class Settings:
    """How to train; the tasks' floors are for these defaults, with any seed.

    seed: of the first weights and the order of the mini-batches. hidden: units of each hidden
    layer, all of them ReLU.
    """

    epochs: int = 100
    seed: int = 0
    hidden: tuple[int, ...] = (64, 64)
    step_size: float = 0.2
    batch_size: int = 32

    @property
    def documented(self) -> bool:
        """Whether all is as it is by default, but perhaps the epochs and the seed."""
        return replace(self, epochs=100, seed=0) == Settings()


@final
@dataclass
class TrainingRun:
    """One task, trained. ``train`` does the work; the other fields are what it leaves behind.

    accuracy: on the held-out images, once the training has ended. finding: why the verdict is not
    "conforms".
    """

    task: Task
    settings: Settings = Settings()
    x: Float64Array = field(init=False)
    d: Float64Array = field(init=False)
    held_out: Images = field(init=False)
    network: Network = field(init=False)
    history: History = field(init=False, default_factory=History)
    checks: list[GradientCheck] = field(init=False, default_factory=list)
    accuracy: float = field(init=False, default=0.0)
    seconds: float = field(init=False, default=0.0)
    verdict: Verdict = field(init=False, default="conforms")
    finding: str | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        training, self.held_out = split(load_images())
        self.x, self.d = self.task.training_set(training, self.settings.seed)
        hidden = [(units, ReLU()) for units in self.settings.hidden]
        layers = [*hidden, self.task.output]
        self.network = Network.initialize(self.x.shape[1], layers, self.settings.seed)

    def train(self) -> Iterator[Epoch]:
        """Train, each epoch as it is asked for, and judge the run.

        The gradients of a mini-batch are checked before the first step, and again after every
        CHECK_EVERY epochs with the parameters as they then stand; a disagreement ends the run.
        Raises DivergedError where the loss stops being finite, or does not fall though the
        gradients are right and the settings are the caller's own.
        """
        started = time.perf_counter()
        s, divergence = self.settings, self.task.divergence
        trainer = Trainer(
            self.network, divergence, s.step_size, s.batch_size, s.epochs, seed=s.seed
        )
        steps = math.ceil(len(self.x) / s.batch_size)
        d_held_out = self.task.targets(self.task.labels(self.held_out))
        try:
            before = self.network.loss(self.x, self.d, divergence)
            self._check(1)
            for epoch in trainer.epochs(self.x, self.d, (self.held_out.x, d_held_out)):
                self.history.add(epoch)
                if epoch.number % CHECK_EVERY == 0:
                    self._check(epoch.number * steps + 1)
                yield epoch
            self.accuracy = float(self.right().mean())
            self._judge(before)
        except Disagreement as error:
            self.fail("disagrees", str(error))
        finally:
            self.seconds = time.perf_counter() - started

    def right(self) -> NDArray[np.bool_]:
        """Which held-out images (T,) the network tells right."""
        return self.predictions() == self.task.labels(self.held_out)

    def predictions(self) -> Labels:
        """The label that the network gives to each held-out image (T,)."""
        return self.task.predictions(self.network.forward(self.held_out.x))

    def fail(self, verdict: Verdict, finding: str) -> None:
        """Let the run not conform."""
        self.verdict, self.finding = verdict, finding

    @property
    def architecture(self) -> str:
        """Like ``64 - 32 ReLU - 10 Softmax``."""
        layers = zip(self.network.biases, self.network.activations, strict=True)
        names = [f"{len(b)} {type(f).__name__}" for b, f in layers]
        return " - ".join([str(self.network.input_width), *names])

    def record(self) -> TrainingRecord:
        """What a report needs of the run."""
        return TrainingRecord(
            id=self.task.id,
            title=self.task.title,
            verdict=self.verdict,
            architecture=self.architecture,
            training_rows=len(self.x),
            held_out_rows=len(self.held_out),
            step_size=self.settings.step_size,
            batch_size=self.settings.batch_size,
            seed=self.settings.seed,
            loss=tuple(self.history.loss),
            accuracy=self.accuracy,
            checks=tuple(self.checks),
            seconds=self.seconds,
            finding=self.finding,
            samples=self.samples(),
        )

    def samples(self) -> tuple[Sample, ...]:
        """Some held-out images, those predicted wrongly first, then from all over the rest."""
        if self.verdict == "error":
            return ()
        predicted, labels, names = (
            self.predictions(),
            self.task.labels(self.held_out),
            self.task.names,
        )
        wrong, right = (np.flatnonzero(self.right() == told) for told in (False, True))
        rest = right[np.linspace(0, len(right) - 1, SAMPLES).astype(int)] if len(right) else right
        chosen = [*wrong[: SAMPLES // 2], *rest][:SAMPLES]
        return tuple(
            Sample(
                tuple(map(tuple, self.held_out.x[i].reshape(SIDE, SIDE).tolist())),
                names[labels[i]],
                names[predicted[i]],
            )
            for i in chosen
        )

    def _check(self, step: int) -> None:
        """Judge the gradients of a mini-batch that is drawn for this step."""
        random = np.random.default_rng([self.settings.seed, step])
        rows = random.permutation(len(self.x))[: self.settings.batch_size]
        try:
            worst = judge_gradients(self.network, self.x[rows], self.d[rows], self.task.divergence)
        except Disagreement as error:
            raise Disagreement(f"gradients of step {step}: {error}") from error
        except OutOfRange:
            raise DivergedError(f"the gradients of step {step} are out of range") from None
        self.checks.append(GradientCheck(step, worst))

    def _judge(self, before: float) -> None:
        """Did the training reach what right gradients let one expect?

        With settings that are not the documented ones that is up to the settings.
        """
        s, floor, accuracy = self.settings, self.task.floor, self.accuracy
        after = self.network.loss(self.x, self.d, self.task.divergence)
        rise = f"the loss must fall, but went from {before:.6g} to {after:.6g}"
        if not s.documented and not after < before:
            hint = "try another step size, or wider layers"
            raise DivergedError(f"{rise} though the gradients are right: {hint}")
        require(after < before, rise)
        if s.documented and s.epochs >= 100:
            message = f"the accuracy must be at least {floor:.0%}, but is {accuracy:.1%}"
            require(accuracy >= floor, message)


def training_run(task: str, *, epochs: int = 100, seed: int = 0) -> TrainingRecord:
    """Train on one of TASKS, for a report: a run that fails is a record that says so."""
    run = TrainingRun(TASKS[task](), Settings(epochs, seed))
    try:
        for _ in run.train():
            pass
    except DivergedError as error:
        run.fail("disagrees", str(error))
    except Exception as error:
        run.fail("error", f"{type(error).__name__}: {error}")
    return run.record()
