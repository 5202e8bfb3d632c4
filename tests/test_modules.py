"""The modules: formulas of their layers, and padding that reaches nothing."""

import numpy as np
import pytest
import torch

from sklearn_ser.modules import (
    DenseLayer,
    DenseNetLSTMHighway,
    HalveTime,
    Highway,
    MaskedBatchNorm,
    MeanOverTime,
    TimeConv,
    Transition,
)
from sklearn_ser.modules.functional import (
    lengths_to_mask,
    mixup,
    mixup_share,
    soft_cross_entropy,
)

LENGTHS = torch.tensor([7, 3, 1, 4])


def _batch(n_features=6, padding=0):
    torch.manual_seed(0)
    X = torch.randn(4, 7, n_features)
    # Padding that would show if anything read it.
    X[~lengths_to_mask(LENGTHS, 7)] = 1e3
    return torch.nn.functional.pad(X, (0, 0, 0, padding), value=-1e3)


def test_masked_batch_norm_is_batch_norm_of_the_valid_frames():
    X = _batch()
    mask = lengths_to_mask(LENGTHS, 7)
    norm, reference = MaskedBatchNorm(6), torch.nn.BatchNorm1d(6)
    torch.testing.assert_close(norm(X, LENGTHS)[mask], reference(X[mask]))
    torch.testing.assert_close(norm.running_var, reference.running_var)
    assert not norm(X, LENGTHS)[~mask].any()


def test_masked_batch_norm_of_a_single_frame_is_finite():
    assert MaskedBatchNorm(3)(torch.randn(1, 1, 3), torch.tensor([1])).isfinite().all()


def test_time_conv_of_one_frame_is_the_middle_tap():
    conv = TimeConv(6, 2, 3)
    X = torch.randn(4, 1, 6)
    one = conv(X, torch.ones(4, dtype=torch.int64))
    padded = conv(torch.cat([X, torch.zeros(4, 2, 6)], 1), torch.ones(4, dtype=torch.int64))
    torch.testing.assert_close(one, padded[:, :1])


def test_halving_averages_pairs():
    X = torch.arange(10.0).reshape(1, 5, 2)
    halved, lengths = HalveTime()(X, torch.tensor([5]))
    assert halved[0].tolist() == [[1.0, 2.0], [5.0, 6.0], [8.0, 9.0]]
    assert lengths.tolist() == [3]


def test_mean_over_time_counts_valid_frames_only():
    X = _batch()
    expected = torch.stack([x[:n].mean(0) for x, n in zip(X, LENGTHS, strict=True)])
    torch.testing.assert_close(MeanOverTime()(X, LENGTHS), expected)


def test_closed_highway_carries_and_open_highway_transforms():
    X = torch.randn(3, 5)
    closed, opened = Highway(5, gate_bias=-1e4), Highway(5, gate_bias=1e4)
    torch.testing.assert_close(closed(X), X)
    torch.testing.assert_close(opened(X), torch.relu(opened.transform(X)))


def test_dense_layer_keeps_its_input_and_adds_growth_rate_channels():
    X = _batch()
    out = DenseLayer(6, 4, 3)(X, LENGTHS)
    torch.testing.assert_close(out[:, :, :6], X)
    assert out.shape[2] == 10


def test_transition_halves_frames():
    X, lengths = Transition(6, 3)(_batch(), LENGTHS)
    assert X.shape == (4, 4, 3)
    assert lengths.tolist() == [4, 2, 1, 2]


def _net(**kwargs):
    torch.manual_seed(1)
    return DenseNetLSTMHighway(6, 3, block_layers=(2, 2), growth_rate=4, n_lstm_units=8, **kwargs)


@pytest.mark.parametrize("training", [True, False])
def test_padding_changes_no_output(training):
    # Without dropout, so that both runs draw nothing.
    net = _net(input_dropout=0.0, dropout=0.0).train(training)
    torch.testing.assert_close(net(_batch(), LENGTHS), net(_batch(padding=9), LENGTHS))


def test_neighbours_in_the_batch_change_no_output():
    net, X = _net().eval(), _batch()
    alone = torch.cat([net(X[i : i + 1, :n], LENGTHS[i : i + 1]) for i, n in enumerate(LENGTHS)])
    torch.testing.assert_close(net(X, LENGTHS), alone, rtol=1e-4, atol=1e-5)


def test_frames_beyond_a_length_have_no_gradient():
    net, X = _net().eval(), _batch().requires_grad_()
    net(X, LENGTHS).square().sum().backward()
    mask = lengths_to_mask(LENGTHS, 7)
    assert X.grad is not None
    assert not X.grad[~mask].any()
    assert X.grad[mask].any()


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
