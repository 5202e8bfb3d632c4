"""MLPSER: what it computes, and what its parameters do."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from skorch.callbacks import Callback

from sklearn_ser import MLPSER
from sklearn_ser.modules import MLP


@pytest.fixture
def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = np.repeat(["anger", "neutral", "sadness"], 20)
    means = {"anger": 1.5, "neutral": 0.0, "sadness": -1.5}
    return rng.normal(size=(60, 8)) + np.array([means[label] for label in y])[:, None], y


def _sequences(rows: list[np.ndarray]) -> np.ndarray:
    X = np.empty(len(rows), dtype=object)
    X[:] = rows
    return X


def test_the_module_is_a_chain_of_products_of_the_mean():
    torch.manual_seed(0)
    module = MLP(5, 3, hidden_sizes=(7, 4)).eval()
    X, lengths = torch.randn(2, 6, 5), torch.tensor([6, 2])
    linear = [layer for layer in module.layers if isinstance(layer, torch.nn.Linear)]
    assert [tuple(layer.weight.shape) for layer in linear] == [(7, 5), (4, 7), (3, 4)]
    state = np.stack([X[0].numpy().mean(axis=0), X[1, :2].numpy().mean(axis=0)])
    for layer in linear[:-1]:
        state = np.maximum(state @ layer.weight.detach().numpy().T + layer.bias.detach().numpy(), 0)
    scores = state @ linear[-1].weight.detach().numpy().T + linear[-1].bias.detach().numpy()
    assert_allclose(module(X, lengths).detach().numpy(), scores, atol=1e-6)


def test_padding_does_not_reach_the_output():
    module = MLP(5, 3).eval()
    X, lengths = torch.randn(2, 6, 5), torch.tensor([6, 2])
    scores = module(X, lengths)
    X[1, 2:] = 1e6
    assert torch.equal(module(X, lengths), scores)


@pytest.mark.parametrize("hidden_sizes", [(), (5,), [6, 4]])
def test_hidden_sizes_are_those_of_the_layers(data, hidden_sizes):
    model = MLPSER(hidden_sizes=hidden_sizes, max_epochs=1, random_state=0).fit(*data)
    widths = [layer.out_features for layer in model.module_.layers if hasattr(layer, "weight")]
    assert widths == [*hidden_sizes, 3]


def test_it_learns_what_a_linear_model_would(data):
    X, y = data
    model = MLPSER(random_state=0).fit(X[::2], y[::2])
    assert model.score(X[1::2], y[1::2]) > 0.8


def test_without_regularisation_it_learns_the_training_data_by_heart():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 30)), rng.integers(2, size=40)
    free = {"mixup_alpha": 0, "dropout": 0, "input_dropout": 0, "label_smoothing": 0}
    assert MLPSER(**free, random_state=0).fit(X, y).score(X, y) == 1
    model = MLPSER(**free, random_state=0).fit(X, y)
    mixed = MLPSER(**free | {"mixup_alpha": 0.4}, random_state=0).fit(X, y)
    assert mixed.history_[-1]["train_loss"] > model.history_[-1]["train_loss"]


def test_rows_of_features_are_sequences_of_one_frame(data):
    X, y = data
    settings = {"max_epochs": 5, "random_state": 0}
    of_rows = MLPSER(**settings).fit(X, y).predict_proba(X)
    frames = _sequences([row[None].astype("float32") for row in X])
    of_frames = MLPSER(**settings).fit(frames, y).predict_proba(frames)
    assert_allclose(of_rows, of_frames, atol=1e-4)


def test_the_order_of_the_frames_does_not_matter(data):
    X, y = data
    rng = np.random.default_rng(0)
    rows = [row + rng.normal(size=(n, 8)).astype("float32") for n, row in enumerate(X, start=2)]
    model = MLPSER(max_epochs=3, random_state=0).fit(_sequences(rows), y)
    backwards = _sequences([row[::-1].copy() for row in rows])
    assert_allclose(
        model.predict_proba(_sequences(rows)), model.predict_proba(backwards), atol=1e-5
    )


def test_unscaled_features_with_a_constant_one_are_standardised_inside(data):
    X, y = data
    X = np.column_stack([X, np.ones(len(X))])
    unscaled = X * np.array([1e12, 1e-6, 1, 1, 1, 1, 1, 1, 3]) + 5
    plain = MLPSER(max_epochs=5, random_state=0).fit(X, y).predict_proba(X)
    assert_allclose(
        MLPSER(max_epochs=5, random_state=0).fit(unscaled, y).predict_proba(unscaled),
        plain,
        atol=1e-2,
    )


@pytest.mark.parametrize(
    "wrong", [{"dropout": 1.0}, {"input_dropout": -0.1}, {"hidden_sizes": 3}, {"mixup_alpha": -1}]
)
def test_a_wrong_parameter_is_named(data, wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        MLPSER(**wrong).fit(*data)


def test_same_seed_same_probabilities(data):
    X, y = data
    first, second = (MLPSER(max_epochs=2, random_state=3).fit(X, y) for _ in range(2))
    assert_array_equal(first.predict_proba(X), second.predict_proba(X))


class _CountEpochs(Callback):
    def __init__(self):
        self.n = 0

    def on_epoch_begin(self, net, **kwargs):
        self.n += 1


@pytest.mark.parametrize("lr_schedule", ["one_cycle", "plateau", "constant"])
def test_early_stopping_can_be_switched_between_warm_starts(data, lr_schedule):
    mine = _CountEpochs()
    model = MLPSER(
        max_epochs=3,
        lr_schedule=lr_schedule,
        warm_start=True,
        random_state=0,
        net_params={"callbacks": [mine]},
    ).fit(*data)
    net = model.net_
    model.set_params(early_stopping=True, n_iter_no_change=1, max_epochs=50).fit(*data)
    assert 3 < model.n_iter_ < 53
    stopped = model.n_iter_
    assert all("valid_loss" in epoch for epoch in model.history_[3:])
    model.set_params(early_stopping=False).partial_fit(*data)
    assert model.n_iter_ == stopped + 1
    assert "valid_loss" not in model.history_[-1]
    assert model.net_ is net
    assert mine.n == model.n_iter_
