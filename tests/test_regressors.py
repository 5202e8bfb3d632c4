"""The deep regressors: what any of them promises, and the losses that they are trained by."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from imblearn.pipeline import make_pipeline
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.preprocessing import KBinsDiscretizer

from sklearn_ser import DenseNetSERRegressor, MLPSERRegressor
from sklearn_ser.metrics import (
    concordance_correlation_coefficient,
    concordance_correlation_coefficient_scorer,
)
from sklearn_ser.modules.functional import concordance, rating_loss, squared_error
from sklearn_ser.neural_network._regressor import RatingLoss
from sklearn_ser.utils._ragged import as_sequences

DIMENSIONS = ["arousal", "valence"]
FREE = {"input_dropout": 0.0, "dropout": 0.0, "mixup_alpha": 0.0, "weight_decay": 0.0}


def _features(n=80, seed=0):
    """Return features and two ratings that are linear in them, on scales far apart."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 5))
    return X, np.c_[3 + X[:, 0] - X[:, 1], 500 + 100 * X[:, 2]]


def _sequences(n=40, seed=0):
    X, y = _features(n, seed)
    rng = np.random.default_rng(seed)
    return as_sequences(
        [
            x + rng.normal(scale=0.1, size=(m, 5))
            for x, m in zip(X, rng.integers(3, 9, n), strict=True)
        ]
    ), y


def _net(cls=MLPSERRegressor, **kwargs):
    small = {"n_lstm_units": 8, "block_layers": (2,)} if cls is DenseNetSERRegressor else {}
    return cls(**({"max_epochs": 5, "random_state": 0} | small | kwargs))


def _batch(n=12, n_outputs=3):
    torch.manual_seed(0)
    target = torch.randn(n, n_outputs)
    return target + 0.5 * torch.randn(n, n_outputs) + 0.3, target


# The losses.


def test_concordance_is_that_of_the_metric_and_of_audmetric():
    audmetric = pytest.importorskip("audmetric")
    prediction, target = _batch()
    computed = concordance(prediction, target, torch.ones(12, 1)).numpy()
    metric = concordance_correlation_coefficient(target, prediction, multioutput="raw_values")
    reference = [
        audmetric.concordance_cc(t, p) for t, p in zip(target.T, prediction.T, strict=True)
    ]
    np.testing.assert_allclose(computed, metric, rtol=1e-5)
    np.testing.assert_allclose(computed, reference, rtol=1e-5)


def test_weights_of_concordance_are_repetitions_and_their_unit_does_not_matter():
    prediction, target = _batch()
    times = torch.arange(12) % 3
    expected = concordance(
        prediction.repeat_interleave(times, dim=0),
        target.repeat_interleave(times, dim=0),
        torch.ones(int(times.sum()), 1),
    )
    for unit in (1.0, 1e-3):
        weighted = concordance(prediction, target, unit * times[:, None])
        torch.testing.assert_close(weighted, expected)
    metric = concordance_correlation_coefficient(
        target, prediction, sample_weight=times, multioutput="raw_values"
    )
    np.testing.assert_allclose(expected.numpy(), metric, rtol=1e-5)


@pytest.mark.parametrize(
    ("target", "weight"),
    [
        (torch.tensor([[0.1], [0.1], [0.1]]), torch.ones(3, 1)),
        (torch.tensor([[0.1]]), torch.ones(1, 1)),
        (torch.tensor([[0.0], [1.0], [2.0]]), torch.zeros(3, 1)),
    ],
    ids=["constant", "one row", "no weight"],
)
@pytest.mark.parametrize("same", [True, False])
def test_concordance_without_variance_is_zero_and_pulls_nowhere(target, weight, same):
    prediction = (target.clone() if same else target + 1).requires_grad_()
    ccc = concordance(prediction, target, weight)
    ccc.sum().backward()
    torch.testing.assert_close(ccc, torch.zeros(1), atol=1e-5, rtol=0)
    torch.testing.assert_close(prediction.grad, torch.zeros_like(target), atol=1e-5, rtol=0)


def test_squared_error_is_weighted_by_output():
    prediction, target = _batch(n_outputs=2)
    weight = torch.rand(12, 2)
    expected = (weight * torch.nn.functional.mse_loss(prediction, target, reduction="none")).mean(0)
    torch.testing.assert_close(squared_error(prediction, target, weight), expected)


def test_the_criterion_is_one_minus_concordance_the_error_or_their_mean():
    prediction, target = _batch()
    known, weight = torch.ones(12, 3), torch.ones(12)
    ccc, mse, both = (
        RatingLoss(loss)(prediction, target, known, weight) for loss in ("ccc", "mse", "ccc_mse")
    )
    metric = concordance_correlation_coefficient(target, prediction)
    assert ccc.item() == pytest.approx(1 - metric, rel=1e-5)
    torch.testing.assert_close(mse, torch.nn.functional.mse_loss(prediction, target))
    torch.testing.assert_close(both, (ccc + mse) / 2)


