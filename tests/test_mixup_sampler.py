"""MixupSampler: every synthetic row is a mixture of two rows of the right classes."""

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import Pipeline
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

from sklearn_ser import MixupSampler


@pytest.fixture
def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = np.repeat(["anger", "fear", "joy"], [12, 3, 2])
    return rng.normal(size=(len(y), 4)), y


def _parents(row: np.ndarray, X: np.ndarray) -> list[tuple[int, int, float]]:
    """Return all pairs of rows that a row lies between, and the share of the first."""
    found = []
    for i in range(len(X)):
        for j in range(len(X)):
            line = X[i] - X[j]
            if i == j:
                continue
            share = (row - X[j]) @ line / (line @ line)
            if 0 <= share <= 1 and np.allclose(X[j] + share * line, row, atol=1e-9):
                found.append((i, j, share))
    return found


def test_rows_lie_between_two_rows_of_their_class(data):
    X, y = data
    sampler = MixupSampler(random_state=0)
    X_all, y_all = sampler.fit_resample(X, y)
    assert dict(zip(*np.unique(y_all, return_counts=True), strict=True)) == {
        "anger": 12,
        "fear": 12,
        "joy": 12,
    }
    assert_array_equal(X_all[: len(X)], X)
    assert_array_equal(y_all[: len(X)], y)
    assert_array_equal(sampler.synthetic_mask_, np.arange(36) >= 17)
    for row, label in zip(X_all[17:], y_all[17:], strict=True):
        parents = _parents(row, X[y == label])
        assert parents
        assert not _parents(row, X[y != label])


def test_any_partner_gives_the_label_of_the_larger_share(data):
    X, y = data
    wanted = {"anger": 40, "fear": 40, "joy": 40}
    sampler = MixupSampler(sampling_strategy=wanted, partner="any", random_state=0)
    X_all, y_all = sampler.fit_resample(X, y)
    across = 0
    for row, label in zip(X_all[17:], y_all[17:], strict=True):
        parents = [(y[i], y[j]) for i, j, share in _parents(row, X) if share >= 0.5]
        assert parents
        assert {first for first, _ in parents} == {label}
        across += parents[0][1] != label
    assert across > 20


@pytest.mark.parametrize("alpha", [0.2, 1.0, 5.0])
def test_shares_follow_the_beta_distribution(alpha):
    X = np.array([[0.0], [1.0]] + [[9.0]] * 4001)
    y = np.array([0, 0] + [1] * 4001)
    X_all, _ = MixupSampler(alpha=alpha, random_state=0).fit_resample(X, y)
    share = X_all[len(X) :, 0]
    assert_allclose(share.mean(), 0.5, atol=0.03)
    # The variance of Beta(a, a) is 1 / (4 (2 a + 1)).
    assert_allclose(share.var(), 1 / (4 * (2 * alpha + 1)), rtol=0.1)


@pytest.mark.parametrize("partner", ["same_class", "any"])
def test_constants_stay_and_huge_values_do_not_leave_the_range(partner):
    rng = np.random.default_rng(0)
    X = np.column_stack([np.full(30, 0.1), rng.normal(scale=7e12, size=30), rng.normal(size=30)])
    y = np.repeat([0, 1], [20, 10])
    X_all, _ = MixupSampler(partner=partner, random_state=0).fit_resample(X, y)
    assert_array_equal(X_all[:, 0], 0.1)
    assert np.isfinite(X_all).all()
    assert (X_all >= X.min(axis=0)).all()
    assert (X_all <= X.max(axis=0)).all()


def test_scaling_the_input_scales_the_output(data):
    X, y = data
    scale = np.array([1.0, 1e-3, 1e3, 5.0])
    plain = MixupSampler(random_state=0).fit_resample(X, y)[0]
    scaled = MixupSampler(random_state=0).fit_resample(X * scale, y)[0]
    assert_allclose(scaled, plain * scale, rtol=1e-9)


def test_a_class_of_one_row_needs_partners_of_other_classes(data):
    X, y = data
    y = np.where(np.arange(len(y)) == 16, "disgust", y)
    with pytest.raises(ValueError, match=r"one sample.*partner='any'"):
        MixupSampler(random_state=0).fit_resample(X, y)
    _, y_all = MixupSampler(partner="any", random_state=0).fit_resample(X, y)
    assert (y_all == "disgust").sum() == 12


def test_frames_keep_names_and_types():
    X = pd.DataFrame({"f0": np.arange(9.0, dtype="float32"), "n": np.arange(9) * 2})
    y = pd.Series([0] * 6 + [1] * 3)
    X_all, y_all = MixupSampler(random_state=0).fit_resample(X, y)
    assert list(X_all.columns) == ["f0", "n"]
    assert X_all["f0"].dtype == np.float32
    assert X_all["n"].dtype == X["n"].dtype
    assert len(y_all) == 12


def test_balanced_classes_are_left_alone(data):
    X, _ = data
    sampler = MixupSampler(random_state=0)
    X_all, _ = sampler.fit_resample(X[:8], np.repeat(["anger", "fear"], 4))
    assert_array_equal(X_all, X[:8])
    assert not sampler.synthetic_mask_.any()


def test_within_a_grid_search_of_two_processes():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [30, 12])
    X = rng.normal(loc=y[:, None], size=(42, 3))
    pipeline = Pipeline([("sampler", MixupSampler(random_state=0)), ("svm", LogisticRegression())])
    search = GridSearchCV(pipeline, {"sampler__alpha": [0.2, 1.0]}, n_jobs=2, cv=3).fit(X, y)
    assert set(search.best_params_) == {"sampler__alpha"}
