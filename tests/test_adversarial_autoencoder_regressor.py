"""AdversarialAutoencoderSERRegressor: ratings with gaps, metadata, switches and its module."""

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import LeaveOneGroupOut, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_ser import AdversarialAutoencoderSERRegressor
from sklearn_ser.metrics import (
    concordance_correlation_coefficient,
    concordance_correlation_coefficient_scorer,
)
from sklearn_ser.modules import RatingAutoencoder
from sklearn_ser.modules.functional import mixup, mixup_share
from sklearn_ser.utils._ragged import as_sequences

SINGLE_TASK = {"reconstruction_weight": 0, "adversarial": False, "consistency_weight": 0}
NO_DROPOUT: dict[str, Any] = {"input_dropout": 0.0, "dropout": 0.0}
SMALL = {"hidden_sizes": (16,), "code_size": 8, "batch_size": 32, "random_state": 0}


def _model(**params):
    return AdversarialAutoencoderSERRegressor(**{**SMALL, "max_epochs": 2, **params})


@pytest.fixture(scope="module")
def corpus():
    """Return four speakers of two genders and two ratings, which every other utterance lacks."""
    rng = np.random.default_rng(0)
    speaker = np.repeat(["01", "02", "03", "04"], 20)
    gender = np.where(np.isin(speaker, ["01", "03"]), "female", "male")
    X = rng.normal(size=(80, 8))
    X[:, 2] += 4 * (gender == "male")
    rated = np.c_[3 + X[:, 0] - X[:, 1], 500 + 100 * X[:, 1]]
    y = np.where((np.arange(80) % 2 == 0)[:, None], rated, np.nan)
    return {"X": X, "y": y, "rated": rated, "speaker": speaker, "gender": gender}


def _same(one, other, X):
    assert_array_equal(one.predict(X), other.predict(X))


@pytest.mark.parametrize(
    ("loss", "sequences"), [("ccc", False), ("mse", False), ("ccc_mse", False), ("ccc", True)]
)
def test_it_learns_ratings_and_gender_from_half_the_ratings(corpus, loss, sequences):
    X = corpus["X"]
    if sequences:
        X = as_sequences([np.repeat(x[None], 2 + i % 3, axis=0) for i, x in enumerate(X)])
    settings = {"conv_channels": (16,), "gender_weight": 1.0, "max_epochs": 12, "lr": 2e-2}
    model = _model(auxiliary=["gender"], loss=loss, **settings, **NO_DROPOUT)
    model.fit(X, corpus["y"], gender=corpus["gender"])
    predicted, unrated = model.predict(X), np.arange(80) % 2 == 1
    ccc = concordance_correlation_coefficient(
        corpus["rated"][unrated], predicted[unrated], multioutput="raw_values"
    )
    assert ccc.min() > 0.6
    assert np.mean(model.predict_auxiliary(X, "gender") == corpus["gender"]) > 0.9
    first, last = model.history_[0], model.history_[-1]
    for name in ("emotion", "reconstruction", "gender"):
        assert last[f"{name}_loss"] < first[f"{name}_loss"]
    assert {"adversarial_loss", "discriminator_loss", "consistency_loss"}.issubset(last)
    assert "categorical_loss" not in last


def test_predictions_follow_the_scale_of_the_ratings(corpus):
    X, y = corpus["X"], corpus["y"]
    # Powers of two: the standardised ratings have the same bits.
    assert_allclose(
        _model().fit(X, 1024 * y + 4096).predict(X), 1024 * _model().fit(X, y).predict(X) + 4096
    )


def test_one_output_has_one_dimension(corpus):
    X, y = corpus["X"], corpus["y"]
    flat, column, frame = (
        _model().fit(X, target).predict(X)
        for target in (y[:, 0], y[:, :1], pd.DataFrame(y[:, :1], columns=["arousal"]))
    )
    assert flat.shape == (80,)
    assert_array_equal(flat, column)
    assert_array_equal(flat, frame)


def test_the_scale_is_that_of_the_ratings_there_are(corpus):
    y = corpus["y"].copy()
    y[::4, 0] = np.nan
    model = _model().fit(corpus["X"], y)
    assert_allclose(model.target_scaler_.mean_, np.nanmean(y, axis=0))
    assert_allclose(model.scaler_.mean_, corpus["X"].mean(axis=0))


def test_partly_rated_utterances_teach_the_ratings_they_have(corpus):
    X, y = corpus["X"], corpus["rated"].copy()
    y[::2, 0] = np.nan
    model = _model(max_epochs=12, lr=2e-2, **NO_DROPOUT).fit(X, y)
    ccc = concordance_correlation_coefficient(
        corpus["rated"][::2], model.predict(X)[::2], multioutput="raw_values"
    )
    assert ccc[0] > 0.6  # nothing was taken for the mean
    assert ccc[1] > ccc[0]
    kept = y[:, 1].copy()
    kept[::2] = np.nan
    part = y.copy()
    part[:, 1] = kept  # even utterances have no rating at all now
    assert not np.allclose(_model().fit(X, part).predict(X), _model().fit(X, y).predict(X))


