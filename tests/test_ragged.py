"""Sequences of unequal length: the check, the padding, the batches of similar length."""

import numpy as np
import pandas as pd
import pytest
import torch

from sklearn_ser.neural_network._batch_augmentation import mix_batch
from sklearn_ser.neural_network._batches import LengthBatchSampler, UtteranceDataset
from sklearn_ser.utils._ragged import as_sequences, check_sequences, is_sequences, pad_sequences


def _sequences(lengths, n_features=2, seed=0):
    rng = np.random.default_rng(seed)
    return as_sequences([rng.normal(size=(n, n_features)).astype(np.float32) for n in lengths])


@pytest.mark.parametrize(
    ("X", "expected"),
    [
        (np.zeros((3, 4)), False),
        (np.zeros((3, 4, 2)), True),
        (_sequences([2, 3]), True),
        (_sequences([2, 2]), True),
        ([np.zeros((2, 3)), np.zeros((5, 3))], True),
        (pd.Series([np.zeros((2, 3))], index=[7]), True),
        (pd.DataFrame({"a": [1.0]}), False),
        ([[1.0, 2.0]], False),
        ([], False),
        ("text", False),
        (None, False),
    ],
)
def test_is_sequences(X, expected):
    assert is_sequences(X) is expected


def test_check_gives_one_dimension_even_for_equal_lengths():
    assert check_sequences(np.zeros((3, 4, 2))).shape == (3,)
    assert check_sequences([np.zeros((4, 2))] * 3).shape == (3,)


def test_check_keeps_precision_and_turns_integers_to_floats():
    X = check_sequences([np.zeros((2, 1), np.float32), np.zeros((2, 1)), np.zeros((2, 1), int)])
    assert [x.dtype for x in X] == [np.float32, np.float64, np.float64]


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([], "Found 0 sequences"),
        ([np.zeros((3, 2)), np.zeros((3, 5))], "Sequence 1 has 5 features, expected 2"),
        ([np.zeros((3, 2)), np.zeros(3)], r"Sequence 1 has shape \(3,\)"),
        ([np.zeros((3, 2)), np.zeros((0, 2))], "Sequence 1 has no frames"),
        ([np.array([[np.nan, 0.0]])], "Sequence 0 contains NaN or infinity"),
        ([np.zeros((3, 2)), np.array([[np.inf, 0.0]])], "Sequence 1 contains NaN or infinity"),
    ],
)
def test_check_refuses_in_one_sentence(X, message):
    with pytest.raises(ValueError, match=message):
        check_sequences(X)


def test_padding_keeps_values_and_adds_zeros_behind():
    X = _sequences([3, 1, 5])
    padded, lengths = pad_sequences(X)
    assert lengths.tolist() == [3, 1, 5]
    for row, x in zip(padded.numpy(), X, strict=True):
        np.testing.assert_array_equal(row[: len(x)], x)
        assert not row[len(x) :].any()


@pytest.mark.parametrize(("n", "size"), [(10, 3), (9, 3), (2, 1), (1, 4), (33, 32), (7, 100)])
def test_batches_hold_every_utterance_once_and_no_single_last(n, size):
    lengths = np.arange(n) % 5 + 1
    sampler = LengthBatchSampler(lengths, size)
    batches = list(sampler)
    assert sorted(i for batch in batches for i in batch) == list(range(n))
    assert len(batches) == len(sampler)
    if n > 1 and size > 1:
        assert min(len(batch) for batch in batches) > 1


def test_batches_hold_every_utterance_once_for_each_member():
    lengths = np.arange(33) % 5 + 1
    parts = [np.split(np.array(b), 3) for b in LengthBatchSampler(lengths, 8, n_members=3)]
    orders = [np.concatenate(rows) for rows in zip(*parts, strict=True)]
    for order in orders:
        assert sorted(order) == list(range(33))
    assert (orders[0] != orders[1]).any()


@pytest.mark.parametrize("n", [535, 1000])  # little more than a pool, and two
def test_batches_hold_little_padding(n):
    lengths = np.random.default_rng(0).integers(50, 500, size=n)
    padded = sum(len(batch) * lengths[batch].max() for batch in LengthBatchSampler(lengths, 32))
    assert lengths.sum() / padded > 0.94


def test_batches_differ_between_epochs():
    sampler = LengthBatchSampler(np.ones(20, dtype=int), 5)
    assert list(sampler) != list(sampler)


def test_dataset_gives_features_as_sequences_of_one_frame():
    X = np.arange(6.0).reshape(3, 2)
    inputs, targets = UtteranceDataset(X, {"weight": np.arange(3.0)}).__getitems__([2, 0])
    assert inputs["X"].shape == (2, 1, 2)
    assert inputs["X"].dtype == torch.float32
    assert inputs["X"][:, 0].tolist() == [[4.0, 5.0], [0.0, 1.0]]
    assert inputs["lengths"].tolist() == [1, 1]
    assert targets["weight"].tolist() == [2.0, 0.0]


def test_mixing_is_linear_in_inputs_weights_and_weighted_targets():
    torch.manual_seed(0)
    n = 50
    # The position of an utterance is its only feature, so that mixtures tell their parts.
    X, lengths = torch.eye(n)[:, None, :], torch.ones(n, dtype=torch.int64)
    target = torch.eye(2)[torch.arange(n) % 2]
    weight = 1.0 + torch.arange(n) % 2 * 9.0  # the second class is ten times as heavy
    inputs, targets = mix_batch(
        ({"X": X, "lengths": lengths}, {"target": target, "weight": weight}), alpha=0.4
    )
    shares = inputs["X"][:, 0]
    torch.testing.assert_close(shares.sum(1), torch.ones(n))
    assert ((shares > 0).sum(1) <= 2).all()
    assert len(shares.diagonal().unique()) > n // 2  # every pair has a share of its own
    torch.testing.assert_close(targets["weight"], shares @ weight)
    torch.testing.assert_close(targets["target"].sum(1), torch.ones(n))
    torch.testing.assert_close(
        targets["target"] * targets["weight"][:, None], shares @ (target * weight[:, None])
    )


def test_mixture_is_as_long_as_the_longer():
    X, lengths = pad_sequences(_sequences(np.arange(20) % 4 + 1))
    batch = {"X": X, "lengths": lengths}, {"weight": torch.ones(20)}
    torch.manual_seed(0)
    inputs, _ = mix_batch(batch, alpha=0.4)
    assert (inputs["lengths"] >= lengths).all()
    beyond = torch.arange(4) >= inputs["lengths"][:, None]
    assert not inputs["X"][beyond].any()
