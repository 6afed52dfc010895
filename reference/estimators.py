"""The trainer as estimators of scikit-learn, to stand in pipelines and searches.

Needs the extra ``sklearn``; ``import reference`` alone does not.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Self, final

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from .activation import Activation
from .checks import Array
from .divergence import Divergence, KLDivergence, SquaredError
from .network import Network
from .piecewise import ReLU
from .scalar import Identity, Sigmoid, Softplus, Tanh
from .softmax import Softmax
from .trainer import Trainer

#: A column whose deviation is up to so many roundings of its mean is constant.
ROUNDINGS = 10

#: Activations of the hidden layers that go by their name.
ACTIVATIONS: dict[str, type[Activation]] = {
    cls.__name__: cls for cls in (ReLU, Tanh, Sigmoid, Softplus, Identity, Softmax)
}


class BackpropEstimator(BaseEstimator):  # type: ignore[misc]
    """A network trained with the hand-written gradients; see the two estimators.

    hidden_widths: units of each hidden layer. activation: of the hidden layers, a name like "ReLU"
    or an Activation. step_size, batch_size, max_epochs, tolerance: see ``Trainer``. standardize:
    bring every column of x, and a regressor's y, to mean 0 and variance 1 first. random_state: of
    the first weights and the shuffling.

    After ``fit``: network_, history_, loss_curve_ (a loss an epoch), n_iter_ (epochs) and
    n_features_in_.
    """

    def __init__(
        self,
        hidden_widths: tuple[int, ...] = (32,),
        activation: str | Activation = "ReLU",
        step_size: float = 0.1,
        batch_size: int | None = 32,
        max_epochs: int = 200,
        tolerance: float | None = None,
        standardize: bool = True,
        random_state: Any = None,
    ) -> None:
        self.hidden_widths = hidden_widths
        self.activation = activation
        self.step_size = step_size
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.tolerance = tolerance
        self.standardize = standardize
        self.random_state = random_state

    @abstractmethod
    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Train a new network on the rows of X (T, n) and their targets y."""

    def _train(self, X: Array, d: Array, last: Activation, divergence: Divergence) -> None:
        """Train on X (T, n) and d (T, m)."""
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        self.x_mean_, self.x_scale_ = _standard(X, self.standardize)
        layers = [(width, self._hidden()) for width in self.hidden_widths]
        self.network_ = Network.initialize(
            X.shape[1], [*layers, (d.shape[1], last)], seed=seed, dtype=X.dtype
        )
        trainer = Trainer(
            self.network_,
            divergence,
            step_size=self.step_size,
            batch_size=self.batch_size,
            max_epochs=self.max_epochs,
            tolerance=self.tolerance,
            seed=seed,
        )
        self.history_ = trainer.fit((X - self.x_mean_) / self.x_scale_, d)
        self.loss_curve_ = list(self.history_.loss)
        self.n_iter_ = len(self.loss_curve_)

    def _output(self, X: ArrayLike) -> Array:
        """The network's output for the rows of X (T, n): (T, m)."""
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return self.network_.forward((rows - self.x_mean_) / self.x_scale_)

    def _hidden(self) -> Activation:
        if isinstance(self.activation, Activation):
            return self.activation
        if self.activation not in ACTIVATIONS:
            names = ", ".join(ACTIVATIONS)
            raise ValueError(
                f"activation must be one of {names}, or an Activation, got {self.activation!r}"
            )
        return ACTIVATIONS[self.activation]()


@final
class BackpropClassifier(ClassifierMixin, BackpropEstimator):  # type: ignore[misc]
    """A classifier: softmax at the end, KL divergence, one unit for each class (slides 194-195).

    After ``fit``: classes_, and what ``BackpropEstimator`` says.
    """

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Train on X (T, n) and labels y (T,) of at least 2 classes."""
        rows, targets = validate_data(self, X, y, dtype=[np.float64, np.float32])
        check_classification_targets(targets)
        self.classes_, labels = np.unique(targets, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError("y must have labels of at least 2 classes, got 1 class")
        d = np.eye(len(self.classes_), dtype=rows.dtype)[labels]
        self._train(rows, d, Softmax(), KLDivergence())
        return self

    def predict_proba(self, X: ArrayLike) -> Array:
        """The probability of each class: (T, number of classes), in the order of classes_."""
        return self._output(X)

    def predict(self, X: ArrayLike) -> Any:
        """The most probable label of each row: (T,)."""
        probabilities = self._output(X)
        return self.classes_[probabilities.argmax(axis=1)]


@final
class BackpropRegressor(MultiOutputMixin, RegressorMixin, BackpropEstimator):  # type: ignore[misc]
    """A regressor: an affine last layer and the squared error, for one target or several."""

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Train on X (T, n) and y (T,) or (T, m)."""
        rows, targets = validate_data(
            self, X, y, dtype=[np.float64, np.float32], multi_output=True, y_numeric=True
        )
        targets = targets.astype(rows.dtype)
        self.y_mean_, self.y_scale_ = _standard(targets, self.standardize)
        self.single_target_ = targets.ndim == 1
        d = (targets - self.y_mean_) / self.y_scale_
        self._train(rows, d.reshape(len(rows), -1), Identity(), SquaredError())
        return self

    def predict(self, X: ArrayLike) -> Array:
        """The targets: like y, (T,) or (T, m)."""
        output = self._output(X)
        return (output[:, 0] if self.single_target_ else output) * self.y_scale_ + self.y_mean_


def _standard(a: Array, standardize: bool) -> tuple[Any, Any]:
    """Mean and standard deviation of each column, 0 and 1 where nothing is to be changed.

    A deviation that rounding explains is none: seven times 0.1 has one of 1e-17.
    """
    if not standardize:
        return np.zeros(a.shape[1:], a.dtype), np.ones(a.shape[1:], a.dtype)
    mean, scale = a.mean(axis=0), a.std(axis=0)
    varies = scale > ROUNDINGS * np.finfo(a.dtype).eps * np.abs(mean)
    return mean, np.where(varies, scale, a.dtype.type(1))
