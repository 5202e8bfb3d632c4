"""Copies of utterances that are spoken faster and slower."""

from typing import ClassVar

import numpy as np

from sklearn_ser.augmentation._base import UtteranceSampler
from sklearn_ser.utils._signal import change_speed


class SpeedSampler(UtteranceSampler):
    """Add copies of the training utterances at other speeds.

    Speed perturbation [1]_ plays the recording slower or faster: durations and all frequencies,
    those of pitch and formants included, change by the same factor. It works on utterances, so it
    stands before the extractor in a pipeline of imbalanced-learn, which runs it in ``fit`` only.

    Parameters
    ----------
    factors : tuple of float, default=(0.9, 1.1)
        One copy of each utterance is made for each factor; above 1 is faster.
    sampling_rate : int, default=16000
        Sampling rate in Hz of the copies. Give the extractor the same: it takes waveforms to have
        its own rate.
    channel : int or "mean", default="mean"
        Channel of a file with several, or the mean of all.

    Attributes
    ----------
    sample_indices_ : ndarray of shape (n_utterances_new,)
        The row of X that each row of the last output comes from.
    synthetic_mask_ : ndarray of shape (n_utterances_new,), bool
        True for the copies of the last output, which follow all the originals.

    See Also
    --------
    NoiseSampler : Adds copies with noise.

    Notes
    -----
    Originals stay as they are, paths included. Copies are waveforms in memory, 64 kB for a second
    of 16 kHz. A factor of 1.1 raises the voice by 1.65 semitones, and pitch carries emotion: larger
    changes may turn one emotion into another.

    Before a :class:`~sklearn_ser.preprocessing.SpeakerNormalizer` the copies enter the statistics
    of the training speakers, while those of the test speakers are of originals alone: do not
    normalise by speaker behind this sampler.

    References
    ----------
    .. [1] T. Ko, V. Peddinti, D. Povey, S. Khudanpur, "Audio augmentation for speech
       recognition", Interspeech, 2015.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn_ser.augmentation import SpeedSampler
    >>> tone = 0.3 * np.sin(2 * np.pi * 220 * np.arange(16000) / 16000)
    >>> X = pd.DataFrame({"file": [tone, tone[:9000]], "speaker": ["03", "08"]})
    >>> X_resampled, y_resampled = SpeedSampler().fit_resample(X, ["anger", "fear"])
    >>> X_resampled.assign(n_samples=X_resampled["file"].map(len)).drop(columns="file")
      speaker  n_samples
    0      03      16000
    1      08       9000
    0      03      17778
    1      08      10000
    0      03      14545
    1      08       8182
    """

    _parameter_constraints: ClassVar[dict] = {"factors": [tuple, list]}

    def __init__(
        self,
        factors: tuple[float, ...] = (0.9, 1.1),
        *,
        sampling_rate: int = 16000,
        channel: int | str = "mean",
    ):
        self.factors = factors
        self.sampling_rate = sampling_rate
        self.channel = channel

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if not len(self.factors) or not all(0.1 <= factor <= 10 for factor in self.factors):
            raise ValueError(f"factors={self.factors!r}: give one or more from 0.1 to 10.")

    def _copies(self, signal: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
        return [change_speed(signal, factor) for factor in self.factors]
