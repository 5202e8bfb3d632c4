"""DenseNetSER: what any deep classifier here promises, and what is its own."""

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state

from sklearn_ser import DenseNetSER
from sklearn_ser.utils._ragged import as_sequences

EMOTIONS = np.array(["anger", "neutral", "sadness"])


def _features(n=60, n_features=5, seed=0, separation=2.0):
    rng = np.random.default_rng(seed)
    code = np.arange(n) % 3
    X = rng.normal(size=(n, n_features)) + separation * np.eye(3, n_features)[code]
    return X, EMOTIONS[code]


def _sequences(n=24, seed=0):
    rng = np.random.default_rng(seed)
    code = np.arange(n) % 3
    lengths = rng.integers(5, 20, size=n)
    return as_sequences(
        [rng.normal(size=(m, 4)) + 2 * np.eye(3, 4)[c] for m, c in zip(lengths, code, strict=True)]
    ), EMOTIONS[code]


def _net(**kwargs):
    return DenseNetSER(
        **({"max_epochs": 5, "n_lstm_units": 8, "block_layers": (2,), "random_state": 0} | kwargs)
    )


@pytest.mark.parametrize("data", [_features, _sequences])
def test_learns_features_and_sequences(data):
    X, y = data()
    model = _net(max_epochs=40, lr=1e-2, input_dropout=0.0, dropout=0.0, mixup_alpha=0.0)
    model.fit(X, y)
    assert model.score(X, y) == 1.0
    np.testing.assert_array_equal(model.classes_, EMOTIONS)
    np.testing.assert_allclose(model.predict_proba(X).sum(1), 1)
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), model.predict_proba(X))


def test_loss_falls():
    loss = [
        epoch["train_loss"] for epoch in _net(max_epochs=15, lr=1e-2).fit(*_features()).history_
    ]
    assert loss[-1] < loss[0]


def test_huge_and_constant_features_simply_work():
    X, y = _features()
    # openSMILE's sets hold values up to 7e12 and features that are constant on a fold.
    scaled = np.c_[X * [1e-6, 1.0, 1e6, 1e12, 1.0] + [0, 0, 1e9, 7e12, 3], np.full(len(X), 7e12)]
    model = _net(max_epochs=40, lr=1e-2, input_dropout=0.0).fit(scaled, y)
    assert model.score(scaled, y) > 0.9


def test_scaling_in_front_changes_nothing_but_rounding():
    X, y = _features()
    plain = _net().fit(X, y).predict_proba(X)
    scaled = make_pipeline(StandardScaler(), _net()).fit(X, y).predict_proba(X)
    np.testing.assert_allclose(plain, scaled, atol=1e-3)


def test_outliers_at_prediction_are_clipped():
    X, y = _features()
    model = _net().fit(X, y)
    far = X.mean(0) + X.std(0) * np.array([1e9, 0, 0, 0, 0])
    near = X.mean(0) + X.std(0) * np.array([model.clip, 0, 0, 0, 0])
    np.testing.assert_allclose(model.predict_proba([far]), model.predict_proba([near]), rtol=1e-4)


