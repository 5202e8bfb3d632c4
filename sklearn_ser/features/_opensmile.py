"""Feature sets of openSMILE as a transformer."""

import bisect
import threading
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from sklearn_ser.features._base import UtteranceTransformer
from sklearn_ser.utils._audio import Utterance

FEATURE_SETS = (
    "ComParE_2016",
    "GeMAPSv01a",
    "GeMAPSv01b",
    "IS09",
    "IS10",
    "IS11",
    "IS12",
    "IS13",
    "eGeMAPSv01a",
    "eGeMAPSv01b",
    "eGeMAPSv02",
    "emobase",
)

_LEVELS = {
    "functionals": "Functionals",
    "lld": "LowLevelDescriptors",
    "lld_de": "LowLevelDescriptors_Deltas",
}

# openSMILE multiplies by 32768 and casts to int16: a peak of 1.0 would wrap around to -1.0.
_MAX_PEAK = 0.999

# No set that openSMILE ships needs more than 0.07 s.
_LONG_ENOUGH = 0.25

_PROBING = threading.Lock()


class OpenSmileFeatures(UtteranceTransformer):
    """Acoustic features of utterances by openSMILE.

    The values are those of :class:`opensmile.Smile` [1]_ on the same samples. The transformer is
    stateless: it transforms without having been fitted.

    Parameters
    ----------
    feature_set : str or path, default="eGeMAPSv02"
        The set: "eGeMAPSv01a", "eGeMAPSv01b", "eGeMAPSv02" (88 functionals) and "GeMAPSv01a",
        "GeMAPSv01b" (62) [2]_, "emobase" (988), "IS09" (384), "IS10" (1582), "IS11" (4368),
        "IS12" (6125), "IS13" and "ComParE_2016" (6373) [3]_; or the path of a configuration file
        ``*.conf`` whose levels are named ``func``, ``lld`` and ``lld_de`` as in openSMILE's own.
    level : {"functionals", "lld", "lld_de"}, default="functionals"
        Functionals of the whole utterance, the low-level descriptors of every 10 ms, or their
        deltas, which the GeMAPS family lacks.
    sampling_rate : int, default=16000
        Sampling rate in Hz. Files are resampled to it, waveforms are taken to have it. It is part
        of the features: a model trained at one rate does not understand those of another.
    channel : int or "mean", default="mean"
        Channel of a file with several, or the mean of all.
    short : {"raise", "nan", "pad"}, default="raise"
        What to do with an utterance shorter than openSMILE's window, 25 to 70 ms: raise an
        error, give NaN, or repeat the utterance until it is long enough.
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
    sklearn_ser.preprocessing.SpeakerNormalizer : Normalises the features by speaker.

    Notes
    -----
    openSMILE is licensed for research, teaching and personal use only: a commercial product
    needs a licence from audEERING.

    A signal whose peak exceeds 0.999 is scaled down to it, since openSMILE's conversion to 16-bit
    integers would wrap around. The values of ComParE_2016, IS11 and IS13 reach 7e12: standardise
    before casting to float32.

    References
    ----------
    .. [1] F. Eyben, M. Wöllmer, B. Schuller, "openSMILE: the Munich versatile and fast
       open-source audio feature extractor", ACM Multimedia, 2010.
    .. [2] F. Eyben et al., "The Geneva minimalistic acoustic parameter set (GeMAPS) for voice
       research and affective computing", IEEE Transactions on Affective Computing 7(2), 2016.
    .. [3] B. Schuller et al., "The INTERSPEECH 2016 computational paralinguistics challenge:
       deception, sincerity & native language", Interspeech, 2016.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser.features import OpenSmileFeatures
    >>> tone = 0.3 * np.sin(2 * np.pi * 220 * np.arange(16000) / 16000)
    >>> extractor = OpenSmileFeatures("IS09")
    >>> extractor.transform([tone, tone[:8000]]).shape
    (2, 384)
    >>> extractor.get_feature_names_out()[:2]
    array(['pcm_RMSenergy_sma_max', 'pcm_RMSenergy_sma_min'], dtype=object)
    >>> [sequence] = OpenSmileFeatures("IS09", level="lld").transform([tone])
    >>> sequence.shape
    (99, 16)
    """

    _backends = ("opensmile", "soundfile", "soxr")

    def __init__(
        self,
        feature_set: str | Path = "eGeMAPSv02",
        *,
        level: str = "functionals",
        sampling_rate: int = 16000,
        channel: int | str = "mean",
        short: str = "raise",
        n_jobs: int | None = None,
        memory: Any = None,
        verbose: int = 0,
    ):
        self.feature_set = feature_set
        self.level = level
        self.sampling_rate = sampling_rate
        self.channel = channel
        self.short = short
        self.n_jobs = n_jobs
        self.memory = memory
        self.verbose = verbose

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the features as openSMILE does.

        Parameters
        ----------
        input_features : object, default=None
            Ignored: utterances have no features.

        Returns
        -------
        feature_names_out : ndarray of str objects of shape (n_features,)
            Names of the columns, or of those of each sequence.
        """
        self._check_parameters()
        return np.array(self._smile().feature_names, dtype=object)

    def _check_parameters(self) -> None:
        super()._check_parameters()
        _check_choice("level", self.level, tuple(_LEVELS))
        _check_choice("short", self.short, ("raise", "nan", "pad"))
        _configuration(self.feature_set)
        self._smile()

    def _settings(self) -> dict[str, Any]:
        # repr of a Path differs between systems; the content of a .conf counts, not its date.
        name, content = _configuration(self.feature_set)
        return super()._settings() | {"feature_set": name, "configuration": content}

    def _smile(self) -> Any:
        return _smile(*_configuration(self.feature_set), self.level)

    def _extract(self, signal: np.ndarray, utterance: Utterance) -> np.ndarray:
        smile = self._smile()
        if signal.size < _LONG_ENOUGH * self.sampling_rate:
            shortest = _shortest(*_configuration(self.feature_set), self.level, self.sampling_rate)
            if signal.size < shortest:
                if self.short == "nan":
                    return _layout(np.full((1, smile.num_features), np.nan, np.float32), self.level)
                if self.short == "raise":
                    raise ValueError(
                        f"{utterance} lasts {signal.size / self.sampling_rate:.4f} s, but "
                        f"feature_set={str(self.feature_set)!r} needs at least "
                        f"{shortest / self.sampling_rate:.4f} s. Remove it, or set short='pad' "
                        "or short='nan'."
                    )
                signal = np.resize(signal, shortest)  # Repeats the signal.
        frames = smile(_limit_peak(signal), self.sampling_rate)[0].T
        if not np.isfinite(frames).all():
            wrong = np.flatnonzero(~np.isfinite(frames).all(axis=0))
            raise ValueError(
                f"openSMILE gave NaN or infinity for {utterance} in {wrong.size} of "
                f"{frames.shape[1]} features, first {smile.feature_names[wrong[0]]!r}. Remove the "
                "utterance or choose another feature_set."
            )
        return _layout(frames, self.level)


def _check_choice(name: str, value: Any, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{name}={value!r} is unknown: choose one of {', '.join(choices)}.")


def _configuration(feature_set: str | Path) -> tuple[str, bytes]:
    """Give the name of the set, or the path of a .conf and its content."""
    if feature_set in FEATURE_SETS:
        return str(feature_set), b""
    path = Path(str(feature_set))
    if path.suffix != ".conf":
        raise ValueError(
            f"feature_set={str(feature_set)!r} is unknown: choose one of "
            f"{', '.join(FEATURE_SETS)}, or give the path of a .conf file."
        )
    if not path.is_file():
        raise ValueError(f"feature_set={str(feature_set)!r}: there is no such file.")
    return str(path.resolve()), path.read_bytes()


@lru_cache(maxsize=64)
def _smile(feature_set: str, content: bytes, level: str) -> Any:
    # One object serves every thread: each call opens an openSMILE handle of its own, and reading
    # the names at construction is what costs time. `content` makes a changed .conf a new entry.
    import opensmile

    if feature_set in FEATURE_SETS:
        feature_set = opensmile.FeatureSet[feature_set]
    try:
        return opensmile.Smile(feature_set, opensmile.FeatureLevel[_LEVELS[level]])
    except Exception as error:
        raise ValueError(
            f"openSMILE offers no level={level!r} for this feature_set ({error})."
        ) from error


@lru_cache(maxsize=64)
def _shortest(feature_set: str, content: bytes, level: str, sampling_rate: int) -> int:
    """Find the fewest samples that give openSMILE a frame."""
    smile = _smile(feature_set, content, level)

    def is_enough(n_samples: int) -> bool:
        silence = np.zeros(n_samples, dtype=np.float32)
        return bool(np.isfinite(smile(silence, sampling_rate)).all())

    lengths = range(1, int(_LONG_ENOUGH * sampling_rate))
    with _PROBING, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return 1 + bisect.bisect_left(lengths, True, key=is_enough)


def _limit_peak(signal: np.ndarray) -> np.ndarray:
    peak = np.abs(signal).max()
    return signal * (_MAX_PEAK / peak) if peak > _MAX_PEAK else signal


def _layout(frames: np.ndarray, level: str) -> np.ndarray:
    return frames[0] if level == "functionals" else np.ascontiguousarray(frames, dtype=np.float32)
