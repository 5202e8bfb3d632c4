"""What all GAN samplers keep: size of classes, units, edge cases, and the report on themselves."""

import warnings
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from imblearn.pipeline import Pipeline
from numpy.testing import assert_array_equal
from sklearn.datasets import make_blobs
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, LeaveOneGroupOut, cross_val_predict
from sklearn.preprocessing import StandardScaler

from sklearn_ser import ConditionalGANSampler, CycleGANSampler, MixupGANSampler
from sklearn_ser.over_sampling import SyntheticDataWarning
from sklearn_ser.over_sampling._base import GANSampler
from sklearn_ser.over_sampling._report import by_class, relative_diversity, relative_novelty

SAMPLERS = [ConditionalGANSampler, CycleGANSampler, MixupGANSampler]
each_sampler = pytest.mark.parametrize("cls", SAMPLERS, ids=lambda cls: cls.__name__)


def _quick(cls, **parameters):
    defaults: dict[str, Any] = {
        "max_epochs": 2,
        "random_state": 0,
        "min_diversity": 0,
        "min_novelty": 0,
    }
    if cls is not MixupGANSampler:
        defaults["pretrain_epochs"] = 1
    if cls is CycleGANSampler:
        defaults |= {"mapper_sizes": (32,), "discriminator_sizes": (32,), "classifier_sizes": (32,)}
    return cls(**defaults | parameters)


def _blobs(sizes: dict[str, int], n_features: int = 6) -> tuple[np.ndarray, np.ndarray]:
    X, y = make_blobs(list(sizes.values()), n_features, cluster_std=2.0, random_state=0)
    return X, np.array(list(sizes))[y]


@pytest.fixture
def data() -> tuple[np.ndarray, np.ndarray]:
    return _blobs({"anger": 20, "fear": 8, "joy": 12})


@each_sampler
def test_originals_come_first_and_classes_reach_their_size(cls, data):
    sampler = _quick(cls)
    X, y = sampler.fit_resample(*data)
    assert_array_equal(X[:40], data[0])
    assert Counter(y) == {"anger": 20, "fear": 20, "joy": 20}
    assert_array_equal(sampler.synthetic_mask_, np.arange(60) >= 40)
    assert len(np.unique(X, axis=0)) == 60
    assert set(sampler.diversity_) == set(sampler.novelty_) == {"fear", "joy"}


@each_sampler
def test_nothing_to_sample_trains_and_reports_nothing(cls, data):
    sampler = _quick(cls)
    sampler.fit_resample(*data)
    X, y = _blobs({"anger": 5, "fear": 5})
    assert_array_equal(sampler.fit_resample(X, y)[0], X)
    assert sampler.net_ is None
    assert sampler.history_ == []
    assert sampler.diversity_ == sampler.novelty_ == {}


@each_sampler
@pytest.mark.parametrize("size", [2, 3])
def test_tiny_class_works(cls, size):
    X, y = _quick(cls).fit_resample(*_blobs({"anger": 12, "fear": size}))
    assert Counter(y) == {"anger": 12, "fear": 12}
    assert np.isfinite(X).all()


@each_sampler
def test_class_of_one_is_refused_by_name(cls):
    with pytest.raises(ValueError, match=r"'fear'.* has one sample.*sampling_strategy"):
        _quick(cls).fit_resample(*_blobs({"anger": 12, "fear": 1}))


@each_sampler
def test_a_single_class_is_refused(cls):
    with pytest.raises(ValueError, match="more than 1 class"):
        _quick(cls).fit_resample(*_blobs({"anger": 12}))


@each_sampler
@pytest.mark.parametrize("batch_size", [2, 3, 100])
def test_any_size_of_batches_will_do(cls, data, batch_size):
    X, _ = _quick(cls, max_epochs=1, batch_size=batch_size).fit_resample(*data)
    assert np.isfinite(X).all()


@each_sampler
@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_type_is_kept(cls, data, dtype):
    X = (100 * data[0]).astype(dtype)
    X_all, _ = _quick(cls).fit_resample(X, data[1])
    assert X_all.dtype == dtype
    assert_array_equal(X_all[:40], X)


