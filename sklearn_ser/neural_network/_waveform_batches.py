"""Batches of waveforms, which are read when their turn comes."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from sklearn_ser.neural_network._batches import UtteranceDataset
from sklearn_ser.utils._audio import check_utterances, count_samples, read_utterance
from sklearn_ser.utils._ragged import as_sequences, check_sequences, is_sequences, pad_sequences
from sklearn_ser.utils._signal import change_speed, standardize_signal


def check_waveforms(X: Any) -> np.ndarray:
    """Check utterances, or sequences of samples, and list them without reading any file.

    Parameters
    ----------
    X : array-like of shape (n_utterances,), DataFrame, or sequences of shape (n_samples, 1)
        Utterances, or what :class:`~sklearn_ser.features.RawWaveform` makes of them.

    Returns
    -------
    ndarray of shape (n_utterances,), dtype object
        Each an :class:`~sklearn_ser.utils._audio.Utterance`.

    Raises
    ------
    ValueError
        If the sequences have more than one value a sample, or as of
        :func:`~sklearn_ser.utils._audio.check_utterances`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser.neural_network._waveform_batches import check_waveforms
    >>> check_waveforms([np.zeros(16000), np.ones(8000)]).shape
    (2,)
    """
    if is_sequences(X):
        sequences = check_sequences(X)
        width = sequences[0].shape[1]
        if width != 1:
            raise ValueError(
                f"X holds sequences of {width} features a frame, not waveforms. Give audio paths, "
                "1-D waveforms or what RawWaveform returns."
            )
        X = [sequence[:, 0] for sequence in sequences]
    return as_sequences(check_utterances(X))


# The nominal level of recorded speech, 26 dB below full scale (ITU-T P.56), as an amplitude.
NOMINAL_LEVEL = 0.05


class WaveformDataset(UtteranceDataset):
    """Utterances whose samples are read a batch at a time, with aligned targets.

    Parameters
    ----------
    X : ndarray of shape (n_utterances,)
        As from :func:`check_waveforms`.

    targets : dict of str to ndarray of shape (n_utterances, ...)
        What the criterion takes beside the output of the module, by the names of its arguments.

    sampling_rate : int
        Sampling rate in Hz to which files are resampled.

    channel : int or "mean"
        Channel of a file with several, or the mean of all.

    normalize : bool
        Whether each utterance, as a whole, is scaled to zero mean and unit variance. Otherwise all
        are scaled alike, such that speech at the usual level has about unit variance.
    """

    def __init__(
        self,
        X: np.ndarray,
        targets: dict[str, np.ndarray],
        *,
        sampling_rate: int,
        channel: int | str,
        normalize: bool,
    ):
        super().__init__(X, targets)
        self.sampling_rate = sampling_rate
        self.channel = channel
        self.normalize = normalize
        self.speed = 0.0  # speeds are drawn from 1 - speed to 1 + speed
        # Headers are read once, and a file that is no audio shows before the training begins.
        self._n_samples = np.array([count_samples(x, sampling_rate=sampling_rate) for x in X])

    @property
    def lengths(self) -> np.ndarray:
        """Number of samples of each utterance, cut, as its header tells.

        Returns
        -------
        ndarray of shape (n_utterances,), int
            The lengths.
        """
        if self.crop_frames is None:
            return self._n_samples
        return np.minimum(self._n_samples, self.crop_frames)

    def __getitems__(self, indices: list[int]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Read a batch.

        Parameters
        ----------
        indices : list of int
            The utterances of the batch.

        Returns
        -------
        inputs : dict
            ``"X"`` of shape (n, n_samples, 1), float32, and ``"lengths"`` of shape (n,).
        targets : dict
            The rows of the targets.
        """
        X, lengths = pad_sequences([self._crop(self._read(i)) for i in indices])
        targets = {name: torch.from_numpy(rows[indices]) for name, rows in self.targets.items()}
        return {"X": X, "lengths": lengths}, targets

    def _read(self, i: int) -> np.ndarray:
        signal = read_utterance(self.X[i], sampling_rate=self.sampling_rate, channel=self.channel)
        signal = standardize_signal(signal) if self.normalize else signal / NOMINAL_LEVEL
        signal = signal.astype(np.float32)
        if self.speed:
            factor = 1 + self.speed * (2 * torch.rand(()).item() - 1)
            changed = change_speed(signal, factor)
            signal = changed if len(changed) else signal
        return signal[:, None]
