"""MixupGANSampler: the contract, the network, and what the synthetic rows are worth."""

import os
import pickle
import subprocess
import sys
from collections import Counter

import numpy as np
import pandas as pd
import pytest
import torch
from imblearn.pipeline import Pipeline
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import check_random_state

from sklearn_ser import MixupGANSampler
from sklearn_ser.modules import MixupGAN

SIZES = {"anger": 20, "fear": 8, "joy": 12}


def _quick(**parameters) -> MixupGANSampler:
    return MixupGANSampler(**{"max_epochs": 1, "random_state": 0} | parameters)


def _blobs(sizes: dict[str, int], n_features: int = 6) -> tuple[np.ndarray, np.ndarray]:
    X, y = make_blobs(
        list(sizes.values()), n_features, cluster_std=2.0, shuffle=True, random_state=0
    )
    return X, np.array(list(sizes))[y]


@pytest.fixture
def data() -> tuple[np.ndarray, np.ndarray]:
    return _blobs(SIZES)


@pytest.fixture(scope="module")
def gaussians() -> dict[str, np.ndarray]:
    """Give three overlapping, differently wide Gaussians, real and synthetic."""
    rng = np.random.default_rng(0)
    means = rng.normal(0, 1.2, size=(3, 20))
    y = np.repeat(np.arange(3), 60)
    X = 10 + 5 * (means[y] + rng.normal(size=(180, 20)) * rng.uniform(0.5, 1.5, size=20))
    test = 10 + 5 * (means[y] + rng.normal(size=(180, 20)))
    sampler = MixupGANSampler(
        sampling_strategy=dict.fromkeys(range(3), 160), max_epochs=30, random_state=0
    )
    X_all, y_all = sampler.fit_resample(X, y)
    mask = sampler.synthetic_mask_
    return {
        "X": X,
        "y": y,
        "X_test": test,
        "X_synthetic": X_all[mask],
        "y_synthetic": y_all[mask],
    }


def test_originals_come_first_and_keep_their_bits(data):
    X, y = data
    sampler = _quick()
    X_all, y_all = sampler.fit_resample(X, y)
    assert_array_equal(X_all[: len(X)], X)
    assert_array_equal(y_all[: len(y)], y)
    assert_array_equal(sampler.synthetic_mask_, np.arange(len(X_all)) >= len(X))
    assert np.isfinite(X_all).all()


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("auto", {"anger": 20, "fear": 20, "joy": 20}),
        ("minority", {"anger": 20, "fear": 20, "joy": 12}),
        ("not minority", {"anger": 20, "fear": 8, "joy": 20}),
        ("all", {"anger": 20, "fear": 20, "joy": 20}),
        ({"anger": 25, "fear": 8}, {"anger": 25, "fear": 8, "joy": 12}),
        (lambda y: {"joy": np.sum(y == "joy") + 3}, {"anger": 20, "fear": 8, "joy": 15}),
    ],
)
def test_classes_reach_the_sizes_of_the_strategy(data, strategy, expected):
    _, y_all = _quick(sampling_strategy=strategy).fit_resample(*data)
    assert Counter(y_all) == expected


def test_float_strategy_is_the_ratio_of_two_classes():
    X, y = _blobs({"anger": 20, "fear": 8})
    _, y_all = _quick(sampling_strategy=0.5).fit_resample(X, y)
    assert Counter(y_all) == {"anger": 20, "fear": 10}


def test_nothing_to_sample_trains_nothing():
    X, y = _blobs({"anger": 5, "fear": 5})
    sampler = _quick()
    sampler.fit_resample(*_blobs(SIZES))
    X_all, y_all = sampler.fit_resample(X, y)
    assert_array_equal(X_all, X)
    assert_array_equal(y_all, y)
    assert not sampler.synthetic_mask_.any()
    assert sampler.net_ is None
    assert sampler.history_ == []