def test_single_task_drops_the_unrated_rows(corpus):
    X, y = corpus["X"], corpus["y"]
    rated = ~np.isnan(y).all(axis=1)
    dropped = _model(**SINGLE_TASK).fit(X, y)
    _same(dropped, _model(**SINGLE_TASK).fit(X[rated], y[rated]), X)
    assert_allclose(dropped.scaler_.mean_, X[rated].mean(axis=0))
    assert set(dropped.history_[-1]) >= {"emotion_loss", "train_loss"}
    assert dropped.module_.decoder is None


@pytest.mark.parametrize(
    "params",
    [
        {"reconstruction_weight": 1},
        {"adversarial": True},
        {"consistency_weight": 1},
        {"auxiliary": ["gender"]},
    ],
)
def test_each_other_loss_learns_from_the_unrated_rows(corpus, params):
    X, y, gender = corpus["X"], corpus["y"], corpus["gender"]
    rated = ~np.isnan(y).all(axis=1)
    model = _model(**{**SINGLE_TASK, **params})
    with_rest = model.fit(X, y, gender=gender).predict(X)
    without = model.fit(X[rated], y[rated], gender=gender[rated]).predict(X)
    assert not np.allclose(with_rest, without)


def test_rows_of_weight_zero_are_left_out(corpus):
    X, y, speaker = corpus["X"], corpus["y"], corpus["speaker"]
    kept = np.arange(80) < 60
    model = _model(auxiliary=["speaker"])
    predicted = model.fit(X, y, sample_weight=kept.astype(float), speaker=speaker).predict(X)
    assert model.auxiliary_classes_["speaker"].tolist() == ["01", "02", "03"]
    assert_array_equal(predicted, model.fit(X[kept], y[kept], speaker=speaker[kept]).predict(X))


def test_early_stopping_holds_back_rated_utterances_of_other_speakers(corpus):
    speaker = corpus["speaker"]
    model = _model(early_stopping=True, validation_fraction=0.25, max_epochs=3)
    strata = np.where(np.isnan(corpus["y"]).all(axis=1), -1, 0)
    train, valid = model._split_validation(80, speaker, strata, seed=0)
    assert not set(speaker[train]) & set(speaker[valid])
    assert not np.isnan(corpus["y"][valid]).any()
    assert np.isnan(corpus["y"][train]).any()
    model.fit(corpus["X"], corpus["y"], groups=speaker)
    assert "valid_loss" in model.history_[-1]
    model.set_params(early_stopping=True).fit(corpus["X"], corpus["y"])
    assert "valid_loss" in model.history_[-1]


def test_metadata_are_routed_and_no_test_speaker_is_known(corpus):
    speaker, gender = corpus["speaker"], corpus["gender"]
    with sklearn.config_context(enable_metadata_routing=True):
        model = _model(auxiliary=["speaker", "gender"])
        model.set_fit_request(speaker=True, gender=True, groups=False)
        results = cross_validate(
            make_pipeline(StandardScaler(), model),
            corpus["X"],
            corpus["rated"],
            cv=LeaveOneGroupOut(),
            scoring=concordance_correlation_coefficient_scorer,
            params={"speaker": speaker, "gender": gender, "groups": speaker},
            return_estimator=True,
        )
    assert np.isfinite(results["test_score"]).all()
    for held_out, fitted in zip(np.unique(speaker), results["estimator"], strict=True):
        known = fitted[-1].auxiliary_classes_
        assert known["speaker"].tolist() == sorted({"01", "02", "03", "04"} - {held_out})


def test_stopped_and_continued_goes_on_where_it_was(corpus):
    X, y, speaker = corpus["X"], corpus["y"], corpus["speaker"]
    whole = _model(auxiliary=["speaker"], max_epochs=3).fit(X, y, speaker=speaker)
    parts = _model(auxiliary=["speaker"], max_epochs=3)
    for _ in range(3):
        parts.partial_fit(X, y, speaker=speaker)
    _same(whole, parts, X)
    warm = _model(warm_start=True).fit(X, y)
    assert warm.fit(X, y).n_iter_ == 4


