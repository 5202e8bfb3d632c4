"""Signals as a whole: their speed, their level, and a number that tells them apart."""

import hashlib

import numpy as np


def change_speed(signal: np.ndarray, factor: float) -> np.ndarray:
    """Play a signal faster, which raises its pitch too.

    Parameters
    ----------
    signal : ndarray of shape (n_samples,)
        The samples.
    factor : float
        2 halves the duration and doubles every frequency; below 1 the signal gets slower.

    Returns
    -------
    faster : ndarray of shape (round(n_samples / factor),)
        The samples at the old sampling rate.
    """
    import soxr

    return soxr.resample(signal, factor, 1.0)


def standardize_signal(signal: np.ndarray) -> np.ndarray:
    """Scale a signal to zero mean and unit variance.

    Parameters
    ----------
    signal : ndarray of shape (n_samples,)
        The samples.

    Returns
    -------
    standardized : ndarray of shape (n_samples,), float64
        The scaled samples; a constant signal becomes zero.
    """
    centred = signal - np.mean(signal, dtype=np.float64)
    scale = np.sqrt(np.mean(np.square(centred)))
    # What is left of a constant is rounding.
    is_constant = scale <= 100 * np.finfo(np.float64).eps * np.abs(signal).max()
    return np.zeros_like(centred) if is_constant else centred / scale


def signal_number(signal: np.ndarray) -> int:
    """Hash samples to a number.

    Parameters
    ----------
    signal : ndarray of shape (n_samples,)
        Samples.

    Returns
    -------
    int
        The same for the same samples, as float32.
    """
    # Adding zero turns -0 to 0, which a file does not tell apart.
    samples = np.ascontiguousarray(signal, dtype=np.float32) + 0
    return int.from_bytes(hashlib.blake2b(samples.tobytes(), digest_size=8).digest())