@pytest.mark.parametrize("data", [_features, _sequences])
def test_same_seed_same_bits_and_another_seed_others(data):
    X, y = data()
    first, again, other = (_net(random_state=s).fit(X, y).predict_proba(X) for s in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


_NEW_PROCESS = """
import numpy as np
from tests.test_densenet import _features, _net
X, y = _features()
print(_net().fit(X, y).predict_proba(X).tobytes().hex())
"""


def test_same_bits_in_a_new_process():
    X, y = _features()
    run = subprocess.run(
        [sys.executable, "-c", _NEW_PROCESS], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == _net().fit(X, y).predict_proba(X).tobytes().hex()


@pytest.mark.parametrize("random_state", [0, None])
def test_global_generators_stay(random_state):
    X, y = _features()
    numpy_before = check_random_state(None).get_state(legacy=True)[1].copy()
    torch_before = torch.get_rng_state()
    _net(random_state=random_state, early_stopping=True).fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(numpy_before, check_random_state(None).get_state(legacy=True)[1])
    assert torch.equal(torch_before, torch.get_rng_state())


@pytest.mark.parametrize("data", [_features, _sequences])
def test_batch_size_and_order_change_no_prediction(data):
    X, y = data()
    model = _net().fit(X, y)
    expected = model.predict_proba(X)
    order = np.random.default_rng(0).permutation(len(X))
    np.testing.assert_allclose(model.predict_proba(X[order]), expected[order], atol=1e-6)
    model.net_.set_params(batch_size=1)
    np.testing.assert_allclose(model.predict_proba(X), expected, atol=1e-6)


@pytest.mark.parametrize("data", [_features, _sequences])
def test_pickle_and_clone(data):
    X, y = data()
    model = _net().fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    assert clone(model).get_params() == model.get_params()
    assert not hasattr(clone(model), "net_")


def test_fit_changes_no_hyperparameter():
    model = _net()
    before = dict(model.get_params())
    model.fit(*_features())
    assert model.get_params() == before


def test_stopped_and_continued_goes_on_where_it_was():
    X, y = _features()
    whole = _net(max_epochs=6).fit(X, y)
    parts = _net(max_epochs=6)
    for _ in range(6):
        parts.partial_fit(X, y)
    np.testing.assert_array_equal(parts.predict_proba(X), whole.predict_proba(X))
    assert parts.n_iter_ == 6


def test_warm_start_trains_the_same_net_on():
    X, y = _features()
    model = _net(warm_start=True).fit(X, y)
    net, before = model.net_, model.predict_proba(X)
    model.fit(X, y)
    assert model.net_ is net
    assert model.n_iter_ == 10
    # The learning rate rises again: at the end of its course nothing would be learned.
    assert np.abs(model.predict_proba(X) - before).max() > 1e-3


@pytest.mark.parametrize(("before", "after"), [(1, 4), (4, 1), (2, 3)])
def test_warm_start_keeps_the_members_and_their_rows(before, after):
    X, y = _features()
    model = _net(n_members=before, warm_start=True, mixup_alpha=0.0).fit(X, y)
    kept = _net(n_members=before, warm_start=True, mixup_alpha=0.0).fit(X, y).fit(X, y)
    model.set_params(n_members=after).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), kept.predict_proba(X))


def test_pandas_input_gives_the_same_and_remembers_names():
    X, y = _features()
    frame = pd.DataFrame(X, columns=list("abcde"), index=np.arange(60) + 100)
    model = _net().fit(frame, pd.Series(y, index=frame.index))
    np.testing.assert_array_equal(model.predict_proba(frame), _net().fit(X, y).predict_proba(X))
    assert list(model.feature_names_in_) == list("abcde")
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame.rename(columns={"a": "z"}))


def test_three_dimensions_are_sequences_of_equal_length():
    X, y = _sequences()
    X = np.stack([x[:5] for x in X])
    np.testing.assert_array_equal(
        _net().fit(X, y).predict_proba(X), _net().fit(as_sequences(list(X)), y).predict_proba(X)
    )
    assert _net().fit(X, y).n_features_in_ == 4


def test_zero_weight_is_absence():
    X, y = _features()
    weight = (np.arange(60) < 45).astype(float)
    some, weighted = _net().fit(X[:45], y[:45]), _net().fit(X, y, sample_weight=weight)
    np.testing.assert_array_equal(some.predict_proba(X), weighted.predict_proba(X))


def test_class_weight_moves_predictions():
    X, y = _features(separation=0.3)
    weight = {"anger": 50.0, "neutral": 1.0, "sadness": 1.0}
    heavy = _net(class_weight=weight, max_epochs=20, lr=1e-2).fit(X, y)
    assert (heavy.predict(X) == "anger").mean() > 0.9


def test_early_stopping_holds_back_whole_speakers(monkeypatch):
    X, y = _features(n=90)
    speaker = np.arange(90) % 9
    model = _net(early_stopping=True, validation_fraction=0.3)
    train, valid = model._split_validation(90, speaker, y, seed=0)
    assert not set(speaker[train]) & set(speaker[valid])
    assert set(np.r_[train, valid]) == set(range(90))
    model.fit(X, y, groups=speaker)
    assert "valid_loss" in model.history_[-1]


