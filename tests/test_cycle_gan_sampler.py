"""CycleGANSampler: where its sources come from, and that they cannot leak."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn
import torch
from imblearn.pipeline import Pipeline
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score

from sklearn_ser import CycleGANSampler
from sklearn_ser.over_sampling._cycle_gan import draw_sources


def _quick(**parameters) -> CycleGANSampler:
    quick = {"max_epochs": 2, "pretrain_epochs": 1, "min_diversity": 0, "random_state": 0}
    return CycleGANSampler(**quick | parameters)


@pytest.fixture(scope="module")
def data() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    y = np.repeat(["anger", "fear", "joy"], [20, 8, 12])
    means = dict(zip(["anger", "fear", "joy"], rng.normal(0, 2, size=(3, 6)), strict=True))
    X = np.array([means[label] for label in y]) + rng.normal(size=(40, 6))
    return {"X": X, "y": y, "unlabeled": 1e3 * rng.normal(size=(30, 6)), "means": means}


def test_unlabelled_rows_are_given_at_construction_or_to_fit_resample(data):
    at_construction = _quick(X_unlabeled=data["unlabeled"])
    first, _ = at_construction.fit_resample(data["X"], data["y"])
    second, _ = _quick().fit_resample(data["X"], data["y"], X_unlabeled=data["unlabeled"])
    assert_array_equal(first, second)
    third, _ = clone(at_construction).fit_resample(data["X"], data["y"])
    assert_array_equal(first, third)
    without, _ = _quick().fit_resample(data["X"], data["y"])
    assert not np.allclose(first, without)


def test_what_fit_resample_gets_goes_before_what_the_constructor_got(data):
    sampler = _quick(X_unlabeled=data["X"])
    first, _ = sampler.fit_resample(data["X"], data["y"], X_unlabeled=data["unlabeled"])
    second, _ = _quick().fit_resample(data["X"], data["y"], X_unlabeled=data["unlabeled"])
    assert_array_equal(first, second)


def test_metadata_routing_brings_unlabelled_rows_through_a_pipeline(data):
    expected, labels = _quick().fit_resample(data["X"], data["y"], X_unlabeled=data["unlabeled"])
    model = LogisticRegression(C=0.01)
    with sklearn.config_context(enable_metadata_routing=True):
        sampler = _quick().set_fit_resample_request(X_unlabeled=True)
        pipeline = Pipeline([("sampler", sampler), ("model", clone(model))])
        pipeline.fit(data["X"], data["y"], X_unlabeled=data["unlabeled"])
    assert_array_equal(pipeline[-1].coef_, clone(model).fit(expected, labels).coef_)


def test_the_source_is_standardised_by_its_own_statistics(data):
    plain, _ = _quick(X_unlabeled=data["unlabeled"]).fit_resample(data["X"], data["y"])
    moved, _ = _quick(X_unlabeled=1024 * data["unlabeled"]).fit_resample(data["X"], data["y"])
    assert_allclose(plain, moved)


def test_unlabelled_rows_of_other_features_are_refused(data):
    wrong = data["unlabeled"][:, :4]
    complaint = "X_unlabeled has 4 features, but X has 6"
    with pytest.raises(ValueError, match=complaint):
        _quick(X_unlabeled=wrong).fit_resample(data["X"], data["y"])
    with pytest.raises(ValueError, match=complaint):
        _quick().fit_resample(data["X"], data["y"], X_unlabeled=wrong)


def test_unlabelled_rows_that_are_missing_or_misnamed_are_refused(data):
    wrong = data["unlabeled"].copy()
    wrong[0, 0] = np.nan
    with pytest.raises(ValueError, match="X_unlabeled contains NaN"):
        _quick(X_unlabeled=wrong).fit_resample(data["X"], data["y"])
    frame = pd.DataFrame(data["X"], columns=list("abcdef"))
    source = pd.DataFrame(data["unlabeled"], columns=list("abcdfe"))
    with pytest.raises(ValueError, match="feature names should match"):
        _quick(X_unlabeled=source).fit_resample(frame, data["y"])
    _quick(X_unlabeled=source[list("abcdfe")].set_axis(list("abcdef"), axis=1)).fit_resample(
        frame, data["y"]
    )


def test_a_source_of_one_row_is_enough_to_run(data):
    X, _ = _quick(X_unlabeled=data["unlabeled"][:1]).fit_resample(data["X"], data["y"])
    assert np.isfinite(X).all()


def test_the_source_of_a_class_is_the_rows_of_the_others():
    Z = np.arange(12, dtype=np.float32)[:, None]
    y = np.eye(3)[np.arange(12) % 3]
    wanted = np.eye(3)[np.repeat([2, 0], 8)]
    with torch.random.fork_rng():
        sources = draw_sources(Z, y, wanted, None)[:, 0]
    assert sorted(sources[:8]) == [0, 1, 3, 4, 6, 7, 9, 10]  # each once
    assert sorted(sources[8:]) == [1, 2, 4, 5, 7, 8, 10, 11]


def test_beyond_the_source_its_mixtures_are_drawn():
    pool = np.array([[0.0], [1.0], [4.0]], dtype=np.float32)
    with torch.random.fork_rng():
        sources = draw_sources(pool, np.eye(1)[[0, 0, 0]], np.ones((50, 1)), pool)[:, 0]
    assert set(sources[:3]) == {0, 1, 4}
    assert (sources >= 0).all()
    assert (sources <= 4).all()
    assert len(np.unique(sources)) > 25


def test_mapped_rows_train_a_classifier(data):
    rng = np.random.default_rng(1)
    sampler = CycleGANSampler(
        sampling_strategy=dict.fromkeys(["anger", "fear", "joy"], 60), random_state=0
    )
    X, y = sampler.fit_resample(data["X"], data["y"])
    mask = sampler.synthetic_mask_
    y_test = np.repeat(["anger", "fear", "joy"], 50)
    X_test = np.array([data["means"][label] for label in y_test]) + rng.normal(size=(150, 6))
    model = LogisticRegression(max_iter=1000).fit(X[mask], y[mask])
    assert balanced_accuracy_score(y_test, model.predict(X_test)) > 0.75