@pytest.mark.parametrize("loss", ["ccc", "mse", "ccc_mse"])
def test_the_criterion_ignores_what_is_not_rated(loss):
    prediction, target = _batch()
    known = (torch.rand(12, 3) < 0.7).float()
    computed = RatingLoss(loss)(prediction, target * known, known, torch.ones(12))
    prediction = torch.where(known > 0, prediction, 99.0)
    torch.testing.assert_close(
        RatingLoss(loss)(prediction, target * known, known, torch.ones(12)), computed
    )


def test_a_mixture_of_a_rated_and_an_unrated_utterance_has_the_rating_of_the_first():
    # 0.25 of a rating of 2, and the rest of an utterance without one.
    target, known, weight = torch.tensor([[0.5]]), torch.tensor([[0.25]]), torch.ones(1)
    assert rating_loss(torch.tensor([[2.0]]), target, known, weight, "mse") == 0
    assert rating_loss(torch.tensor([[4.0]]), target, known, weight, "mse") == 0.25 * 4


# The estimators.


@pytest.mark.parametrize("cls", [DenseNetSERRegressor, MLPSERRegressor])
@pytest.mark.parametrize("data", [_features, _sequences])
@pytest.mark.parametrize("loss", ["ccc", "mse", "ccc_mse"])
def test_learns_features_and_sequences_by_every_loss(cls, data, loss):
    X, y = data()
    model = _net(cls, loss=loss, max_epochs=60, lr=1e-2, **FREE).fit(X, y)
    ccc = concordance_correlation_coefficient(y, model.predict(X), multioutput="raw_values")
    assert ccc.min() > 0.9


def test_a_linear_net_trained_by_squared_error_is_least_squares():
    X, y = _features()
    settings = FREE | {"hidden_sizes": (), "loss": "mse", "batch_size": 80, "clip": 99.0}
    model = _net(max_epochs=300, lr=5e-2, **settings).fit(X, y + X[:, 3:] ** 2)
    expected = LinearRegression().fit(X, y + X[:, 3:] ** 2).predict(X)
    np.testing.assert_allclose(model.predict(X), expected, rtol=1e-2, atol=1e-2)


def test_predictions_follow_the_scale_of_the_ratings():
    X, y = _features()
    expected = _net().fit(X, y).predict(X)
    # Powers of two: the standardised ratings have the same bits.
    moved = _net().fit(X, 1024 * y + 4096).predict(X)
    np.testing.assert_allclose(moved, 1024 * expected + 4096, rtol=1e-4)


def test_one_output_has_one_dimension():
    X, y = _features()
    flat, column, frame = (
        _net().fit(X, target).predict(X)
        for target in (y[:, 0], y[:, :1], pd.DataFrame(y[:, :1], columns=["arousal"]))
    )
    assert flat.shape == (80,)
    np.testing.assert_array_equal(flat, column)
    np.testing.assert_array_equal(flat, frame)


def test_a_frame_of_ratings_is_the_same_as_an_array():
    X, y = _features()
    frame = pd.DataFrame(y, columns=DIMENSIONS, index=np.arange(80) + 7)
    named = pd.DataFrame(X, columns=list("abcde"), index=frame.index)
    model = _net().fit(named, frame)
    assert list(model.feature_names_in_) == list("abcde")
    np.testing.assert_array_equal(model.predict(named), _net().fit(X, y).predict(X))


def test_a_constant_rating_is_predicted_and_harms_no_other():
    X, y = _features()
    for loss in ("ccc", "mse", "ccc_mse"):
        model = _net(loss=loss, max_epochs=40, lr=1e-2, **FREE).fit(X, np.c_[y, np.full(80, 2.5)])
        predicted = model.predict(X)
        assert np.isfinite(predicted).all()
        assert concordance_correlation_coefficient(y, predicted[:, :2]) > 0.8


@pytest.mark.parametrize("mixup_alpha", [0.0, 0.4])
def test_missing_ratings_are_left_out(mixup_alpha):
    X, y = _features(n=160)
    part = y.copy()
    part[::2, 0] = np.nan
    model = _net(max_epochs=60, lr=1e-2, **FREE | {"mixup_alpha": mixup_alpha}).fit(X, part)
    predicted = model.predict(X)
    assert np.isfinite(predicted).all()
    # Right where nothing was rated, too: nothing was taken for the mean.
    assert concordance_correlation_coefficient(y[::2, 0], predicted[::2, 0]) > 0.9
    assert model.target_scaler_.mean_[0] == pytest.approx(y[1::2, 0].mean())


def test_zero_weight_is_absence():
    X, y = _features()
    weight = (np.arange(80) < 60).astype(float)
    some, weighted = _net().fit(X[:60], y[:60]), _net().fit(X, y, sample_weight=weight)
    np.testing.assert_array_equal(some.predict(X), weighted.predict(X))


@pytest.mark.parametrize("loss", ["ccc", "mse"])
def test_weights_move_predictions(loss):
    X, _ = _features()
    X, y = np.r_[X, X], np.r_[X[:, 0], -X[:, 0]]  # the two halves contradict each other
    weight = np.repeat([1.0, 50.0], 80)
    model = _net(loss=loss, max_epochs=40, lr=1e-2, **FREE).fit(X, y, sample_weight=weight)
    assert np.corrcoef(model.predict(X[:80]), -X[:80, 0])[0, 1] > 0.9


