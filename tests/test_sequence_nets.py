"""What every deep classifier promises on sequences, and each rung of the ladder with it."""

import numpy as np
import pytest
import torch

from sklearn_ser import CNNLSTMSER, DenseNetSER, MelCNNSER, SpeechNetClassifier
from sklearn_ser.modules import MeanOverTime
from sklearn_ser.utils._ragged import as_sequences

EMOTIONS = np.array(["anger", "neutral", "sadness"])


class OwnModule(torch.nn.Module):
    """A module of a user's own."""

    def __init__(self, n_features, n_outputs, n_hidden=32):
        super().__init__()
        self.pool = MeanOverTime()
        self.hidden = torch.nn.Linear(n_features, n_hidden)
        self.output = torch.nn.Linear(n_hidden, n_outputs)

    def forward(self, X, lengths):
        """Score the classes."""
        return self.output(torch.relu(self.hidden(self.pool(X, lengths))))


_SMALL = {
    "block_layers": (2, 2),
    "growth_rate": 4,
    "n_lstm_units": 8,
    "crop_frames": 24,
    "batch_size": 8,
}
NETS = {
    "DenseNet-LSTM-highway": DenseNetSER(**_SMALL),
    "DenseNet-LSTM": DenseNetSER(**_SMALL | {"n_highway_layers": 0}),
    "DenseNet": DenseNetSER(**_SMALL | {"n_highway_layers": 0, "n_lstm_units": 0}),
    "CNN-LSTM": DenseNetSER(**_SMALL | {"n_highway_layers": 0, "dense": False}),
    "CNN": DenseNetSER(**_SMALL | {"n_highway_layers": 0, "dense": False, "n_lstm_units": 0}),
    "over time": DenseNetSER(convolution="time", **_SMALL),
    "MelCNNSER": MelCNNSER(filter_frames=(3, 8), n_filters=16, hidden_sizes=(16,), batch_size=8),
    "CNNLSTMSER": CNNLSTMSER(segment_frames=12, n_lstm_units=8, batch_size=8),
    "own module": SpeechNetClassifier(OwnModule, lr=1e-2, batch_size=8),
}
# What stands in the way of learning by heart.
REGULARISERS = {
    "dropout": 0.0,
    "label_smoothing": 0.0,
    "mixup_alpha": 0.0,
    "time_masks": 0,
    "frequency_masks": 0,
    "weight_decay": 0.0,
}


def _net(name, **kwargs):
    net = NETS[name]
    params = net.get_params() | {"random_state": 0, "max_epochs": 4} | kwargs
    return type(net)(**{name: params[name] for name in net.get_params()})


def _sequences(n=12, seed=0):
    """Return spectra whose strongest bands tell the emotion, of 5 to 35 frames."""
    rng = np.random.default_rng(seed)
    code = np.arange(n) % 3
    X = [rng.normal(size=(rng.integers(5, 36), 16)) for _ in range(n)]
    for x, c in zip(X, code, strict=True):
        x[:, 5 * c : 5 * c + 5] += 1.5
    return as_sequences(X), EMOTIONS[code]


_each_net = pytest.mark.parametrize("name", NETS)


@_each_net
def test_learns_twelve_utterances_by_heart(name):
    X, y = _sequences()
    rng = np.random.default_rng(1)
    y = rng.permutation(y)  # nothing to generalise from
    model = _net(name, max_epochs=40, lr=1e-2, **REGULARISERS).fit(X, y)
    assert model.score(X, y) == 1.0


@_each_net
def test_loss_falls_from_the_first_epoch(name):
    X, y = _sequences(n=48)
    model = _net(name, max_epochs=5, lr=3e-3, lr_schedule="constant", **REGULARISERS).fit(X, y)
    losses = [epoch["train_loss"] for epoch in model.history_]
    assert losses[1] < losses[0]
    assert losses[-1] < 0.9 * losses[0]


@_each_net
def test_recognises_what_it_was_not_trained_on(name):
    model = _net(name, max_epochs=12, lr=1e-2).fit(*_sequences(n=48))
    assert model.score(*_sequences(n=30, seed=1)) > 0.8


@_each_net
def test_batch_size_order_and_neighbours_change_no_prediction(name):
    X, y = _sequences(n=24)
    model = _net(name).fit(X, y)
    expected = model.predict_proba(X)
    order = np.random.default_rng(0).permutation(len(X))
    np.testing.assert_allclose(model.predict_proba(X[order]), expected[order], atol=1e-6)
    np.testing.assert_allclose(model.predict_proba(X[3:4]), expected[3:4], atol=1e-6)
    model.net_.set_params(batch_size=1)
    np.testing.assert_allclose(model.predict_proba(X), expected, atol=1e-6)


@_each_net
def test_stopped_and_continued_goes_on_where_it_was(name):
    X, y = _sequences(n=24)
    whole, parts = _net(name).fit(X, y), _net(name)
    for _ in range(4):
        parts.partial_fit(X, y)
    np.testing.assert_array_equal(parts.predict_proba(X), whole.predict_proba(X))


@_each_net
def test_warm_start_trains_the_same_net_on(name):
    X, y = _sequences(n=24)
    model = _net(name, warm_start=True).fit(X, y)
    net, before = model.net_, model.predict_proba(X)
    model.fit(X, y)
    assert model.net_ is net
    assert len(model.history_) == 8
    assert np.abs(model.predict_proba(X) - before).max() > 1e-4


@_each_net
def test_frames_beyond_a_length_have_no_gradient(name):
    X, y = _sequences(n=24)
    module = _net(name).fit(X, y).module_
    frames, lengths = torch.randn(3, 20, 16, requires_grad=True), torch.tensor([20, 9, 1])
    module(frames, lengths).square().sum().backward()
    beyond = torch.arange(20) >= lengths[:, None]
    assert frames.grad is not None
    assert not frames.grad[beyond].any()
    assert frames.grad[~beyond].any()