@each_sampler
def test_huge_and_constant_features_stay_in_their_range(cls, data):
    X, y = data
    rng = np.random.default_rng(0)
    X = np.column_stack([X, np.full(len(X), 0.1), 7e12 * rng.random(len(X))])
    sampler = _quick(cls)
    X_new = sampler.fit_resample(X, y)[0][sampler.synthetic_mask_]
    assert_array_equal(X_new[:, -2], 0.1)
    assert (X_new >= X.min(axis=0)).all()
    assert (X_new <= X.max(axis=0)).all()


@each_sampler
def test_width_of_the_largest_opensmile_sets(cls):
    X, y = _blobs({"anger": 12, "fear": 6}, n_features=6373)
    assert _quick(cls, batch_size=8, max_epochs=1).fit_resample(X, y)[0].shape == (24, 6373)


@each_sampler
def test_a_fold_that_lacks_a_class(cls):
    X, y = _blobs({"anger": 12, "fear": 6, "joy": 6})
    speaker = np.where(y == "joy", "a", np.where(np.arange(24) % 2, "b", "c"))
    pipeline = Pipeline([("sampler", _quick(cls)), ("model", LogisticRegression(C=0.1))])
    predicted = cross_val_predict(pipeline, X, y, groups=speaker, cv=LeaveOneGroupOut())
    assert "joy" not in predicted[speaker == "a"]
    strategy = {"joy": 12}
    with pytest.raises(ValueError, match="joy"):
        _quick(cls, sampling_strategy=strategy).fit_resample(X[y != "joy"], y[y != "joy"])


@each_sampler
def test_search_in_two_processes_finds_what_one_finds(cls, data):
    pipeline = Pipeline([("sampler", _quick(cls)), ("model", LogisticRegression(C=0.1))])
    grid = {"sampler__batch_size": [8, 16]}
    one, two = (GridSearchCV(pipeline, grid, cv=2, n_jobs=n).fit(*data) for n in (None, 2))
    scores = [search.cv_results_["mean_test_score"] for search in (one, two)]
    assert np.isfinite(scores[0]).all()
    assert_array_equal(*scores)


@each_sampler
def test_history_is_printed_on_demand(cls, data, capsys):
    sampler = _quick(cls, verbose=1)
    sampler.fit_resample(*data)
    printed = capsys.readouterr().out
    for name in set().union(*sampler.history_):
        assert f" {name} " in printed


@each_sampler
def test_divergence_is_an_error(cls, data):
    with pytest.raises(ValueError, match=r"no longer finite.*smaller learning rates"):
        _quick(cls, lr=1e30, max_epochs=5).fit_resample(*data)


@each_sampler
def test_losses_fall(cls, data):
    pretrain = {} if cls is MixupGANSampler else {"pretrain_epochs": 8}
    sampler = _quick(cls, max_epochs=8, **pretrain)
    sampler.fit_resample(*data)
    losses = pd.DataFrame(sampler.history_)["reconstruction_loss"].dropna()
    assert losses.iloc[-1] < 0.9 * losses.iloc[0]


def _drawing(cls, monkeypatch, rows):
    """Return a sampler whose network draws the given standardised rows."""
    generate = cls._generate

    def replaced(self, Z, y, y_synthetic, **params):
        net, drawn = generate(self, Z, y, y_synthetic, **params)
        return net, rows(Z, y, drawn)

    monkeypatch.setattr(cls, "_generate", replaced)
    monkeypatch.setattr(cls, "_complete", GANSampler._complete)
    return _quick(cls, min_diversity=0.25, min_novelty=0.2)


@each_sampler
def test_collapse_is_reported(cls, data, monkeypatch):
    sampler = _drawing(cls, monkeypatch, lambda Z, y, drawn: np.zeros_like(drawn))
    with pytest.warns(SyntheticDataWarning, match=r"mode collapse.*'fear': 0\.0, 'joy': 0\.0"):
        sampler.fit_resample(*data)
    assert sampler.diversity_["fear"] == pytest.approx(0, abs=1e-6)


