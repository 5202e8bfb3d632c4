"""Copies of utterances with noise at a given ratio of signal to noise."""

import os
from numbers import Integral, Real
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils._param_validation import Interval

from sklearn_ser.augmentation._base import UtteranceSampler
from sklearn_ser.utils._audio import Utterance, check_utterances, read_utterance

_SUFFIXES = {".wav", ".flac", ".ogg", ".mp3"}

# What is weaker than this share of the peak of a noise recording, 80 dB below it, is silence.
_SILENCE = 1e-4


def add_noise(signal: np.ndarray, noise: np.ndarray, snr: float) -> np.ndarray:
    """Add noise to a signal.

    Parameters
    ----------
    signal : ndarray of shape (n_samples,)
        The samples.
    noise : ndarray of shape (n_samples,)
        Samples of noise, of any level.
    snr : float
        Ratio of the mean power of the signal to that of the noise, in dB.

    Returns
    -------
    noisy : ndarray of shape (n_samples,)
        The sum. A silent signal, which has no such ratio, stays silent.
    """
    ratio = np.sqrt(_power(signal) / _power(noise))
    return signal + ratio * 10 ** (-snr / 20) * noise


def _power(signal: np.ndarray) -> float:
    return float(np.mean(np.square(signal, dtype=np.float64)))


def cut_noise(recording: np.ndarray, n_samples: int, rng: np.random.Generator) -> np.ndarray:
    """Cut noise out of a recording at a random place, and go round where it is too short.

    Parameters
    ----------
    recording : ndarray of shape (n_recorded,)
        A recording of noise, not silent throughout; silence within it is left out.
    n_samples : int
        The samples wanted.
    rng : numpy.random.Generator
        Draws the place.

    Returns
    -------
    noise : ndarray of shape (n_samples,)
        The samples.
    """
    level = np.abs(recording)
    audible = recording[level > _SILENCE * level.max()]
    start = rng.integers(len(audible))
    return audible[np.arange(start, start + n_samples) % len(audible)]


