"""What training does to its batches: crops, mixtures, noise, masks."""

import pickle

import numpy as np
import pytest
import torch

from sklearn_ser.modules.functional import MAX_MASK, lengths_to_mask, stretches
from sklearn_ser.neural_network._batch_augmentation import Augmentation
from sklearn_ser.neural_network._batches import LengthBatchSampler, UtteranceDataset
from sklearn_ser.utils._ragged import as_sequences


def _batch(n=200, n_frames=40, n_features=20):
    lengths = torch.arange(n) % n_frames + 1
    X = torch.ones(n, n_frames, n_features)
    return {"X": X, "lengths": lengths}, {"weight": torch.ones(n)}


def test_crops_are_pieces_of_the_sequence_from_anywhere_in_it():
    X = as_sequences([np.arange(10.0)[:, None], np.arange(3.0)[:, None]])
    dataset = UtteranceDataset(X, crop_frames=4)
    assert dataset.lengths.tolist() == [4, 3]
    torch.manual_seed(0)
    starts = set()
    for _ in range(100):
        inputs, _ = dataset.__getitems__([0, 1])
        long, short = inputs["X"][:, :, 0].tolist()
        assert inputs["lengths"].tolist() == [4, 3]
        assert np.diff(long).tolist() == [1, 1, 1]
        assert short == [0, 1, 2, 0]
        starts.add(long[0])
    assert starts == set(range(7))


def test_no_crop_is_the_whole_sequence():
    X = as_sequences([np.zeros((10, 2)), np.zeros((3, 2))])
    assert UtteranceDataset(X).__getitems__([0])[0]["X"].shape == (1, 10, 2)


def test_stretches_lie_within_each_row_and_cover_up_to_the_maximum():
    torch.manual_seed(0)
    sizes = torch.arange(1000) % 100 + 1
    covered = stretches(sizes, 100)
    beyond = torch.arange(100) >= sizes[:, None]
    assert not covered[beyond].any()
    width = covered.sum(1)
    assert (width <= MAX_MASK * sizes).all()
    assert (covered.int().diff(dim=1) == 1).sum(1).max() <= 1  # each is of one piece
    # Widths are even from nothing to the maximum, places even over the row.
    full = stretches(torch.full((20_000,), 100), 100)
    np.testing.assert_allclose(full.sum(1).float().mean(), 100 * MAX_MASK / 2, rtol=0.03)
    assert full.float().mean(0)[30:70].std() < 0.01


def test_nothing_is_augmented_by_default():
    batch = _batch()
    inputs, targets = Augmentation()(batch)
    assert inputs["X"] is batch[0]["X"]
    assert targets is batch[1]


def test_time_masks_zero_whole_frames_and_frequency_masks_whole_features():
    torch.manual_seed(0)
    frames = Augmentation(time_masks=2)(_batch())[0]["X"]
    assert set(frames.sum(2).unique().tolist()) == {0.0, 20.0}
    features = Augmentation(frequency_masks=1)(_batch())[0]["X"]
    assert set(features.sum(1).unique().tolist()) == {0.0, 40.0}


def test_noise_has_its_deviation():
    torch.manual_seed(0)
    batch = _batch()
    noise = Augmentation(noise=0.3)(batch)[0]["X"] - 1
    noise = noise[lengths_to_mask(batch[0]["lengths"], noise.shape[1])]
    np.testing.assert_allclose([noise.mean(), noise.std()], [0, 0.3], atol=0.01)


def test_noise_leaves_the_padding_alone():
    (inputs, targets) = _batch()
    padding = ~lengths_to_mask(inputs["lengths"], inputs["X"].shape[1])
    padded = inputs["X"].masked_fill(padding[:, :, None], 0)
    noisy = Augmentation(noise=0.3)((inputs | {"X": padded}, targets))[0]["X"]
    assert not noisy[padding].any()


def test_augmentation_leaves_the_batch_itself_alone():
    batch = _batch()
    Augmentation(mixup_alpha=0.3, noise=0.1, time_masks=1, frequency_masks=1)(batch)
    assert (batch[0]["X"] == 1).all()


def test_augmentation_draws_from_torchs_generator_and_pickles():
    augmented = []
    for augmentation in [Augmentation(0.3, 0.1, 1, 1)] * 2:
        torch.manual_seed(0)
        inputs, _ = pickle.loads(pickle.dumps(augmentation))(_batch())
        augmented.append(inputs["X"])
    assert torch.equal(*augmented)


@pytest.mark.parametrize("crop_frames", [None, 125])
def test_little_of_an_epoch_is_padding(crop_frames):
    # Lengths as of sentences: most of two to four seconds, some of nine.
    lengths = (np.random.default_rng(0).gamma(9, 16, size=500) + 40).astype(int)
    dataset = UtteranceDataset(as_sequences([np.zeros((n, 1)) for n in lengths]), None, crop_frames)
    batches = list(LengthBatchSampler(dataset.lengths, 32))
    padded = sum(len(batch) * dataset.lengths[batch].max() for batch in batches)
    assert dataset.lengths.sum() / padded > 0.9
