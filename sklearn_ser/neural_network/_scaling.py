"""Standardisation of features and of the frames of sequences, as all nets do it."""

import numpy as np
from sklearn.preprocessing import StandardScaler
from sklearn.utils import gen_batches

from sklearn_ser.utils._ragged import as_sequences


def fit_scaler(X: np.ndarray) -> StandardScaler:
    """Learn mean and standard deviation of each feature over all frames, in float64.

    Parameters
    ----------
    X : ndarray of shape (n_utterances, n_features) or (n_utterances,) of arrays
        Features or sequences.

    Returns
    -------
    StandardScaler
        The fitted scaler; features without variance have a scale of one.
    """
    scaler = StandardScaler()
    for part in gen_batches(len(X), 256):  # lest a corpus is in memory thrice
        frames = X[part] if X.ndim == 2 else np.concatenate(list(X[part]))
        # openSMILE gives values up to 7e12 whose squares have no place in float32. Frames have no
        # weights here: with them, scikit-learn finds negative variances on such values.
        scaler.partial_fit(frames.astype(np.float64, copy=False))
    return scaler


def standardize(X: np.ndarray, scaler: StandardScaler, clip: float) -> np.ndarray:
    """Scale features or sequences and clip them, to float32.

    Parameters
    ----------
    X : ndarray of shape (n_utterances, n_features) or (n_utterances,) of arrays
        Features or sequences.

    scaler : StandardScaler
        As from :func:`fit_scaler`.

    clip : float
        Largest absolute value, in standard deviations.

    Returns
    -------
    ndarray of the shape of X
        Scaled values, float32.
    """
    if X.ndim == 1:
        return as_sequences([standardize(x, scaler, clip) for x in X])
    scaled = (X.astype(np.float64, copy=False) - scaler.mean_) / scaler.scale_
    return np.clip(scaled, -clip, clip, out=scaled).astype(np.float32)