@each_sampler
def test_copies_are_reported(cls, data, monkeypatch):
    def copies(Z, y, drawn):
        fear, joy = (Z[y[:, k] == 1] for k in (1, 2))
        return np.concatenate([np.resize(fear, (12, 6)), joy[:8]])

    sampler = _drawing(cls, monkeypatch, copies)
    with pytest.warns(SyntheticDataWarning, match=r"memorisation.*'fear': 0\.0, 'joy': 0\.0"):
        sampler.fit_resample(*data)
    assert sampler.novelty_["joy"] == pytest.approx(0, abs=1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sampler.set_params(min_novelty=0).fit_resample(*data)


def test_a_generator_without_guard_collapses_and_one_with_it_does_not():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 40)
    X = rng.normal(size=(80, 20)) + 2 * y[:, None]
    sampler = MixupGANSampler(sampling_strategy={0: 80, 1: 80}, max_epochs=20, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sampler.fit_resample(X, y)
    with pytest.warns(SyntheticDataWarning, match="mode collapse"):
        sampler.set_params(energy_weight=0, gan_steps=1).fit_resample(X, y)


def test_diversity_is_the_mean_square_distance_of_pairs():
    X, Z = np.random.default_rng(0).normal(size=(2, 9, 4)) * [[[1.0]], [[3.0]]]

    def mean_square(rows):
        pairs = [((a - b) ** 2).sum() for i, a in enumerate(rows) for b in rows[:i]]
        return np.mean(pairs)

    expected = np.sqrt(mean_square(Z) / mean_square(X))
    assert relative_diversity(X, Z) == pytest.approx(expected)
    assert relative_diversity(X, X + 5) == pytest.approx(1)


def test_novelty_is_the_distance_to_the_nearest():
    X = np.array([[0.0, 0.0], [0.0, 2.0], [0.0, 6.0]])  # 2, 2 and 4 from the nearest
    assert relative_novelty(X, np.array([[1.0, 0.0], [1.0, 2.0], [9.0, 6.0]])) == 0.5
    assert relative_novelty(X, X) == 0
    rng = np.random.default_rng(0)
    X, synthetic = rng.normal(size=(30, 5)), rng.normal(size=(20, 5))
    among_real = np.linalg.norm(X[:, None] - X, axis=2) + np.diag(np.full(30, np.inf))
    to_real = np.linalg.norm(synthetic[:, None] - X, axis=2)
    expected = np.median(among_real.min(axis=1)) / np.median(to_real.min(axis=1))
    assert relative_novelty(X, synthetic) == pytest.approx(1 / expected)


def test_no_figure_where_there_is_nothing_to_compare():
    X = np.random.default_rng(0).normal(size=(5, 3))
    alike = np.ones((5, 3))
    for real, synthetic in [(X, X[:1]), (alike, X)]:
        assert np.isnan(relative_diversity(real, synthetic))
    for real, synthetic in [(X, X[:0]), (X[:1], X), (alike, X)]:
        assert np.isnan(relative_novelty(real, synthetic))


def test_figures_are_told_by_class():
    X = np.array([[0.0], [2.0], [10.0], [14.0]])
    y = np.array([1, 1, 2, 2])
    assert by_class(relative_diversity, X, y, X / 2, y) == {1: 0.5, 2: 0.5}
    assert by_class(relative_novelty, X, y, X[:2] + 1, y[:2]) == {1: 0.5}


def test_residuals_are_those_of_real_rows_of_the_class(data):
    X, y = data
    plain, completed = (
        _quick(MixupGANSampler, residuals=residuals, clip=50.0) for residuals in (False, True)
    )
    without, labels = plain.fit_resample(X, y)
    with_them, _ = completed.fit_resample(X, y)
    new = plain.synthetic_mask_
    scaler = StandardScaler().fit(X)
    Z = torch.from_numpy(scaler.transform(X).astype("float32"))
    with torch.no_grad():
        residuals = (Z - completed.net_.module_(Z)).numpy() * scaler.scale_
    inside = (with_them[new] > X.min(axis=0)) & (with_them[new] < X.max(axis=0))
    inside &= (without[new] > X.min(axis=0)) & (without[new] < X.max(axis=0))
    for added, label, kept in zip((with_them - without)[new], labels[new], inside, strict=True):
        distances = np.abs(residuals[y == label] - added)[:, kept]
        assert distances.max(axis=1).min() < 1e-4
