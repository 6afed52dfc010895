"""Training by gradient descent on the hand-written gradients (11-785 F24 lecture 5, slide 193)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NoReturn, final

import numpy as np
from numpy.typing import ArrayLike

from .checks import Array, Indices, real_number, whole_number
from .descent import StepSize, step_size_at
from .divergence import Divergence, check_divergence
from .history import Epoch, History
from .network import Network
from .training_step import TrainingStep


class DivergedError(ArithmeticError):
    """The loss stopped being finite; the network is back where it was, see ``Trainer.fit``."""


@final
@dataclass
class Trainer:
    """The lecture's training: W_k <- W_k - eta (D_{W_k} Loss)^T, and likewise b_k, until converged.

    step_size: eta, or a function of the number of updates so far. batch_size: rows per update,
    None for all of them, the lecture's full batch; mini-batches are shuffled anew for every epoch.
    max_epochs: passes over the training set at most. tolerance: stop once the loss changes by no
    more than this from one epoch to the next; None to go on to the end. seed: of the shuffling.
    """

    network: Network
    divergence: Divergence
    step_size: StepSize = 0.1
    batch_size: int | None = None
    max_epochs: int = 100
    tolerance: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        check_divergence(self.divergence)
        whole_number(self.seed, "seed", at_least=0)
        if self.batch_size is not None:
            whole_number(self.batch_size, "batch_size", at_least=1)
        whole_number(self.max_epochs, "max_epochs", at_least=1)
        if self.tolerance is not None and not real_number(self.tolerance, "tolerance") >= 0:
            raise ValueError(f"tolerance must be at least 0, got {self.tolerance}")
        step_size_at(self.step_size, 0)

    def fit(
        self,
        x: ArrayLike,
        d: ArrayLike,
        validation: tuple[ArrayLike, ArrayLike] | None = None,
        callback: Callable[[Epoch], None] | None = None,
    ) -> History:
        """Update the network on the rows of x (T, D_0) and d (T, width of y_N).

        ``callback`` is called after each epoch. Raises ValueError for bad data before the first
        update, DivergedError where the loss stops being finite or y leaves what the divergence is
        defined for; the network then goes back to the start of the last epoch whose first loss was
        finite: for a full batch, one update.
        """
        history = History()
        for epoch in self.epochs(x, d, validation):
            history.add(epoch)
            if callback is not None:
                callback(epoch)
        history.converged = self._converged(history.loss)
        return history

    def epochs(
        self,
        x: ArrayLike,
        d: ArrayLike,
        validation: tuple[ArrayLike, ArrayLike] | None = None,
    ) -> Iterator[Epoch]:
        """The same as an iterator: each epoch is trained as it is asked for."""
        x, d = self.network.instances(x, d, self.divergence)
        if validation is not None:
            self._loss(*validation)  # refuses bad validation data before the first update
        return self._train(x, d, validation)

    def _train(
        self, x: Array, d: Array, validation: tuple[ArrayLike, ArrayLike] | None
    ) -> Iterator[Epoch]:
        T = x.shape[0]
        batch_size = T if self.batch_size is None else self.batch_size
        shuffle = np.random.default_rng(self.seed)
        step = TrainingStep(self.network, self.divergence, x, d, batch_size)
        losses: list[float] = []
        updates = 0
        for number in range(1, self.max_epochs + 1):
            order = np.arange(T) if batch_size >= T else shuffle.permutation(T)
            step.renew()
            batches = [order[start : start + batch_size] for start in range(0, T, batch_size)]
            total = self._updates(step, batches, updates)
            updates += len(batches)
            if not all(np.isfinite(w).all() for w in self.network.weights + self.network.biases):
                self._give_up(step, f"a parameter is not finite after {updates} updates")
            losses.append(total / T)
            after = None if validation is None else self._checked(step, *validation, updates)
            yield Epoch(number, losses[-1], after)
            if self._converged(losses):
                break
        if not np.isfinite(self._checked(step, x, d, updates)):
            self._give_up(step, f"the loss is not finite after {updates} updates")

    def _updates(self, step: TrainingStep, batches: list[Indices], updates: int) -> float:
        """A step on each batch; the sum of the losses of all rows, each before its step."""
        total = 0.0
        with np.errstate(over="ignore", invalid="ignore"):  # a loss that diverges is reported
            for batch in batches:
                eta = step_size_at(self.step_size, updates)
                try:
                    loss = step(batch, eta)
                except ValueError as error:  # y has left what the divergence is defined for
                    if updates == 0:
                        step.undo()
                        raise
                    self._give_up(step, f"{error} after {updates} updates")
                if not math.isfinite(loss):
                    self._give_up(step, f"the loss is {loss} after {updates} updates")
                total += len(batch) * loss
                updates += 1
        return total

    def _checked(self, step: TrainingStep, x: ArrayLike, d: ArrayLike, updates: int) -> float:
        """The loss, unless y has left what the divergence is defined for."""
        try:
            return self._loss(x, d)
        except ValueError as error:
            self._give_up(step, f"{error} after {updates} updates")

    def _loss(self, x: ArrayLike, d: ArrayLike) -> float:
        with np.errstate(over="ignore", invalid="ignore"):
            return self.network.loss(x, d, self.divergence)

    def _converged(self, losses: list[float]) -> bool:
        if self.tolerance is None or len(losses) < 2:
            return False
        return abs(losses[-1] - losses[-2]) <= self.tolerance

    def _give_up(self, step: TrainingStep, reason: str) -> NoReturn:
        step.undo()
        raise DivergedError(
            f"{reason}; back at the start of an epoch with a finite loss: try a smaller step_size"
        )
