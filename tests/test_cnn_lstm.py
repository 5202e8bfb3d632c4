"""CNNLSTMSER: segments of utterances, and what becomes of their probabilities."""

import numpy as np
import pytest
import torch

from sklearn_ser import CNNLSTMSER
from sklearn_ser.neural_network._cnn_lstm import cut_segments
from sklearn_ser.neural_network._scaling import standardize
from sklearn_ser.utils._ragged import as_sequences


def _sequences(lengths, seed=0):
    rng = np.random.default_rng(seed)
    X = as_sequences([rng.normal(size=(n, 8)) for n in lengths])
    return X, np.array(["anger", "sadness"])[np.arange(len(lengths)) % 2]


def _net(**kwargs):
    small = {"segment_frames": 10, "n_lstm_units": 8, "max_epochs": 3, "random_state": 0}
    return CNNLSTMSER(**small | kwargs)


def test_segments_are_the_whole_utterance_in_parts_of_nearly_equal_length():
    X, _ = _sequences([10, 11, 35, 1])
    segments, owner = cut_segments(X, 10)
    assert owner.tolist() == [0, 1, 1, 2, 2, 2, 2, 3]
    assert [len(segment) for segment in segments] == [10, 6, 5, 9, 9, 9, 8, 1]
    for i, x in enumerate(X):
        np.testing.assert_array_equal(np.concatenate(list(segments[owner == i])), x)


def test_rows_of_features_are_not_cut():
    X = np.zeros((3, 4))
    segments, owner = cut_segments(X, 1)
    assert segments is X
    assert owner.tolist() == [0, 1, 2]


def test_probability_of_an_utterance_is_the_mean_over_its_segments():
    X, y = _sequences([10, 25, 8, 40, 12, 9])
    model = _net().fit(X, y)
    segments, owner = cut_segments(X, 10)
    # A segment is short enough to stay whole when it is predicted by itself.
    proba = model.predict_proba(segments)
    expected = np.stack([proba[owner == i].mean(axis=0) for i in range(len(X))])
    np.testing.assert_allclose(model.predict_proba(X), expected, atol=1e-6)
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), expected, atol=1e-6)


def test_training_on_utterances_is_training_on_their_segments():
    # Of even numbers of segments, so that class weights agree.
    X, y = _sequences([20, 20, 8, 8, 20, 20])
    segments, owner = cut_segments(X, 10)
    whole, parts = _net().fit(X, y), _net().fit(segments, y[owner])
    np.testing.assert_array_equal(whole.predict_proba(X), parts.predict_proba(X))


@pytest.fixture
def sides(monkeypatch):
    """Let the sets that are trained and validated on be seen: in this order, fit by fit."""
    datasets = []
    build = CNNLSTMSER._dataset

    def spy(self, X, targets):
        datasets.append(build(self, X, targets))
        return datasets[-1]

    monkeypatch.setattr(CNNLSTMSER, "_dataset", spy)

    def held_back(model, X, y, **metadata):
        datasets.clear()
        model.fit(X, y, **metadata)
        whose = [_owners(model, X, data) for data in datasets]
        # Each set is whole: it has all segments of each of its utterances.
        assert all((np.unique(owners, return_counts=True)[1] == 4).all() for owners in whose)
        valid, train = sorted((np.unique(owners) for owners in whose), key=len)
        assert not set(train) & set(valid)
        assert len(train) + len(valid) == len(X)
        return valid

    return held_back


def _owners(model, X, data):
    """Return for each segment of a dataset the utterance that begins, or goes on, with it."""
    segments, owner = cut_segments(standardize(X, model.scaler_, model.clip), 10)
    known = {segment.tobytes(): i for segment, i in zip(segments, owner, strict=True)}
    return np.array([known[segment.tobytes()] for segment in data.X])


def test_utterances_of_each_emotion_are_held_back_whole(sides):
    X, _ = _sequences([35] * 20)
    y = np.array(["anger"] * 15 + ["sadness"] * 5)
    for seed in range(5):  # by chance alone, one emotion would be missing in some of them
        model = _net(early_stopping=True, validation_fraction=0.2, random_state=seed, max_epochs=1)
        valid = sides(model, X, y)
        assert (y[valid] == "anger").sum() == 3
        assert (y[valid] == "sadness").sum() == 1


def test_speakers_are_held_back_whole(sides):
    X, y = _sequences([35] * 12)
    speaker = np.arange(12) // 3
    valid = sides(_net(early_stopping=True, validation_fraction=0.3), X, y, groups=speaker)
    assert valid.tolist() == np.flatnonzero(np.isin(speaker, speaker[valid])).tolist()


def test_sizes_are_those_of_the_parameters():
    X, y = _sequences([10] * 4)
    module = _net(n_filters=[3, 5], kernel_size=5, n_lstm_units=7).fit(X, y).module_
    assert [tuple(conv.weight.shape) for conv in module.convs] == [(3, 1, 5, 5), (5, 3, 5, 5)]
    assert module.lstm.weight_ih_l0.shape == (4 * 7, 2 * 5)  # 8 bands were halved twice
    assert module.output.weight.shape == (2, 14)


def test_module_reads_no_padding():
    module = _net().fit(*_sequences([10] * 4)).module_.eval()
    X, lengths = torch.randn(2, 9, 8), torch.tensor([9, 4])
    alone = module(X[1:, :4], lengths[1:])
    X[1, 4:] = 1e3
    torch.testing.assert_close(module(X, lengths)[1:], alone)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"kernel_size": 2}, "kernel_size=2 is even; use an odd number"),
        ({"segment_frames": 0}, "The 'segment_frames' parameter"),
    ],
)
def test_error_parameters(params, message):
    with pytest.raises(ValueError, match=message):
        _net(**params).fit(*_sequences([10] * 4))
