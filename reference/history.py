"""What a training run leaves behind, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, final


@final
@dataclass(frozen=True)
class Epoch:
    """One pass over the training set: its number from 1, and the losses.

    ``loss`` is the mean divergence of the instances as the epoch met them, before each update: for
    the full batch it is the loss at the parameters that the epoch began with. ``validation_loss``
    is that of the validation set after the epoch's last update, None without one.
    """

    number: int
    loss: float
    validation_loss: float | None


@final
@dataclass
class History:
    """The losses per epoch, and whether the loss converged to within the tolerance."""

    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    converged: bool = False

    def add(self, epoch: Epoch) -> None:
        """Append an epoch's losses."""
        self.loss.append(epoch.loss)
        if epoch.validation_loss is not None:
            self.validation_loss.append(epoch.validation_loss)

    def to_frame(self) -> Any:
        """A pandas DataFrame, a row for each epoch; ``validation_loss`` where there was one.

        Needs pandas.
        """
        import pandas

        columns = {"loss": self.loss}
        if self.validation_loss:
            columns["validation_loss"] = self.validation_loss
        index = pandas.RangeIndex(1, len(self.loss) + 1, name="epoch")
        return pandas.DataFrame(columns, index=index)

    def plot(self, ax: Any = None) -> Any:
        """The losses against the epoch, on new axes or on ``ax``; returns the axes.

        Needs matplotlib.
        """
        if ax is None:
            import matplotlib.pyplot as plt

            ax = plt.figure().add_subplot()
        epochs = range(1, len(self.loss) + 1)
        ax.plot(epochs, self.loss, label="training")
        if self.validation_loss:
            ax.plot(epochs, self.validation_loss, label="validation")
            ax.legend()
        ax.set(xlabel="epoch", ylabel="mean divergence")
        return ax