def test_early_stopping_stops_and_keeps_the_best_weights():
    X, y = _features(n=90, separation=0.0)  # nothing to learn
    model = _net(max_epochs=200, early_stopping=True, n_iter_no_change=3, lr=1e-2).fit(X, y)
    losses = [epoch["valid_loss"] for epoch in model.history_]
    assert model.n_iter_ < 200
    best = model.n_iter_ - 4
    assert losses[best] == min(losses[: best + 1])
    # Later ones are not lower by more than skorch's threshold, a share of 1e-4.
    assert min(losses[best + 1 :]) > (1 - 1e-4) * losses[best]


def test_plateau_lowers_the_learning_rate():
    X, y = _features(separation=0.0)
    model = _net(max_epochs=60, lr_schedule="plateau", mixup_alpha=0.0, lr=0.5).fit(X, y)
    assert model.net_.optimizer_.param_groups[0]["lr"] < 0.5


def test_one_cycle_ends_near_zero():
    model = _net(max_epochs=20, lr=1e-2).fit(*_features())
    assert model.net_.optimizer_.param_groups[0]["lr"] < 0.05 * model.lr


def test_net_params_reach_skorch():
    model = _net(net_params={"optimizer": torch.optim.SGD}).fit(*_features())
    assert isinstance(model.net_.optimizer_, torch.optim.SGD)


def test_grid_search_by_speaker_in_two_processes():
    X, y = _features()
    speaker = np.arange(60) // 6
    search = GridSearchCV(
        _net(max_epochs=2),
        {"growth_rate": [2, 4]},
        cv=GroupKFold(2),
        scoring="balanced_accuracy",
        n_jobs=2,
    )
    search.fit(X, y, groups=speaker)
    assert search.best_estimator_.module_.members[0].layers[0].conv.out_channels in (2, 4)


# Bad input: one clear error each, which names the value and the remedy.


def test_error_predict_before_fit():
    with pytest.raises(Exception, match="not fitted yet"):
        _net().predict(_features()[0])


def test_error_one_class():
    with pytest.raises(ValueError, match=r"at least 2 classes, but y has 1 class only.*anger"):
        _net().fit(_features()[0], ["anger"] * 60)


@pytest.mark.parametrize("missing", [None, np.nan])
def test_error_missing_label(missing):
    X, y = _features()
    y = y.astype(object)
    y[3] = missing
    with pytest.raises(ValueError, match="in 1 of 60 rows, first of them row 3"):
        _net().fit(X, y)


def test_error_wrong_number_of_features():
    model = _net().fit(*_features())
    with pytest.raises(ValueError, match="X has 3 features, but DenseNetSER is expecting 5"):
        model.predict(np.zeros((2, 3)))


def test_error_mixed_widths():
    with pytest.raises(ValueError, match="Sequence 1 has 5 features, expected 2"):
        _net().fit(as_sequences([np.zeros((3, 2)), np.zeros((3, 5))]), ["anger", "neutral"])


def test_error_other_width_at_prediction():
    model = _net().fit(*_sequences())
    with pytest.raises(ValueError, match="Sequence 0 has 7 features, expected 4"):
        model.predict(np.zeros((2, 5, 7)))


def test_error_nan():
    X, y = _features()
    X[3, 2] = np.nan
    with pytest.raises(ValueError, match="Input X contains NaN"):
        _net().fit(X, y)


def test_metadata_behind_a_sampler_names_the_cause():
    X, y = _features()
    X, y = X[:-8], y[:-8]
    y[y == "anger"][:3] = "neutral"
    pipe = make_pipeline(
        RandomOverSampler(sampling_strategy={"anger": 40}), _net(early_stopping=True)
    )
    with pytest.raises(ValueError, match=r"groups has 52 entries.*sampler.*without groups"):
        pipe.fit(X, y, densenetser__groups=np.arange(52))


def test_error_unknown_label_in_partial_fit():
    X, y = _features()
    model = _net().partial_fit(X, y)
    with pytest.raises(ValueError, match=r"y has classes .*fear.* beside the known"):
        model.partial_fit(X, np.where(y == "anger", "fear", y))


