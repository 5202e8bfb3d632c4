"""MelCNNSER: what its module computes."""

import numpy as np
import pytest
import torch

from sklearn_ser import MelCNNSER
from sklearn_ser.modules import MaskedConv, MaxOverTime, MelCNN

LENGTHS = torch.tensor([20, 9, 1])


def _batch():
    torch.manual_seed(0)
    X = torch.randn(3, 20, 6)
    for row, n in zip(X, LENGTHS, strict=True):
        row[n:] = 1e3  # padding that would show
    return X


def test_maximum_over_time_reads_valid_frames_only():
    expected = torch.stack([x[:n].amax(0) for x, n in zip(_batch(), LENGTHS, strict=True)])
    torch.testing.assert_close(MaxOverTime()(_batch(), LENGTHS), expected)


@pytest.mark.parametrize("width", [1, 3, 4, 8])
def test_filters_of_any_width_are_torch_filters_of_each_sequence_alone(width):
    conv = MaskedConv(6, 5, (width, 1))
    out, lengths = conv(_batch()[:, :, None, :], LENGTHS)
    for i, n in enumerate(LENGTHS.tolist()):
        expected = torch.nn.functional.conv1d(
            _batch()[i : i + 1, :n].transpose(1, 2),
            conv.weight[..., 0],
            conv.bias,
            padding=width // 2,
        ).transpose(1, 2)
        assert lengths[i] == expected.shape[1]
        torch.testing.assert_close(out[i : i + 1, : lengths[i], 0], expected)


def test_module_takes_the_maxima_of_each_branch_through_its_layers():
    module, X = MelCNN(6, 3, filter_frames=(3, 8), n_filters=4, hidden_sizes=(5,)).eval(), _batch()
    maxima = []
    for branch in module.branches:
        x = X[1:2, :9].transpose(1, 2)
        weight, bias = (branch.get_parameter(name) for name in ("weight", "bias"))
        filtered = torch.nn.functional.conv1d(x, weight[..., 0], bias, padding=weight.shape[2] // 2)
        maxima.append(torch.relu(filtered).amax(2))
    expected = module.layers(torch.cat(maxima, 1))
    torch.testing.assert_close(module(X, LENGTHS)[1:2], expected)


def test_sizes_are_those_of_the_parameters():
    X = np.random.default_rng(0).normal(size=(6, 10, 4))
    model = MelCNNSER(filter_frames=[3, 5], n_filters=7, hidden_sizes=[9], max_epochs=1)
    module = model.fit(X, ["anger", "neutral"] * 3).module_
    assert [tuple(b.weight.shape) for b in module.branches] == [(7, 4, 3, 1), (7, 4, 5, 1)]
    linear = [layer for layer in module.layers if isinstance(layer, torch.nn.Linear)]
    assert [tuple(layer.weight.shape) for layer in linear] == [(9, 14), (2, 9)]


@pytest.mark.parametrize(
    ("params", "message"),
    [({"n_filters": 0}, "The 'n_filters' parameter"), ({"dropout": 1.0}, "The 'dropout' param")],
)
def test_error_parameters(params, message):
    with pytest.raises(ValueError, match=message):
        MelCNNSER(**params).fit(np.zeros((4, 3)), [0, 1, 0, 1])
