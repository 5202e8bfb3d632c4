"""Sequences of unequal length: the one check of them, and batches padded with zeros."""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

_REMEDY = (
    "Sequences are a 1-D object array whose elements are float arrays of shape "
    "(n_frames_i, n_features), or one 3-D float array for equal lengths."
)


def is_sequences(X: Any) -> bool:
    """Tell sequences from a feature matrix, without checking them.

    Parameters
    ----------
    X : array-like
        Anything that an estimator is given.

    Returns
    -------
    bool
        True if X is 3-D or holds an array in its first element.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser.utils._ragged import is_sequences
    >>> is_sequences(np.zeros((5, 88))), is_sequences(np.zeros((5, 30, 40)))
    (False, True)
    """
    if getattr(X, "ndim", None) == 3:
        return True
    if getattr(X, "ndim", 1) != 1 or isinstance(X, (str, bytes)) or not hasattr(X, "__len__"):
        return False
    # Series have labels where arrays and lists have positions.
    first = next(iter(X), None) if hasattr(X, "__iter__") else None
    return getattr(first, "ndim", 0) == 2


def as_sequences(arrays: list[Any]) -> np.ndarray:
    """Put arrays into a 1-D object array, whatever their lengths.

    ``np.array(arrays, dtype=object)`` turns 3-D, or 2-D, when the lengths happen to agree.

    Parameters
    ----------
    arrays : list of ndarray
        One array of shape (n_frames_i, n_features) an utterance; or a waveform of shape
        (n_samples_i,).

    Returns
    -------
    ndarray of shape (n_utterances,), dtype object
        The same arrays.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser.utils._ragged import as_sequences
    >>> as_sequences([np.zeros((4, 2)), np.zeros((4, 2))]).shape
    (2,)
    """
    X = np.empty(len(arrays), dtype=object)
    for i, array in enumerate(arrays):
        X[i] = array
    return X


def check_sequences(X: Any, *, n_features: int | None = None) -> np.ndarray:
    """Check sequences and give them as a 1-D object array of 2-D float arrays.

    Parameters
    ----------
    X : array-like of shape (n_utterances,) or (n_utterances, n_frames, n_features)
        The sequences.

    n_features : int, default=None
        The width that each sequence has to have; None takes that of the first.

    Returns
    -------
    ndarray of shape (n_utterances,), dtype object
        Arrays of shape (n_frames_i, n_features), float32 or float64 as they came; integers turn
        float64.

    Raises
    ------
    ValueError
        If there is no sequence, or one is not 2-D, has no frames, another width, or holds NaN
        or infinity. The message names the position.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser.utils._ragged import check_sequences
    >>> [len(x) for x in check_sequences([np.ones((3, 2)), np.ones((5, 2))])]
    [3, 5]
    """
    arrays = list(X)
    if not arrays:
        raise ValueError(f"Found 0 sequences while a minimum of 1 is required. {_REMEDY}")
    return as_sequences([_check_sequence(x, i, n_features, arrays) for i, x in enumerate(arrays)])


def _check_sequence(x: Any, i: int, n_features: int | None, arrays: list[Any]) -> np.ndarray:
    x = np.asarray(x)
    if x.ndim != 2:
        raise ValueError(f"Sequence {i} has shape {x.shape}, not 2 dimensions. {_REMEDY}")
    if x.dtype not in (np.float32, np.float64):
        x = x.astype(np.float64)
    if n_features is None:
        n_features = np.shape(arrays[0])[1]
    if x.shape[1] != n_features:
        raise ValueError(
            f"Sequence {i} has {x.shape[1]} features, expected {n_features}. Extract all "
            "utterances with the same settings as those in fit."
        )
    if x.shape[0] == 0:
        raise ValueError(f"Sequence {i} has no frames. Remove the utterance.")
    if not np.isfinite(x).all():
        raise ValueError(
            f"Sequence {i} contains NaN or infinity. Remove the utterance or repair its features."
        )
    return x


def pad_sequences(sequences: Any) -> "tuple[torch.Tensor, torch.Tensor]":
    """Pad sequences with zero frames to the length of the longest.

    Parameters
    ----------
    sequences : sequence of ndarray of shape (n_frames_i, n_features)
        A batch.

    Returns
    -------
    X : Tensor of shape (n_utterances, max(n_frames_i), n_features), float32
        The padded batch.
    lengths : Tensor of shape (n_utterances,), int64
        The number of frames of each.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser.utils._ragged import pad_sequences
    >>> X, lengths = pad_sequences([np.ones((1, 2)), np.ones((3, 2))])
    >>> X[:, :, 0], lengths
    (tensor([[1., 0., 0.],
            [1., 1., 1.]]), tensor([1, 3]))
    """
    # Transformers check sequences too, and need no torch.
    import torch

    lengths = [len(x) for x in sequences]
    padded = np.zeros((len(sequences), max(lengths), sequences[0].shape[1]), dtype=np.float32)
    for row, x in zip(padded, sequences, strict=True):
        row[: len(x)] = x
    return torch.from_numpy(padded), torch.tensor(lengths)