def test_frames_come_back_as_frames(data):
    X, y = data
    columns = [f"F0_{i}" for i in range(X.shape[1])]
    frame = pd.DataFrame(X, columns=columns).astype({"F0_0": "float32"})
    series = pd.Series(y, name="emotion")
    X_all, y_all = _quick().fit_resample(frame, series)
    assert_array_equal(X_all.dtypes, frame.dtypes)
    assert list(X_all.columns) == columns
    assert y_all.name == "emotion"
    assert y_all.dtype == series.dtype
    assert_array_equal(X_all[: len(X)], frame)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_type_of_x_is_kept(data, dtype):
    X = (100 * data[0]).astype(dtype)
    X_all, _ = _quick().fit_resample(X, data[1])
    assert X_all.dtype == dtype
    assert_array_equal(X_all[: len(X)], X)


def test_class_of_two_works():
    sizes = {"anger": 12, "fear": 2}
    X_all, y_all = _quick(max_epochs=3).fit_resample(*_blobs(sizes))
    assert Counter(y_all) == {"anger": 12, "fear": 12}
    assert np.isfinite(X_all).all()


def test_class_of_one_is_refused_by_name():
    with pytest.raises(ValueError, match=r"'fear'.* has one sample.*sampling_strategy"):
        _quick().fit_resample(*_blobs({"anger": 12, "fear": 1}))


def test_class_of_one_that_is_left_as_it_is_does_no_harm():
    X, y = _blobs({"anger": 12, "fear": 1, "joy": 5})
    _, y_all = _quick(sampling_strategy={"joy": 9}).fit_resample(X, y)
    assert Counter(y_all) == {"anger": 12, "fear": 1, "joy": 9}


def test_sparse_input_is_refused(data):
    X, y = data
    with pytest.raises(TypeError, match=r"Sparse data .* dense data is required"):
        _quick().fit_resample(sparse.csr_matrix(X), y)


def test_unknown_mixup_mode_is_refused(data):
    with pytest.raises(ValueError, match="'mixup_mode' parameter"):
        _quick(mixup_mode="fake").fit_resample(*data)


def test_unknown_class_in_the_strategy_is_refused(data):
    with pytest.raises(ValueError, match="disgust"):
        _quick(sampling_strategy={"disgust": 9}).fit_resample(*data)


def test_huge_and_constant_features_stay_in_their_range(data):
    X, y = data
    rng = np.random.default_rng(0)
    X = np.column_stack([X, np.full(len(X), 0.1), np.zeros(len(X)), 7e12 * rng.random(len(X))])
    sampler = _quick(sampling_strategy={"anger": 100}, max_epochs=5)
    X_new = sampler.fit_resample(X, y)[0][sampler.synthetic_mask_]
    assert np.isfinite(X_new).all()
    assert_array_equal(X_new[:, -3], 0.1)
    assert_array_equal(X_new[:, -2], 0.0)
    assert (X_new >= X.min(axis=0)).all()
    assert (X_new <= X.max(axis=0)).all()
    assert X_new[:, -1].std() > 1e11


def test_width_of_the_largest_opensmile_sets():
    X, y = _blobs({"anger": 12, "fear": 6}, n_features=6373)
    assert _quick().fit_resample(X, y)[0].shape == (24, 6373)


@pytest.mark.parametrize("mode", ["real", "real_fake", "both", "none"])
def test_every_mixup_mode_learns(data, mode):
    sampler = _quick(mixup_mode=mode, max_epochs=8)
    sampler.fit_resample(*data)
    losses = pd.DataFrame(sampler.history_)
    assert len(losses) == 8
    assert {"reconstruction_loss", "discriminator_loss", "generator_loss"} <= set(losses)
    assert np.isfinite(losses).all(axis=None)
    assert losses["reconstruction_loss"].iloc[-1] < losses["reconstruction_loss"].iloc[0]
    assert losses["generator_classifier_loss"].iloc[-1] < np.log(3)


def test_net_is_the_module_that_made_the_rows(data):
    sampler = _quick(code_size=7)
    sampler.fit_resample(*data)
    module = sampler.net_.module_
    assert isinstance(module, MixupGAN)
    assert module.encode(torch.zeros(2, 6)).shape == (2, 7)