def test_mixup_makes_the_training_harder():
    X, y = _features()
    settings = FREE | {"max_epochs": 40, "lr": 1e-2, "loss": "mse"}
    plain, mixed = (
        _net(**settings | {"mixup_alpha": alpha}).fit(X, y**2).history_[-1]["train_loss"]
        for alpha in (0.0, 1.0)
    )
    assert mixed > plain


@pytest.mark.parametrize("cls", [DenseNetSERRegressor, MLPSERRegressor])
def test_stopped_and_continued_goes_on_where_it_was(cls):
    X, y = _features()
    whole = _net(cls, max_epochs=4).fit(X, y)
    parts = _net(cls, max_epochs=4)
    for _ in range(4):
        parts.partial_fit(X, y)
    np.testing.assert_array_equal(parts.predict(X), whole.predict(X))
    assert parts.n_iter_ == 4


def test_warm_start_trains_the_same_net_on_and_keeps_its_scales():
    X, y = _features()
    model = _net(warm_start=True).fit(X, y)
    net, mean = model.net_, model.target_scaler_.mean_.copy()
    model.fit(X[:40], y[:40])
    assert model.net_ is net
    assert model.n_iter_ == 10
    np.testing.assert_array_equal(model.target_scaler_.mean_, mean)


def test_early_stopping_holds_back_whole_speakers_and_keeps_the_best_weights():
    X, _ = _features(n=90)
    y = np.random.default_rng(1).normal(size=90)  # nothing to learn
    speaker = np.arange(90) % 9
    model = _net(max_epochs=200, early_stopping=True, validation_fraction=0.3, n_iter_no_change=3)
    train, valid = model._split_validation(90, speaker, None, seed=0)
    assert not set(speaker[train]) & set(speaker[valid])
    model.fit(X, y, groups=speaker)
    losses = [epoch["valid_loss"] for epoch in model.history_]
    assert model.n_iter_ < 200
    assert int(np.argmin(losses)) == model.n_iter_ - 4


@pytest.mark.parametrize("cls", [DenseNetSERRegressor, MLPSERRegressor])
def test_pickle_and_clone(cls):
    X, y = _features()
    model = _net(cls).fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert clone(model).get_params() == model.get_params()
    assert not hasattr(clone(model), "net_")


def test_grid_search_by_speaker_and_concordance():
    X, y = _features()
    search = GridSearchCV(
        _net(max_epochs=2),
        {"loss": ["ccc", "mse"]},
        cv=GroupKFold(2),
        scoring=concordance_correlation_coefficient_scorer,
        error_score="raise",
    ).fit(X, y, groups=np.arange(80) // 8)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_levels_by_a_discretiser_of_scikit_learn():
    X, y = _features()
    levels = KBinsDiscretizer(3, encode="ordinal", strategy="quantile").fit(y[:60])
    model = _net(max_epochs=60, lr=1e-2, **FREE).fit(X[:60], y[:60])
    predicted = levels.transform(model.predict(X[60:]))
    assert (predicted == levels.transform(y[60:])).mean() > 0.7


# Bad input: one clear error each, which names the value and the remedy.


def test_error_utterance_without_any_rating():
    X, y = _features()
    y[[4, 9]] = np.nan
    with pytest.raises(ValueError, match=r"NaN alone in 2 rows, the first of them 4\. Leave out"):
        _net().fit(X, y)


def test_error_dimension_without_any_rating():
    X, y = _features()
    y[:, 1] = np.nan
    with pytest.raises(ValueError, match="NaN alone in column 1"):
        _net().fit(X, y)


def test_error_infinite_rating():
    X, y = _features()
    y[3, 1] = np.inf
    with pytest.raises(ValueError, match="Input y contains infinity"):
        _net().fit(X, y)


def test_error_emotions_are_no_ratings():
    with pytest.raises(ValueError, match="could not convert string to float: 'anger'"):
        _net().fit(_features()[0], ["anger"] * 80)


def test_error_other_dimensions_in_a_later_call():
    X, y = _features()
    model = _net().partial_fit(X, y)
    with pytest.raises(ValueError, match="y has 1 outputs, but the net was trained on 2"):
        model.partial_fit(X, y[:, 0])


def test_error_unknown_loss():
    with pytest.raises(ValueError, match="'loss' parameter of MLPSERRegressor must be a str among"):
        _net(loss="pearson").fit(*_features())


def test_error_lengths_differ():
    X, y = _features()
    with pytest.raises(ValueError, match=r"inconsistent numbers of samples: \[80, 79\]"):
        _net().fit(X, y[:79])


def test_error_metadata_behind_a_sampler_names_the_cause():
    X, y = _features()
    with pytest.raises(ValueError, match=r"groups has 70 entries, but X has 80 rows\. A sampler"):
        make_pipeline(_net(early_stopping=True)).fit(X, y, mlpserregressor__groups=np.arange(70))
