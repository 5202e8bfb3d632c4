"""Batches of utterances: fetched whole, cropped, of similar length."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from sklearn_ser.utils._ragged import pad_sequences


class UtteranceDataset(Dataset):
    """Inputs with aligned per-utterance targets, fetched a whole batch at a time.

    skorch hands ``fit_params`` to ``forward`` unbatched; what stands in the targets here is batched
    together with the inputs.

    Parameters
    ----------
    X : ndarray of shape (n_utterances, n_features) or (n_utterances,) of arrays
        Features, or sequences of shape (n_frames_i, n_features).

    targets : dict of str to ndarray of shape (n_utterances, ...), default=None
        What the criterion takes beside the output of the module, by the names of its arguments.

    crop_frames : int, default=None
        Longer sequences are cut to this length, at a place that is drawn anew each time.

    n_members : int, default=1
        Networks that train side by side, each on every utterance of an epoch.
    """

    def __init__(
        self,
        X: np.ndarray,
        targets: dict[str, np.ndarray] | None = None,
        crop_frames: int | None = None,
        n_members: int = 1,
    ):
        self.X = X
        self.targets = targets or {}
        self.crop_frames = crop_frames
        self.n_members = n_members

    def __len__(self) -> int:
        return len(self.X)

    @property
    def lengths(self) -> np.ndarray:
        """Number of frames of each utterance, cut; a row of features is one frame.

        Returns
        -------
        ndarray of shape (n_utterances,), int
            The lengths.
        """
        if self.X.ndim == 2:
            return np.ones(len(self.X), dtype=int)
        lengths = np.array([len(x) for x in self.X])
        return lengths if self.crop_frames is None else np.minimum(lengths, self.crop_frames)

    def batch_sampler(self, batch_size: int) -> Sampler:
        """Say which utterances make the batches of an epoch of training.

        Parameters
        ----------
        batch_size : int
            Utterances a batch, of each member.

        Returns
        -------
        Sampler
            Batches as lists of positions: the rows of the first member, then of the second.
        """
        return LengthBatchSampler(self.lengths, batch_size, n_members=self.n_members)

    def __getitems__(self, indices: list[int]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Fetch a batch.

        Parameters
        ----------
        indices : list of int
            The utterances of the batch.

        Returns
        -------
        inputs : dict
            ``"X"`` of shape (n, n_frames, n_features), float32, and ``"lengths"`` of shape (n,).
        targets : dict
            The rows of the targets.
        """
        if self.X.ndim == 2:
            X = torch.from_numpy(self.X[indices].astype(np.float32, copy=False))[:, None, :]
            lengths = torch.ones(len(indices), dtype=torch.int64)
        else:
            X, lengths = pad_sequences([self._crop(x) for x in self.X[indices]])
        targets = {name: torch.from_numpy(rows[indices]) for name, rows in self.targets.items()}
        return {"X": X, "lengths": lengths}, targets

    def _crop(self, x: np.ndarray) -> np.ndarray:
        if self.crop_frames is None or len(x) <= self.crop_frames:
            return x
        start = int(torch.randint(len(x) - self.crop_frames + 1, ()))
        return x[start : start + self.crop_frames]


class LengthBatchSampler(Sampler):
    """Batches of utterances of similar length in random order.

    Shuffled utterances are sorted by length within pools of several batches, so that little of a
    batch is padding, and the batches are shuffled again. A last batch of a single utterance joins
    the one before it: batch statistics of one row do not exist. No utterance is dropped.

    Members of an ensemble get orders of their own. Each batch holds as many utterances of every
    member, one member after the other.

    Parameters
    ----------
    lengths : ndarray of shape (n_utterances,)
        Number of frames of each utterance.

    batch_size : int
        Utterances a batch.

    pool : int, default=16
        Batches a pool, roughly.

    n_members : int, default=1
        Number of members.
    """

    def __init__(self, lengths: np.ndarray, batch_size: int, pool: int = 16, *, n_members: int = 1):
        self.lengths = lengths
        self.batch_size = batch_size
        self.pool = pool
        self.n_members = n_members

    def __len__(self) -> int:
        n, size = len(self.lengths), self.batch_size
        single_last = n % size == 1 and n > 1 and size > 1
        return -(-n // size) - single_last

    def __iter__(self) -> Iterator[list[int]]:
        orders = np.stack([self._order() for _ in range(self.n_members)])
        starts = [self.batch_size * i for i in range(len(self))]
        ends = [*starts[1:], len(self.lengths)]
        for i in torch.randperm(len(self)).tolist():
            yield orders[:, starts[i] : ends[i]].ravel().tolist()

    def _order(self) -> np.ndarray:
        order = torch.randperm(len(self.lengths)).numpy()
        if self.lengths.min() == self.lengths.max():
            return order
        # Pools of as many batches each, as a small last one would hold all lengths in a batch.
        of_pools = np.array_split(np.arange(len(self)), max(1, round(len(self) / self.pool)))
        pools = np.split(order, [self.batch_size * batches[0] for batches in of_pools[1:]])
        return np.concatenate(
            [pool[np.argsort(self.lengths[pool], kind="stable")] for pool in pools]
        )


def as_fetched(batch: Any) -> Any:
    """Collate nothing: the dataset gives whole batches (and a lambda would not pickle).

    Parameters
    ----------
    batch : tuple of dict
        A batch.

    Returns
    -------
    tuple of dict
        The same batch.
    """
    return batch
