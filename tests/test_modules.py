"""The modules: formulas of their layers, and padding that reaches nothing."""

import numpy as np
import pytest
import torch

from sklearn_ser.modules import (
    MLP,
    AttentionOverTime,
    ConvLayer,
    DenseNetLSTMHighway,
    Ensemble,
    HalveTimeAndBands,
    Highway,
    LastOverTime,
    LSTMOverTime,
    MaskedBatchNorm,
    MaskedConv,
    MeanOverTime,
    StatisticsOverTime,
    Transition,
)
from sklearn_ser.modules.functional import (
    lengths_to_mask,
    mixup,
    mixup_share,
    soft_cross_entropy,
    zero_padding,
)

LENGTHS = torch.tensor([7, 3, 1, 4])


def _batch(n_features=6, padding=0):
    torch.manual_seed(0)
    X = torch.randn(4, 7, n_features)
    # Padding that would show if anything read it.
    X[~lengths_to_mask(LENGTHS, 7)] = 1e3
    return torch.nn.functional.pad(X, (0, 0, 0, padding), value=-1e3)


def _maps(n_channels=3, padding=0):
    """Return a batch of maps of 7 frames and 6 bands."""
    scale = torch.arange(1.0, n_channels + 1)
    return _batch(padding=padding)[:, :, :, None] * scale


def _alone(layer, X):
    """Give each sequence to the layer by itself, without padding."""
    return [layer(X[i : i + 1, :n], LENGTHS[i : i + 1]) for i, n in enumerate(LENGTHS.tolist())]


@pytest.mark.parametrize("lengths", [LENGTHS, torch.full((4,), 7)])
@pytest.mark.parametrize("batch", [_batch, _maps])
def test_masked_batch_norm_is_batch_norm_of_the_valid_frames(batch, lengths):
    X = batch()
    mask = lengths_to_mask(lengths, 7)
    norm, reference = MaskedBatchNorm(X.shape[-1]), torch.nn.BatchNorm1d(X.shape[-1])
    expected = reference(X[mask].flatten(0, -2)).view_as(X[mask])
    torch.testing.assert_close(norm(X, lengths)[mask], expected)
    torch.testing.assert_close(norm.running_var, reference.running_var)
    assert not norm(X, lengths)[~mask].any()


def test_masked_batch_norm_of_a_single_frame_is_finite():
    assert MaskedBatchNorm(3)(torch.randn(1, 1, 3), torch.tensor([1])).isfinite().all()


@pytest.mark.parametrize("stride", [(1, 1), (2, 4), (2, 1)])
def test_masked_conv_is_torch_conv_of_each_sequence_alone(stride):
    conv, X = MaskedConv(3, 2, (3, 5), stride), _maps()
    out, lengths = conv(X, LENGTHS)
    for i, n in enumerate(LENGTHS.tolist()):
        alone = X[i : i + 1, :n].permute(0, 3, 1, 2)
        expected = torch.nn.functional.conv2d(
            alone, conv.weight, conv.bias, stride, padding=(1, 2)
        ).permute(0, 2, 3, 1)
        assert lengths[i] == expected.shape[1]
        torch.testing.assert_close(out[i : i + 1, : lengths[i]], expected, rtol=1e-4, atol=1e-3)


def test_masked_conv_of_one_frame_is_the_middle_tap():
    conv, ones = MaskedConv(6, 2, (3, 1)), torch.ones(4, dtype=torch.int64)
    X = torch.randn(4, 1, 1, 6)
    padded, _ = conv(torch.cat([X, torch.zeros(4, 2, 1, 6)], 1), ones)
    torch.testing.assert_close(conv(X, ones)[0], padded[:, :1])


def test_halving_averages_two_frames_by_two_bands():
    X = torch.arange(30.0).reshape(1, 5, 3, 2)
    halved, lengths = HalveTimeAndBands()(X, torch.tensor([5]))
    assert lengths.tolist() == [3]
    for frame in range(3):
        for band in range(2):
            square = X[0, 2 * frame : 2 * frame + 2, 2 * band : 2 * band + 2]
            torch.testing.assert_close(halved[0, frame, band], square.mean((0, 1)))


