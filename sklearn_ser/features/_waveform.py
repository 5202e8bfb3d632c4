"""Utterances as sequences of samples, for networks that learn their own front end."""

from typing import Any, ClassVar

import numpy as np

from sklearn_ser.features._base import UtteranceTransformer
from sklearn_ser.utils._audio import Utterance
from sklearn_ser.utils._signal import standardize_signal


class RawWaveform(UtteranceTransformer):
    """Samples of utterances, as sequences with one feature.

    For networks that learn from the waveform itself, as in [1]_. The transformer is stateless: it
    transforms without having been fitted.

    Parameters
    ----------
    normalize : bool, default=True
        Whether each utterance is scaled to zero mean and unit variance, which takes the
        loudness of the recording away. Unscaled samples lie in [-1, 1].
    sampling_rate : int, default=16000
        Sampling rate in Hz. Files are resampled to it, waveforms are taken to have it.
    channel : int or "mean", default="mean"
        Channel of a file with several, or the mean of all.
    n_jobs : int or None, default=None
        Utterances read at the same time, in threads unless :class:`joblib.parallel_config` says
        otherwise. None means 1 outside such a context.
    memory : str, path, joblib.Memory or None, default=None
        Folder in which the samples of each utterance are kept; worth it where files need to be
        resampled.
    verbose : int, default=0
        Whether to show a progress bar.

    See Also
    --------
    LogMelSpectrogram : 16 times fewer numbers per second.

    Notes
    -----
    All utterances are held in memory, 64 kB for a second of 16 kHz.

    References
    ----------
    .. [1] S. Latif, R. Rana, S. Khalifa, R. Jurdak, J. Epps, "Direct modelling of speech emotion
       from raw speech", Interspeech, 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser.features import RawWaveform
    >>> tone = 0.3 * np.sin(2 * np.pi * 220 * np.arange(16000) / 16000)
    >>> [sequence] = RawWaveform().transform([tone])
    >>> sequence.shape, round(float(sequence.std()), 3)
    ((16000, 1), 1.0)
    """

    _parameter_constraints: ClassVar[dict] = {"normalize": ["boolean"]}

    def __init__(
        self,
        *,
        normalize: bool = True,
        sampling_rate: int = 16000,
        channel: int | str = "mean",
        n_jobs: int | None = None,
        memory: Any = None,
        verbose: int = 0,
    ):
        self.normalize = normalize
        self.sampling_rate = sampling_rate
        self.channel = channel
        self.n_jobs = n_jobs
        self.memory = memory
        self.verbose = verbose

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the only feature.

        Parameters
        ----------
        input_features : object, default=None
            Ignored: utterances have no features.

        Returns
        -------
        feature_names_out : ndarray of str objects of shape (1,)
            The name.
        """
        return np.array(["amplitude"], dtype=object)

    def _check_parameters(self) -> None:
        super()._check_parameters()
        self._validate_params()

    def _extract(self, signal: np.ndarray, utterance: Utterance) -> np.ndarray:
        if self.normalize:
            signal = standardize_signal(signal)
        return signal.astype(np.float32)[:, np.newaxis]
