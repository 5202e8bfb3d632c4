"""Spectrograms on a mel scale and their cepstra, as sequences."""

from functools import lru_cache
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from scipy.signal import get_window, savgol_coeffs
from sklearn.utils._param_validation import Interval, StrOptions

from sklearn_ser.features._base import UtteranceTransformer
from sklearn_ser.utils._audio import Utterance

# So many frames at a time stay in the cache of a processor, and an hour of audio in its memory.
_BLOCK = 128

# Frames that a delta is estimated from, as in librosa.
_DELTA_WIDTH = 9


def mel_power(
    signal: np.ndarray, window: np.ndarray, hop_length: int, bank: np.ndarray
) -> np.ndarray:
    """Measure the power of a signal in bands, frame by frame.

    Parameters
    ----------
    signal : ndarray of shape (n_samples,)
        The samples.
    window : ndarray of shape (n_fft,), float64
        The window, zero-padded to the length of the Fourier transform.
    hop_length : int
        Samples between frames. Frame ``t`` is centred at sample ``t * hop_length``; zeros are
        taken to precede and to follow the signal.
    bank : ndarray of shape (n_bands, n_fft // 2 + 1), float32
        The weight of each bin in each band.

    Returns
    -------
    power : ndarray of shape (1 + n_samples // hop_length, n_bands), float32
        The power.
    """
    frames = sliding_window_view(np.pad(signal, len(window) // 2), len(window))[::hop_length]
    power = np.empty((len(frames), len(bank)), dtype=np.float32)
    for start in range(0, len(frames), _BLOCK):
        block = slice(start, start + _BLOCK)
        # In double precision: a frame holds bins far below its strongest one.
        spectrum = scipy.fft.rfft(frames[block] * window)
        power[block] = (spectrum.real**2 + spectrum.imag**2).astype(np.float32) @ bank.T
    return power


def to_decibels(power: np.ndarray, amin: float, top_db: float | None) -> np.ndarray:
    """Convert power to decibels above a power of 1.

    Parameters
    ----------
    power : ndarray
        The power.
    amin : float
        What is weaker counts as this strong.
    top_db : float or None
        What lies more than this below the maximum is raised to there.

    Returns
    -------
    decibels : ndarray
        Of the shape and type of `power`.
    """
    decibels = 10 * np.log10(np.maximum(power, power.dtype.type(amin)))
    return decibels if top_db is None else np.maximum(decibels, decibels.max() - top_db)


def append_deltas(frames: np.ndarray, n_deltas: int) -> np.ndarray:
    """Append the derivatives over time as further features.

    Parameters
    ----------
    frames : ndarray of shape (n_frames, n_features)
        A sequence.
    n_deltas : int
        The highest order of derivative, from 0.

    Returns
    -------
    frames : ndarray of shape (n_frames, (1 + n_deltas) * n_features)
        The sequence and its derivatives per frame, and per frame squared.
    """
    return np.concatenate(
        [frames, *(_delta(frames, order) for order in range(1, n_deltas + 1))], axis=1
    )


def _delta(frames: np.ndarray, order: int) -> np.ndarray:
    """Differentiate a polynomial of this order fitted to the frames around each frame."""
    margin = (_DELTA_WIDTH // 2, _DELTA_WIDTH // 2), (0, 0)
    short = len(frames) < _DELTA_WIDTH
    if short:
        frames = np.pad(frames, margin, mode="edge")
    weights = savgol_coeffs(_DELTA_WIDTH, order, deriv=order, use="dot").astype(frames.dtype)
    n_whole = len(frames) - _DELTA_WIDTH + 1
    inner = sum(weight * frames[k : k + n_whole] for k, weight in enumerate(weights))
    # The highest derivative of a polynomial is constant: that of the outermost fit holds up to
    # the edge.
    return inner if short else np.pad(inner, margin, mode="edge")


class _MelTransformer(UtteranceTransformer):
    """What LogMelSpectrogram and MFCC share: everything up to the mel bands in decibels."""

    _backends = ("librosa", "numpy", "scipy", "soundfile", "soxr")

    _parameter_constraints: ClassVar[dict] = {
        "n_mels": [Interval(Integral, 1, None, closed="left")],
        "n_fft": [Interval(Integral, 2, None, closed="left")],
        "win_length": [Interval(Integral, 1, None, closed="left"), None],
        "hop_length": [Interval(Integral, 1, None, closed="left")],
        "window": [str, tuple],
        "fmin": [Interval(Real, 0, None, closed="left")],
        "fmax": [Interval(Real, 0, None, closed="neither"), None],
        "htk": ["boolean"],
        "norm": [StrOptions({"slaney"}), None],
        "amin": [Interval(Real, 0, None, closed="neither")],
        "top_db": [Interval(Real, 0, None, closed="left"), None],
        "deltas": [Interval(Integral, 0, 2, closed="both")],
    }

    def _check_parameters(self) -> None:
        super()._check_parameters()
        self._validate_params()
        if self.win_length is not None and self.win_length > self.n_fft:
            raise ValueError(
                f"win_length={self.win_length} exceeds n_fft={self.n_fft}: raise n_fft to it."
            )
        nyquist = self.sampling_rate / 2
        fmax = nyquist if self.fmax is None else self.fmax
        if not self.fmin < fmax <= nyquist:
            raise ValueError(
                f"fmin={self.fmin} and fmax={self.fmax}: the bands need fmin < fmax <= "
                f"{nyquist:g} Hz, half the sampling_rate."
            )
        self._padded_window()

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the features of a frame.

        Parameters
        ----------
        input_features : object, default=None
            Ignored: utterances have no features.

        Returns
        -------
        feature_names_out : ndarray of str objects of shape (n_features,)
            Names of the features, then of their deltas.
        """
        self._check_parameters()
        names = self._names()
        suffixes = ["", "_delta", "_delta2"][: 1 + self.deltas]
        return np.array([name + suffix for suffix in suffixes for name in names], dtype=object)

    def _names(self) -> list[str]:
        raise NotImplementedError

    def _padded_window(self) -> np.ndarray:
        n_samples = self.n_fft if self.win_length is None else self.win_length
        before = (self.n_fft - n_samples) // 2
        after = self.n_fft - n_samples - before
        try:
            window = get_window(self.window, n_samples)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"window={self.window!r} is none of scipy.signal.get_window ({error})."
            ) from error
        return np.pad(window, (before, after))

    def _log_mel(self, signal: np.ndarray) -> np.ndarray:
        bank = _mel_bank(
            self.sampling_rate,
            self.n_fft,
            self.n_mels,
            self.fmin,
            self.fmax,
            self.htk,
            self.norm,
        )
        power = mel_power(signal, self._padded_window(), self.hop_length, bank)
        return to_decibels(power, self.amin, self.top_db)


@lru_cache(maxsize=16)
def _mel_bank(
    sampling_rate: int,
    n_fft: int,
    n_mels: int,
    fmin: float,
    fmax: float | None,
    htk: bool,
    norm: Any,
) -> np.ndarray:
    import librosa

    return librosa.filters.mel(
        sr=sampling_rate, n_fft=n_fft, n_mels=n_mels, fmin=fmin, fmax=fmax, htk=htk, norm=norm
    )


class LogMelSpectrogram(_MelTransformer):
    """Power of utterances in mel bands, in decibels, as sequences.

    The values are those of ``librosa.power_to_db(librosa.feature.melspectrogram(...))`` [1]_, and
    of ``librosa.feature.delta``, to a thousandth of a decibel, time first. The transformer is
    stateless: it transforms without having been fitted.

    Parameters
    ----------
    n_mels : int, default=64
        Number of bands.
    n_fft : int, default=512
        Samples of a Fourier transform, 32 ms at 16 kHz.
    win_length : int or None, default=None
        Samples of the window, at most `n_fft`, which is what None stands for.
    hop_length : int, default=320
        Samples from frame to frame, 20 ms at 16 kHz.
    window : str or tuple, default="hann"
        Form of the window, as in :func:`scipy.signal.get_window`.
    fmin : float, default=0.0
        Lower edge of the lowest band, in Hz.
    fmax : float or None, default=None
        Upper edge of the highest band, in Hz; None is half the sampling rate.
    htk : bool, default=False
        Whether the mel scale is HTK's, logarithmic throughout, or Slaney's, linear below 1 kHz.
    norm : {"slaney"} or None, default="slaney"
        Bands weighted to equal areas, or to equal peaks as in HTK.
    amin : float, default=1e-10
        Weaker power counts as this, so that digital silence is -100 dB.
    top_db : float or None, default=80.0
        Everything further below the loudest band and frame of the utterance is raised to there;
        None raises nothing.
    deltas : {0, 1, 2}, default=0
        How many derivatives over time follow as further features.
    sampling_rate : int, default=16000
        Sampling rate in Hz. Files are resampled to it, waveforms are taken to have it.
    channel : int or "mean", default="mean"
        Channel of a file with several, or the mean of all.
    n_jobs : int or None, default=None
        Utterances extracted at the same time, in threads unless
        :class:`joblib.parallel_config` says otherwise. None means 1 outside such a context.
    memory : str, path, joblib.Memory or None, default=None
        Folder in which the result for each utterance is kept. A changed file, parameter or
        version of a library is extracted anew.
    verbose : int, default=0
        Whether to show a progress bar.

    See Also
    --------
    MFCC : Decorrelates the bands.
    sklearn_ser.features.Functionals : Turns the sequences into one row an utterance.
    sklearn_ser.preprocessing.SpeakerNormalizer : Normalises the bands by speaker.

    Notes
    -----
    Frames are centred at multiples of the hop, with zeros before and after the utterance: it has
    ``1 + n_samples // hop_length`` frames however short it is, and no utterance is too short.
    Deltas come from nine frames; near the edges from the nine outermost. An utterance with fewer
    frames is continued by its first and its last one.

    With many bands on a short `n_fft` the lowest bands fall between the bins of the Fourier
    transform and stay empty, of which librosa warns.

    References
    ----------
    .. [1] B. McFee et al., "librosa: Audio and music signal analysis in Python", Proceedings of
       the 14th Python in Science Conference, 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser.features import LogMelSpectrogram
    >>> tone = 0.3 * np.sin(2 * np.pi * 220 * np.arange(16000) / 16000)
    >>> extractor = LogMelSpectrogram(deltas=1)
    >>> [sequence] = extractor.transform([tone])
    >>> sequence.shape
    (51, 128)
    >>> extractor.get_feature_names_out()[[0, 64]]
    array(['mel0', 'mel0_delta'], dtype=object)
    """

    def __init__(
        self,
        n_mels: int = 64,
        *,
        n_fft: int = 512,
        win_length: int | None = None,
        hop_length: int = 320,
        window: str | tuple = "hann",
        fmin: float = 0.0,
        fmax: float | None = None,
        htk: bool = False,
        norm: str | None = "slaney",
        amin: float = 1e-10,
        top_db: float | None = 80.0,
        deltas: int = 0,
        sampling_rate: int = 16000,
        channel: int | str = "mean",
        n_jobs: int | None = None,
        memory: Any = None,
        verbose: int = 0,
    ):
        self.n_mels = n_mels
        self.n_fft = n_fft
        self.win_length = win_length
        self.hop_length = hop_length
        self.window = window
        self.fmin = fmin
        self.fmax = fmax
        self.htk = htk
        self.norm = norm
        self.amin = amin
        self.top_db = top_db
        self.deltas = deltas
        self.sampling_rate = sampling_rate
        self.channel = channel
        self.n_jobs = n_jobs
        self.memory = memory
        self.verbose = verbose

    def _names(self) -> list[str]:
        return [f"mel{band}" for band in range(self.n_mels)]

    def _extract(self, signal: np.ndarray, utterance: Utterance) -> np.ndarray:
        return append_deltas(self._log_mel(signal), self.deltas)


class MFCC(_MelTransformer):
    """Mel-frequency cepstral coefficients of utterances, as sequences.

    The values are those of ``librosa.feature.mfcc`` and ``librosa.feature.delta`` [1]_ to a
    thousandth, time first. The transformer is stateless: it transforms without having been fitted.

    Parameters
    ----------
    n_mfcc : int, default=13
        Number of coefficients, the first of which tells the level; at most `n_mels`.
    n_mels : int, default=64
        Number of mel bands whose decibels are transformed.
    n_fft : int, default=512
        Samples of a Fourier transform, 32 ms at 16 kHz.
    win_length : int or None, default=None
        Samples of the window, at most `n_fft`, which is what None stands for.
    hop_length : int, default=320
        Samples from frame to frame, 20 ms at 16 kHz.
    window : str or tuple, default="hann"
        Form of the window, as in :func:`scipy.signal.get_window`.
    fmin : float, default=0.0
        Lower edge of the lowest band, in Hz.
    fmax : float or None, default=None
        Upper edge of the highest band, in Hz; None is half the sampling rate.
    htk : bool, default=False
        Whether the mel scale is HTK's, logarithmic throughout, or Slaney's, linear below 1 kHz.
    norm : {"slaney"} or None, default="slaney"
        Bands weighted to equal areas, or to equal peaks as in HTK.
    amin : float, default=1e-10
        Weaker power counts as this, so that digital silence is -100 dB.
    top_db : float or None, default=80.0
        Everything further below the loudest band and frame of the utterance is raised to there;
        None raises nothing.
    lifter : float, default=0.0
        Weight of the higher coefficients, as in librosa; 0 leaves all as they are, HTK has 22.
    deltas : {0, 1, 2}, default=2
        How many derivatives over time follow as further features. 13 coefficients and two
        derivatives of each are the usual 39 features.
    sampling_rate : int, default=16000
        Sampling rate in Hz. Files are resampled to it, waveforms are taken to have it.
    channel : int or "mean", default="mean"
        Channel of a file with several, or the mean of all.
    n_jobs : int or None, default=None
        Utterances extracted at the same time, in threads unless
        :class:`joblib.parallel_config` says otherwise. None means 1 outside such a context.
    memory : str, path, joblib.Memory or None, default=None
        Folder in which the result for each utterance is kept. A changed file, parameter or
        version of a library is extracted anew.
    verbose : int, default=0
        Whether to show a progress bar.

    See Also
    --------
    LogMelSpectrogram : The bands themselves, which networks usually prefer.
    sklearn_ser.features.Functionals : Turns the sequences into one row an utterance.

    Notes
    -----
    Frames, short utterances and deltas are those of :class:`LogMelSpectrogram`.

    References
    ----------
    .. [1] B. McFee et al., "librosa: Audio and music signal analysis in Python", Proceedings of
       the 14th Python in Science Conference, 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser.features import MFCC
    >>> tone = 0.3 * np.sin(2 * np.pi * 220 * np.arange(16000) / 16000)
    >>> [sequence] = MFCC().transform([tone])
    >>> sequence.shape
    (51, 39)
    """

    _parameter_constraints: ClassVar[dict] = {
        **_MelTransformer._parameter_constraints,
        "n_mfcc": [Interval(Integral, 1, None, closed="left")],
        "lifter": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        n_mfcc: int = 13,
        *,
        n_mels: int = 64,
        n_fft: int = 512,
        win_length: int | None = None,
        hop_length: int = 320,
        window: str | tuple = "hann",
        fmin: float = 0.0,
        fmax: float | None = None,
        htk: bool = False,
        norm: str | None = "slaney",
        amin: float = 1e-10,
        top_db: float | None = 80.0,
        lifter: float = 0.0,
        deltas: int = 2,
        sampling_rate: int = 16000,
        channel: int | str = "mean",
        n_jobs: int | None = None,
        memory: Any = None,
        verbose: int = 0,
    ):
        self.n_mfcc = n_mfcc
        self.n_mels = n_mels
        self.n_fft = n_fft
        self.win_length = win_length
        self.hop_length = hop_length
        self.window = window
        self.fmin = fmin
        self.fmax = fmax
        self.htk = htk
        self.norm = norm
        self.amin = amin
        self.top_db = top_db
        self.lifter = lifter
        self.deltas = deltas
        self.sampling_rate = sampling_rate
        self.channel = channel
        self.n_jobs = n_jobs
        self.memory = memory
        self.verbose = verbose

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if self.n_mfcc > self.n_mels:
            raise ValueError(
                f"n_mfcc={self.n_mfcc} exceeds n_mels={self.n_mels}: so many bands have no more "
                "coefficients. Raise n_mels."
            )

    def _names(self) -> list[str]:
        return [f"mfcc{number}" for number in range(self.n_mfcc)]

    def _extract(self, signal: np.ndarray, utterance: Utterance) -> np.ndarray:
        mfcc = scipy.fft.dct(self._log_mel(signal), norm="ortho")[:, : self.n_mfcc]
        if self.lifter:
            order = np.arange(1, 1 + self.n_mfcc, dtype=mfcc.dtype)
            mfcc = mfcc * (1 + self.lifter / 2 * np.sin(np.pi * order / self.lifter))
        return append_deltas(mfcc, self.deltas)