def test_halving_reads_no_padding():
    X = _maps()
    halved, lengths = HalveTimeAndBands()(X, LENGTHS)
    for i, (alone, n) in enumerate(_alone(HalveTimeAndBands(), X)):
        assert lengths[i] == n
        torch.testing.assert_close(halved[i, :n], alone[0])


def test_mean_over_time_counts_valid_frames_only():
    X = _batch()
    expected = torch.stack([x[:n].mean(0) for x, n in zip(X, LENGTHS, strict=True)])
    torch.testing.assert_close(MeanOverTime()(X, LENGTHS), expected)


def test_last_over_time_is_the_last_valid_frame():
    X = _batch()
    expected = torch.stack([x[n - 1] for x, n in zip(X, LENGTHS, strict=True)])
    torch.testing.assert_close(LastOverTime()(X, LENGTHS), expected)


def test_statistics_over_time_are_mean_and_deviation():
    X, out = _batch(), StatisticsOverTime()(_batch(), LENGTHS)
    for i, n in enumerate(LENGTHS.tolist()):
        deviation = (X[i, :n].var(0, correction=0) + 1e-5).sqrt()
        torch.testing.assert_close(out[i], torch.cat([X[i, :n].mean(0), deviation]))


def test_attention_over_time_weighs_frames_by_their_softmax():
    attention, X = AttentionOverTime(6), _batch()
    out = attention(X, LENGTHS)
    for i, n in enumerate(LENGTHS.tolist()):
        weight = attention.score(X[i, :n]).softmax(0)
        mean = (weight * X[i, :n]).sum(0)
        variance = (weight * X[i, :n] ** 2).sum(0) - mean**2
        expected = torch.cat([mean, (variance + 1e-5).sqrt()])
        torch.testing.assert_close(out[i], expected, rtol=1e-3, atol=1e-3)
    for parameter in attention.parameters():
        torch.nn.init.zeros_(parameter)
    torch.testing.assert_close(attention(X, LENGTHS), StatisticsOverTime()(X, LENGTHS))


@pytest.mark.parametrize("bidirectional", [False, True])
def test_lstm_over_time_is_torch_lstm_of_each_sequence_alone(bidirectional):
    lstm, X = LSTMOverTime(6, 5, bidirectional), _batch()
    states = lstm(X, LENGTHS)
    assert states.shape == (4, 7, 10 if bidirectional else 5)
    for i, n in enumerate(LENGTHS.tolist()):
        alone = torch.nn.LSTM.forward(lstm, X[i : i + 1, :n])[0]
        torch.testing.assert_close(states[i : i + 1, :n], alone)


def test_closed_highway_carries_and_open_highway_transforms():
    X = torch.randn(3, 5)
    closed, opened = Highway(5, gate_bias=-1e4), Highway(5, gate_bias=1e4)
    torch.testing.assert_close(closed(X), X)
    torch.testing.assert_close(opened(X), torch.relu(opened.transform(X)))


def test_dense_layer_keeps_its_input_and_plain_layer_replaces_it():
    X = _maps()
    dense, plain = ConvLayer(3, 4, (3, 3)), ConvLayer(3, 4, (3, 3), dense=False)
    plain.load_state_dict(dense.state_dict())
    torch.testing.assert_close(dense(X, LENGTHS)[..., :3], X)
    torch.testing.assert_close(dense(X, LENGTHS)[..., 3:], plain(X, LENGTHS))


def test_transition_filters_and_halves_in_either_order():
    X, transition = _maps(), Transition(3, 2)
    out, lengths = transition(X, LENGTHS)
    activated = torch.relu(transition.norm(X, LENGTHS))
    filtered, _ = transition.conv(activated, LENGTHS)
    expected, _ = HalveTimeAndBands()(filtered, LENGTHS)
    assert lengths.tolist() == [4, 2, 1, 2]
    mask = lengths_to_mask(lengths, 4)
    torch.testing.assert_close(out[mask], expected[mask])


