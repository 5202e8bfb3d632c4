"""Means and variances over the frames of utterances, and of many utterances together."""

from typing import NamedTuple

import numpy as np


class Moments(NamedTuple):
    """Mean and variance over some frames: of an utterance, of a speaker, or of rows of both."""

    n_frames: np.ndarray
    mean: np.ndarray
    variance: np.ndarray


def utterance_moments(features: np.ndarray) -> Moments:
    """Describe each utterance by its number of frames, mean and variance.

    Parameters
    ----------
    features : ndarray of shape (n_utterances, n_features) or (n_utterances,)
        Features (one frame each) or sequences.

    Returns
    -------
    moments : tuple of (n_frames, mean, variance)
        Arrays of shape (n_utterances,), (n_utterances, n_features) twice.

    Raises
    ------
    ValueError
        If an utterance has a value that is not finite, or no frame at all.
    """
    if features.ndim == 2:
        mean = features.astype(np.float64)
        moments = Moments(np.ones(len(mean)), mean, np.zeros_like(mean))
    else:
        moments = Moments(
            np.array([len(sequence) for sequence in features], dtype=np.float64),
            np.stack([np.mean(sequence, axis=0, dtype=np.float64) for sequence in features]),
            np.stack([np.var(sequence, axis=0, dtype=np.float64) for sequence in features]),
        )
    wrong = np.flatnonzero(~np.isfinite(moments.mean).all(axis=1))
    if wrong.size:
        # One of them would spoil every utterance of its speaker.
        raise ValueError(
            f"The extractor gave NaN, infinity or no frame for {wrong.size} of {len(features)} "
            f"utterances, first of them row {wrong[0]}. Remove them, or let the extractor repair "
            "them (OpenSmileFeatures: short='pad')."
        )
    return moments


def pool_moments(moments: Moments, rows: np.ndarray) -> Moments:
    """Pool utterances as if their frames had been concatenated.

    Parameters
    ----------
    moments : tuple of (n_frames, mean, variance)
        What :func:`utterance_moments` returns.
    rows : ndarray
        Indices or mask of the utterances to pool.

    Returns
    -------
    moments : tuple of (n_frames, mean, variance)
        Number of frames, and arrays of shape (n_features,).
    """
    n_frames, mean, variance = (array[rows] for array in moments)
    weight = (n_frames / n_frames.sum())[:, np.newaxis]
    pooled = (weight * mean).sum(axis=0)
    return Moments(n_frames.sum(), pooled, (weight * (variance + (mean - pooled) ** 2)).sum(axis=0))


def guarded_scale(mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Take the root, and 1 where the variance is nothing but rounding of a constant.

    Parameters
    ----------
    mean, variance : ndarray of shape (n_features,)
        Moments of each feature.

    Returns
    -------
    scale : ndarray of shape (n_features,)
        What to divide by.
    """
    rounding = (100 * np.finfo(np.float64).eps * np.abs(mean)) ** 2
    return np.sqrt(np.where(variance > rounding, variance, 1.0))