def test_other_seed_other_rows(data):
    first, second = (_quick(random_state=seed).fit_resample(*data)[0] for seed in (0, 1))
    assert not np.allclose(first, second)


def test_global_generators_stay_where_they_are(data):
    of_numpy = check_random_state(None)  # the global one
    before = pickle.dumps(of_numpy.get_state()), torch.get_rng_state()
    for seed in (0, None):
        _quick(random_state=seed).fit_resample(*data)
    assert pickle.dumps(of_numpy.get_state()) == before[0]
    assert torch.equal(torch.get_rng_state(), before[1])


_NEW_PROCESS = """
import sys, numpy as np
from sklearn_ser import MixupGANSampler
X = np.random.default_rng(0).normal(size=(30, 5))
y = np.array(["anger"] * 20 + ["fear"] * 10)
X_all, _ = MixupGANSampler(max_epochs=3, random_state=0).fit_resample(X, y)
sys.stdout.buffer.write(X_all.tobytes())
"""


def test_same_seed_same_bits_in_a_new_process():
    X = np.random.default_rng(0).normal(size=(30, 5))
    y = np.array(["anger"] * 20 + ["fear"] * 10)
    here, _ = _quick(max_epochs=3).fit_resample(X, y)
    there = subprocess.run(
        [sys.executable, "-c", _NEW_PROCESS],
        capture_output=True,
        check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    ).stdout
    assert there == here.tobytes()


def test_clone_and_pickle(data):
    sampler = _quick()
    expected, _ = sampler.fit_resample(*data)
    again = pickle.loads(pickle.dumps(sampler))
    assert again.history_ == sampler.history_
    for copy in (clone(sampler), again):
        assert_array_equal(copy.fit_resample(*data)[0], expected)


def test_search_over_a_pipeline_in_two_processes(data):
    pipeline = Pipeline([("sampler", _quick()), ("model", LogisticRegression())])
    search = GridSearchCV(pipeline, {"sampler__code_size": [4, 8]}, cv=2, n_jobs=2)
    search.fit(*data)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    # Samplers act in fit alone.
    assert len(search.predict(data[0])) == len(data[0])


def test_synthetic_rows_train_a_classifier(gaussians):
    model = LogisticRegression(max_iter=1000)
    model.fit(gaussians["X_synthetic"], gaussians["y_synthetic"])
    predicted = model.predict(gaussians["X_test"])
    assert balanced_accuracy_score(gaussians["y"], predicted) > 0.9


def test_means_of_the_classes_are_met(gaussians):
    scale = gaussians["X"].std(axis=0)
    for k in range(3):
        real = gaussians["X"][gaussians["y"] == k].mean(axis=0) / scale
        synthetic = gaussians["X_synthetic"][gaussians["y_synthetic"] == k].mean(axis=0) / scale
        assert np.abs(real - synthetic).mean() < 0.25


def test_synthetic_rows_are_no_copies(gaussians):
    X, X_new = gaussians["X"], gaussians["X_synthetic"]
    among_real = NearestNeighbors(n_neighbors=2).fit(X).kneighbors(X)[0][:, 1]
    to_real = NearestNeighbors(n_neighbors=1).fit(X).kneighbors(X_new)[0][:, 0]
    among_synthetic = NearestNeighbors(n_neighbors=2).fit(X_new).kneighbors(X_new)[0][:, 1]
    assert np.median(to_real) > 0.3 * np.median(among_real)
    assert among_synthetic.min() > 0.01 * np.median(among_real)


def test_generator_does_not_collapse(gaussians):
    for k in range(3):
        real = gaussians["X"][gaussians["y"] == k].std(axis=0)
        synthetic = gaussians["X_synthetic"][gaussians["y_synthetic"] == k].std(axis=0)
        assert 0.4 < (synthetic / real).mean() < 1.2


def test_units_of_x_do_not_matter(data):
    """Scaling the input by a power of two changes nothing but the units of the output."""
    X, y = data
    plain, _ = _quick().fit_resample(X, y)
    scaled, _ = _quick().fit_resample(1024 * X, y)
    assert_allclose(scaled, 1024 * plain)