NETS = {
    "time": {"convolution": "time"},
    "time_frequency": {"convolution": "time_frequency", "bidirectional": True},
    "attention": {"convolution": "time_frequency", "pooling": "attention"},
    "plain": {"dense": False, "n_lstm_units": 0, "n_highway_layers": 0, "pooling": "statistics"},
    "last": {"pooling": "last", "convolution": "time_frequency"},
}
_each_net = pytest.mark.parametrize("kwargs", NETS.values(), ids=NETS)


def _net(n_lstm_units=8, **kwargs):
    torch.manual_seed(1)
    return DenseNetLSTMHighway(
        6,
        3,
        **{
            "stem_channels": 8,
            "block_layers": (2, 2),
            "growth_rate": 4,
            "n_lstm_units": n_lstm_units,
            **kwargs,
        },
    )


@_each_net
@pytest.mark.parametrize("training", [True, False])
def test_padding_changes_no_output(kwargs, training):
    # Without dropout, so that both runs draw nothing.
    net = _net(input_dropout=0.0, dropout=0.0, **kwargs).train(training)
    torch.testing.assert_close(net(_batch(), LENGTHS), net(_batch(padding=9), LENGTHS))


@_each_net
def test_neighbours_in_the_batch_change_no_output(kwargs):
    net, X = _net(**kwargs).eval(), _batch()
    alone = torch.cat(_alone(net, X))
    torch.testing.assert_close(net(X, LENGTHS), alone, rtol=1e-4, atol=1e-5)


@_each_net
def test_frames_beyond_a_length_have_no_gradient(kwargs):
    net, X = _net(**kwargs).eval(), _batch().requires_grad_()
    net(X, LENGTHS).square().sum().backward()
    mask = lengths_to_mask(LENGTHS, 7)
    assert X.grad is not None
    assert not X.grad[~mask].any()
    assert X.grad[mask].any(dim=-1).all() or kwargs.get("pooling") == "last"


@pytest.mark.parametrize("batch", [_batch, _maps])
def test_zero_padding_zeroes_padding_and_nothing_else(batch):
    X, mask = batch(), lengths_to_mask(LENGTHS, 7)
    zeroed = zero_padding(X, LENGTHS)
    assert torch.equal(zeroed[mask], X[mask])
    assert not zeroed[~mask].any()
    assert zero_padding(X, torch.full((4,), 7)) is X


def test_soft_cross_entropy_of_hard_labels_is_torch_cross_entropy():
    logits, y = torch.randn(5, 3), torch.tensor([0, 1, 2, 1, 0])
    weight = torch.rand(5)
    expected = (torch.nn.functional.cross_entropy(logits, y, reduction="none") * weight).mean()
    torch.testing.assert_close(soft_cross_entropy(logits, torch.eye(3)[y], weight), expected)


def test_mixup_is_linear():
    X, partner = torch.randn(4, 2, 3), torch.tensor([1, 0, 3, 2])
    mixed = mixup(X, partner, torch.tensor([1.0, 0.0, 0.5, 0.25]))
    torch.testing.assert_close(mixed[:2], X[[0, 0]])
    torch.testing.assert_close(mixed[2], (X[2] + X[3]) / 2)


def test_mixup_shares_follow_the_beta_distribution():
    torch.manual_seed(0)
    shares = mixup_share(0.4, 20_000).numpy()
    # Variance of Beta(a, a): 1 / (4 (2 a + 1)).
    np.testing.assert_allclose([shares.mean(), shares.var()], [0.5, 1 / 7.2], atol=0.01)


def test_ensemble_trains_each_member_on_rows_of_its_own_and_averages():
    torch.manual_seed(0)
    X, lengths = torch.randn(6, 1, 5), torch.ones(6, dtype=torch.int64)
    module = Ensemble(MLP, 3, averages_probabilities=False, n_features=5, n_outputs=2)
    module(X, lengths)[2:4].sum().backward()  # the rows of the second member
    moved = [
        any(p.grad is not None and p.grad.any() for p in m.parameters()) for m in module.members
    ]
    assert moved == [False, True, False]
    module.eval()
    mean = sum(member(X, lengths) for member in module.members) / 3
    torch.testing.assert_close(module(X, lengths), mean)
    module.averages_probabilities = True
    mean = sum(member(X, lengths).softmax(1) for member in module.members) / 3
    torch.testing.assert_close(module(X, lengths).exp(), mean)