def test_pickle_clone_and_names_of_the_codes(corpus):
    X, y = corpus["X"], corpus["y"]
    model = _model().set_output(transform="pandas").fit(X, y)
    _same(model, pickle.loads(pickle.dumps(model)), X)
    assert clone(model).get_params() == model.get_params()
    codes = model.transform(X)
    assert list(codes.columns) == [f"adversarialautoencoderserregressor{i}" for i in range(8)]
    head = model.module_.emotion_head[-1]
    weight, bias = head.weight.detach().numpy(), head.bias.detach().numpy()
    standardised = np.maximum(codes.to_numpy(), 0) @ weight.T + bias
    expected = standardised * model.target_scaler_.scale_ + model.target_scaler_.mean_
    assert_allclose(model.predict(X), expected, rtol=1e-4)


# Bad input: one clear error each, which names the value and the remedy.


def test_error_no_rating_at_all(corpus):
    with pytest.raises(ValueError, match=r"No utterance has a rating.*needs some rated"):
        _model().fit(corpus["X"], np.full((80, 2), np.nan))


def test_error_dimension_without_any_rating(corpus):
    y = corpus["y"].copy()
    y[:, 1] = np.nan
    with pytest.raises(ValueError, match="NaN alone in column 1"):
        _model().fit(corpus["X"], y)


@pytest.mark.parametrize("name", ["speaker", "gender"])
def test_error_task_without_its_argument(corpus, name):
    with pytest.raises(ValueError, match=rf"needs the {name} .* set_fit_request\({name}=True\)"):
        _model(auxiliary=[name]).fit(corpus["X"], corpus["y"])


def test_error_other_dimensions_in_a_later_call(corpus):
    model = _model().partial_fit(corpus["X"], corpus["y"])
    with pytest.raises(ValueError, match="y has 1 outputs, but the net was trained on 2"):
        model.partial_fit(corpus["X"], corpus["y"][:, 0])


def test_error_divergence(corpus):
    with pytest.raises(ValueError, match="no longer finite"):
        _model(lr=1e30, max_grad_norm=None, max_epochs=5).fit(corpus["X"], corpus["y"])


# The module.


def _batch(n=8, n_labelled=4):
    rng = torch.Generator().manual_seed(1)
    known = (torch.arange(n) < n_labelled).float()[:, None].repeat(1, 2)
    known[0, 0] = 0  # partly rated
    return {
        "X": torch.randn(n, 1, 6, generator=rng),
        "lengths": torch.ones(n, dtype=torch.int64),
        "target": torch.randn(n, 2, generator=rng) * known,
        "known": known,
        "weight": (torch.arange(n) < n_labelled).float(),
        "emotional": torch.ones(n),
    }


def _module(**params):
    torch.manual_seed(0)
    small: dict[str, Any] = {"hidden_sizes": (8,), "code_size": 4, "discriminator_sizes": (5,)}
    return RatingAutoencoder(6, 2, **small, **NO_DROPOUT, **params)


def _step(module, batch):
    groups = module.optimizer_parameters()
    optimizers = {name: torch.optim.SGD(values, lr=0.1) for name, values in groups.items()}
    return module.training_step(batch, optimizers)


def test_loss_is_that_of_the_known_ratings():
    module, batch = _module(loss="mse"), _batch()
    error = (module(batch["X"], batch["lengths"]) - batch["target"]) ** 2 * batch["known"]
    losses = _step(module, batch)
    torch.testing.assert_close(losses["emotion_loss"], error[:4].mean().detach())
    assert _step(module, _batch(n_labelled=0))["emotion_loss"] == 0


def test_loss_is_the_weighted_sum():
    weights = {"reconstruction": 0.5, "adversarial": 0.25, "consistency": 2.0}
    module = _module(**{f"{name}_weight": weight for name, weight in weights.items()})
    module.progress = 1.0  # all losses have set in
    losses = _step(module, _batch())
    weights["emotion"] = 1.0
    expected = sum(weight * losses[f"{name}_loss"] for name, weight in weights.items())
    torch.testing.assert_close(losses["loss"], expected)


def test_consistency_is_mixup_of_ratings_and_of_predictions_where_there_are_none():
    module, batch = _module(loss="mse"), _batch()
    batch["emotional"][6:] = 0  # nothing is assumed of these
    predicted = module(batch["X"], batch["lengths"]).detach()
    target = torch.where(batch["known"] > 0, batch["target"], predicted)[:6]
    torch.manual_seed(3)
    loss = module._inconsistency(batch)
    torch.manual_seed(3)
    share, partner = mixup_share(1.0, 6), torch.randperm(6)
    outputs = module(mixup(batch["X"][:6], partner, share), batch["lengths"][:6])
    torch.testing.assert_close(loss, ((outputs - mixup(target, partner, share)) ** 2).mean())


def test_the_decoder_restores_from_the_code_and_no_class_is_judged():
    module = _module()
    assert module.decoder[0].in_features == 4
    assert list(module.discriminators) == ["code"]
    off = _module(reconstruction_weight=0, adversarial_weight=0, consistency_weight=0)
    assert set(_step(off, _batch())) == {"emotion_loss", "loss"}
