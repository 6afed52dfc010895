"""Estimators as scikit-learn wants them; without scikit-learn these tests are left out."""

import pickle

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the estimators need scikit-learn")

from sklearn.base import clone
from sklearn.datasets import load_digits, make_regression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from reference import Tanh
from reference.estimators import BackpropClassifier, BackpropRegressor

DIGITS, LABELS = (a[:400] for a in load_digits(return_X_y=True))


@parametrize_with_checks(
    [BackpropClassifier(max_epochs=60, random_state=0), BackpropRegressor(random_state=0)]
)
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


def test_digits_are_told_apart_in_a_pipeline():
    pipeline = make_pipeline(MinMaxScaler(), BackpropClassifier(max_epochs=30, random_state=0))
    scores = cross_val_score(pipeline, DIGITS, LABELS, cv=3)
    assert scores.min() > 0.85


def test_a_grid_is_searched():
    grid = {"step_size": [1e-6, 0.1], "activation": ["Tanh", Tanh()], "hidden_widths": [(8,)]}
    search = GridSearchCV(BackpropClassifier(max_epochs=10, random_state=0), grid, cv=2)
    search.fit(DIGITS, LABELS)
    assert search.best_params_["step_size"] == 0.1
    assert len(set(np.round(search.cv_results_["mean_test_score"], 12))) == 2


@pytest.mark.parametrize("targets", [1, 3])
def test_one_target_or_several(targets):
    x, y = make_regression(200, 5, n_targets=targets, noise=1.0, random_state=0)
    model = BackpropRegressor(hidden_widths=(), max_epochs=50, random_state=0).fit(x, y)
    assert model.predict(x).shape == y.shape
    assert model.score(x, y) > 0.99


def test_what_is_learned_and_what_is_kept():
    model = BackpropClassifier((16, 8), max_epochs=5, random_state=0)
    names = np.array(["even", "odd"])[LABELS % 2]
    model.fit(DIGITS.astype(np.float32), names)
    assert list(model.classes_) == ["even", "odd"]
    assert [W.shape for W in model.network_.weights] == [(16, 64), (8, 16), (2, 8)]
    assert model.network_.dtype == np.float32
    assert len(model.loss_curve_) == model.n_iter_ == 5
    np.testing.assert_allclose(model.predict_proba(DIGITS).sum(axis=1), 1, rtol=1e-5)
    again = pickle.loads(pickle.dumps(model))
    assert (again.predict(DIGITS) == model.predict(DIGITS)).all()
    assert (clone(model).fit(DIGITS, names).predict(DIGITS) == model.predict(DIGITS)).mean() > 0.95


def test_an_activation_that_is_not_known_is_named():
    message = "activation must be one of ReLU, Tanh, .*, or an Activation, got 'relu'"
    with pytest.raises(ValueError, match=message):
        BackpropClassifier(activation="relu").fit(DIGITS, LABELS)


def test_a_constant_that_rounding_moves_is_a_constant():
    """Seven times 0.1 has a deviation of 1e-17, by which nothing is to be divided."""
    X = np.array([[0.1, k] for k in range(7)])
    model = BackpropRegressor(max_epochs=20, random_state=0).fit(X, X[:, 1])
    moved = model.predict([[0.1 + 1e-7, 3.0]])
    assert moved == pytest.approx(model.predict([[0.1, 3.0]]), abs=1e-3)
