"""Training on the digits with the hand-written gradients, checked against autodiff on the way."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import final

import numpy as np

from reference import DivergedError, Epoch, History, Network, ReLU, Trainer

from .compare import Disagreement
from .digits import (
    Images,
    Labels,
    Task,
    load_images,
    none_of_the_above,
    split,
    ten_digits,
    two_or_not,
)
from .network_judge import judge_gradients
from .record import GradientCheck, TrainingRecord

TASKS = {
    "digits": ten_digits,
    "two-or-not": two_or_not,
    "none-of-the-above": none_of_the_above,
}

#: Epochs from one check of the gradients to the next.
CHECK_EVERY = 5


@final
@dataclass(frozen=True)
class Settings:
    """How to train; the tasks' floors are for these defaults, with any seed.

    seed: of the split, the first weights and the order of the mini-batches. hidden: units of the
    hidden ReLU layers.
    """

    epochs: int = 100
    seed: int = 0
    hidden: tuple[int, ...] = (64, 64)
    step_size: float = 0.2
    batch_size: int = 32

    @property
    def has_floor(self) -> bool:
        """Whether the accuracy that a task asks for is to be expected."""
        return self.epochs >= 100 and replace(self, epochs=100, seed=0) == Settings()


@final
@dataclass
class TrainingRun:
    """One task, trained. ``train`` does the work; the other fields are what it leaves behind.

    finding: why the run does not conform, None while it does.
    """

    task: Task
    settings: Settings = Settings()
    held_out: Images = field(init=False)
    network: Network = field(init=False)
    history: History = field(init=False, default_factory=History)
    checks: list[GradientCheck] = field(init=False, default_factory=list)
    seconds: float = field(init=False, default=0.0)
    finding: str | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        s = self.settings
        training, self.held_out = split(load_images(), s.seed)
        self.x, self.d = self.task.training_set(training, s.seed)
        layers = [*((units, ReLU()) for units in s.hidden), self.task.output]
        self.network = Network.initialize(self.x.shape[1], layers, s.seed)

    def train(self) -> Iterator[Epoch]:
        """Train, each epoch as it is asked for.

        The gradients of a mini-batch are judged before the first step and then after every
        CHECK_EVERY epochs, with the parameters as they then stand; the first disagreement ends the
        run. Raises DivergedError where the loss stops being finite.
        """
