"""Batches of labelled and unlabelled utterances: neither drowns the other."""

from collections.abc import Iterator

import numpy as np
import torch
from torch.utils.data import Sampler

from sklearn_ser.neural_network._batches import LengthBatchSampler, UtteranceDataset


class PartlyLabelledDataset(UtteranceDataset):
    """Utterances of which those with a positive weight have a label.

    Parameters
    ----------
    X : ndarray of shape (n_utterances, n_features) or (n_utterances,) of arrays
        Features, or sequences of shape (n_frames_i, n_features).

    targets : dict of str to ndarray of shape (n_utterances, ...)
        Targets; ``"weight"`` is among them.

    labeled_fraction : float
        Smallest share of labelled utterances in a training batch.
    """

    def __init__(self, X: np.ndarray, targets: dict[str, np.ndarray], labeled_fraction: float):
        super().__init__(X, targets)
        self.labeled_fraction = labeled_fraction

    def batch_sampler(self, batch_size: int) -> "RepeatedBatchSampler":
        """Say which utterances make the batches of an epoch of training.

        Parameters
        ----------
        batch_size : int
            Utterances a batch.

        Returns
        -------
        RepeatedBatchSampler
            Batches as lists of positions.
        """
        labelled = self.targets["weight"] > 0
        share = max(self.labeled_fraction, labelled.mean())
        n_labelled = min(max(1, round(share * batch_size)), batch_size - 1)
        if labelled.all():
            return RepeatedBatchSampler(LengthBatchSampler(self.lengths, batch_size))
        return RepeatedBatchSampler(
            MixedBatchSampler(self.lengths, labelled, n_labelled, batch_size)
        )


class RepeatedBatchSampler(Sampler):
    """Passes over small data as often as it takes for an epoch to have enough batches.

    A few labelled utterances alone make a single batch: as many epochs of these would be many
    times fewer steps than those of a comparison with unlabelled utterances.

    Parameters
    ----------
    batches : LengthBatchSampler or MixedBatchSampler
        Batches of one pass.

    n_batches : int, default=10
        Smallest number of batches.
    """

    def __init__(self, batches: "LengthBatchSampler | MixedBatchSampler", n_batches: int = 10):
        self.batches = batches
        self.passes = -(-n_batches // len(batches))

    def __len__(self) -> int:
        return self.passes * len(self.batches)

    def __iter__(self) -> Iterator[list[int]]:
        for _ in range(self.passes):
            yield from self.batches


class MixedBatchSampler(Sampler):
    """Batches with a fixed number of labelled utterances, drawn anew as often as it takes.

    An epoch passes once over the unlabelled utterances, in batches of similar length. The
    labelled ones are drawn in random order, each again when all have had their turn.

    Parameters
    ----------
    lengths : ndarray of shape (n_utterances,)
        Number of frames of each utterance.

    labelled : ndarray of shape (n_utterances,), bool
        Which utterances have a label.

    n_labelled : int
        Labelled utterances a batch.

    batch_size : int
        Utterances a batch.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser.neural_network._partly_labelled import MixedBatchSampler
    >>> labelled = np.array([True, False, False, False, False])
    >>> batches = list(MixedBatchSampler(np.ones(5), labelled, n_labelled=1, batch_size=3))
    >>> [batch.count(0) for batch in batches]
    [1, 1]
    """

    def __init__(self, lengths: np.ndarray, labelled: np.ndarray, n_labelled: int, batch_size: int):
        self.labelled = np.flatnonzero(labelled)
        self.unlabelled = np.flatnonzero(~labelled)
        self.n_labelled = n_labelled
        self.batches = LengthBatchSampler(lengths[self.unlabelled], batch_size - n_labelled)

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[list[int]]:
        n_drawn = self.n_labelled * len(self)
        turns = -(-n_drawn // len(self.labelled))
        drawn = torch.cat([torch.randperm(len(self.labelled)) for _ in range(turns)]).numpy()
        labelled = self.labelled[drawn[:n_drawn]].reshape(len(self), self.n_labelled)
        for own, others in zip(labelled, self.batches, strict=True):
            yield [*own.tolist(), *self.unlabelled[others].tolist()]