class NoiseSampler(UtteranceSampler):
    """Add copies of the training utterances with noise.

    It works on utterances, so it stands before the extractor in a pipeline of imbalanced-learn,
    which runs it in ``fit`` only.

    Parameters
    ----------
    noise : "white", path of a folder, or utterances, default="white"
        Gaussian white noise, or recordings of noise: a folder with audio files in it or below it,
        or whatever an extractor takes, such as a list of paths or a data frame with a column
        ``file``. Each copy gets a piece of one recording, drawn at random.
    snr : float or (float, float), default=(5.0, 20.0)
        Ratio of the power of the whole utterance, pauses included, to that of the noise in dB, or
        the bounds between which it is drawn for each copy. The same dB are more noise in
        :func:`~sklearn_ser.evaluation.noise_curve`, which leaves the pauses out.
    n_copies : int, default=1
        Copies of each utterance.
    sampling_rate : int, default=16000
        Sampling rate in Hz of the copies. Give the extractor the same: it takes waveforms to have
        its own rate.
    channel : int or "mean", default="mean"
        Channel of an utterance's file with several, or the mean of all, as always of noise.
    random_state : int, RandomState instance or None, default=None
        Seed of the noise and its level. With an int, the copies of an utterance do not depend on
        the others in X, so that an extractor with a cache meets them once in a cross-validation.

    Attributes
    ----------
    sample_indices_ : ndarray of shape (n_utterances_new,)
        The row of X that each row of the last output comes from.
    synthetic_mask_ : ndarray of shape (n_utterances_new,), bool
        True for the copies of the last output, which follow all the originals.
    recordings_ : list of Utterance
        The recordings of noise; none for white noise.

    See Also
    --------
    SpeedSampler : Adds copies at other speeds.

    Notes
    -----
    Originals stay as they are, paths included. Copies are waveforms in memory, 64 kB for a second
    of 16 kHz. Their peaks may exceed 1, which no extractor of this library minds.

    Before a :class:`~sklearn_ser.preprocessing.SpeakerNormalizer` the copies enter the statistics
    of the training speakers, while those of the test speakers are of originals alone: do not
    normalise by speaker behind this sampler.

    To test robustness against noise, keep the recordings that train apart from those that test.

    Examples
    --------
    >>> import numpy as np
    >>> from imblearn.pipeline import make_pipeline
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_ser.augmentation import NoiseSampler
    >>> from sklearn_ser.features import OpenSmileFeatures
    >>> tone = 0.3 * np.sin(2 * np.pi * 220 * np.arange(16000) / 16000)
    >>> X, y = [tone, 0.1 * tone], ["anger", "sadness"]
    >>> X_resampled, y_resampled = NoiseSampler(random_state=0).fit_resample(X, y)
    >>> len(X_resampled), y_resampled.tolist()
    (4, ['anger', 'sadness', 'anger', 'sadness'])
    >>> model = make_pipeline(
    ...     NoiseSampler(random_state=0), OpenSmileFeatures(), LogisticRegression()
    ... )
    >>> model.fit(X, y).predict(X).shape
    (2,)
    """

    _parameter_constraints: ClassVar[dict] = {
        "snr": [Interval(Real, None, None, closed="neither"), tuple, list],
        "n_copies": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        noise: Any = "white",
        *,
        snr: float | tuple[float, float] = (5.0, 20.0),
        n_copies: int = 1,
        sampling_rate: int = 16000,
        channel: int | str = "mean",
        random_state: Any = None,
    ):
        self.noise = noise
        self.snr = snr
        self.n_copies = n_copies
        self.sampling_rate = sampling_rate
        self.channel = channel
        self.random_state = random_state

    def fit(self, X: Any, y: Any, **params: Any) -> Self:
        """Check the parameters and the utterances, and list the noise.

        Parameters
        ----------
        X : array-like of shape (n_utterances,) or DataFrame
            Utterances.
        y : array-like of shape (n_utterances,)
            Targets.
        **params : dict
            Ignored.

        Returns
        -------
        self : object
            The sampler itself.
        """
        super().fit(X, y)
        self.recordings_ = list_recordings(self.noise)
        return self

    def _check_parameters(self) -> None:
        super()._check_parameters()
        bounds = np.ravel(self.snr)
        if len(bounds) > 2 or not np.isfinite(bounds).all() or bounds[0] > bounds[-1]:
            raise ValueError(f"snr={self.snr!r}: give a number of dB, or a lower and an upper one.")

    def _copies(self, signal: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
        return [self._copy_with_noise(signal, rng) for _ in range(self.n_copies)]

    def _copy_with_noise(self, signal: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        bounds = np.ravel(self.snr)
        snr = rng.uniform(bounds[0], bounds[-1])
        return add_noise(signal, self._draw_noise(len(signal), rng), snr)

    def _draw_noise(self, n_samples: int, rng: np.random.Generator) -> np.ndarray:
        if not self.recordings_:
            return rng.standard_normal(n_samples)
        drawn = self.recordings_[rng.integers(len(self.recordings_))]
        recording = read_utterance(drawn, sampling_rate=self.sampling_rate)
        if not recording.any():
            raise ValueError(f"The noise {drawn} is silent throughout. Remove it.")
        return cut_noise(recording, n_samples, rng)


def list_recordings(noise: Any) -> list[Utterance]:
    """List the recordings of noise.

    Parameters
    ----------
    noise : "white", path of a folder, or utterances
        As for :class:`NoiseSampler`.

    Returns
    -------
    list of Utterance
        The recordings; none stand for white noise.

    Raises
    ------
    ValueError
        If a folder has no audio files.
    """
    if isinstance(noise, str) and noise == "white":
        return []
    if isinstance(noise, (str, os.PathLike)):
        folder = Path(noise)
        found = sorted(str(path) for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)
        if not found:
            raise ValueError(
                f"noise={str(noise)!r}: no folder with audio files in it. Give 'white', such a "
                "folder, or a list of paths."
            )
        noise = found
    return check_utterances(noise)