def test_error_diverged_training():
    X, y = _features()
    with pytest.raises(ValueError, match=r"loss.*lr=1e\+30"):
        _net(lr=1e30, weight_decay=0.0, max_grad_norm=None, lr_schedule="constant").fit(X, y)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"device": "tpu9"}, "device='tpu9' is no torch device"),
        ({"kernel_size": 4}, "kernel_size=4 is even"),
        ({"lr": -1.0}, "The 'lr' parameter"),
        ({"lr_schedule": "steps"}, "The 'lr_schedule' parameter"),
        ({"growth_rate": 0}, "The 'growth_rate' parameter"),
        ({"net_params": {"batch_sizes": 3}}, "batch_sizes"),
    ],
)
def test_error_parameters(params, message):
    with pytest.raises((ValueError, TypeError), match=message):
        _net(**params).fit(*_features())


def test_error_absent_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="torch sees no CUDA device"):
        _net(device="cuda").fit(*_features())


def test_error_all_weights_zero():
    with pytest.raises(ValueError, match="at least one non-zero"):
        _net().fit(*_features(), sample_weight=np.zeros(60))


# What "auto" stands for depends on the input, and on nothing else.


@pytest.mark.parametrize("data", [_features, _sequences])
def test_auto_is_what_the_documentation_says(data):
    X, y = data()
    rows = {
        "growth_rate": 16,
        "block_layers": (4,),
        "n_lstm_units": 128,
        "n_members": 4,
        "dropout": 0.5,
        "mixup_alpha": 1.0,
        "max_epochs": 30,
        "batch_size": 64,
        "lr": 2e-3,
        "weight_decay": 1e-2,
    }
    sequences = {
        "growth_rate": 12,
        "block_layers": (3, 3, 3),
        "n_lstm_units": 64,
        "n_members": 1,
        "dropout": 0.3,
        "mixup_alpha": 0.3,
        "max_epochs": 60,
        "batch_size": 32,
        "lr": 3e-3,
        "weight_decay": 1e-3,
    }
    resolved = DenseNetSER()._settings(one_frame=X.ndim == 2)
    expected = rows if X.ndim == 2 else sequences
    assert {name: resolved[name] for name in expected} == expected
    explicit = dict(expected, max_epochs=2, input_dropout=0.5 if X.ndim == 2 else 0.0)
    auto = DenseNetSER(max_epochs=2, random_state=0).fit(X, y)
    named = DenseNetSER(**explicit, random_state=0).fit(X, y)
    np.testing.assert_array_equal(auto.predict_proba(X), named.predict_proba(X))


def test_rows_of_features_know_no_time():
    X, y = _features()
    plain = _net().fit(X, y)
    timed = _net(convolution="time", pooling="mean", bidirectional=False, time_masks=3)
    np.testing.assert_array_equal(plain.predict_proba(X), timed.fit(X, y).predict_proba(X))


def test_sequences_convolve_over_time_or_over_time_and_bands():
    X, y = _sequences()
    over_bands, over_time = _net().fit(X, y).module_, _net(convolution="time").fit(X, y).module_
    assert over_bands.stem.weight.shape == (24, 1, 3, 3)
    assert over_time.stem.weight.shape == (256, 4, 3, 1)


@pytest.mark.parametrize("data", [_features, _sequences])
def test_members_differ_and_their_mean_answers(data):
    X, y = data()
    model = _net(n_members=3, mixup_alpha=0.0).fit(X, y)
    members = model.module_.members
    assert len({member.output.weight.sum().item() for member in members}) == 3
    together, alone = model.predict_proba(X), []
    for member in members:
        model.net_.module_ = member
        alone.append(model.predict_proba(X))
    np.testing.assert_allclose(together, np.mean(alone, axis=0), atol=1e-6)


def test_wide_rows_lose_more_in_training():
    X, y = _features(n_features=1200)
    dropout = _net(max_epochs=1).fit(X, y).module_.members[0].input_dropout
    assert dropout.p == pytest.approx(0.5)
    X, y = _features(n_features=2400)
    dropout = _net(max_epochs=1).fit(X, y).module_.members[0].input_dropout
    assert dropout.p == pytest.approx(0.75)
