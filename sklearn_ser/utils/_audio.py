"""Utterances: what counts as one, how it is read, and what else a frame of them tells."""

import os
import re
import reprlib
from collections.abc import Iterable, Iterator
from itertools import repeat
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

# Annotations round the end of a segment to hundredths of a second: that much over the end is no
# error.
_END_TOLERANCE = 0.01

# Writers to a pipe do not know the length yet and promise the greatest one.
_UNKNOWN_LENGTH = 0x7FFFF000

# An MP3 file counts its samples in frames of this many, which may or may not include the padding
# of the encoder.
_MP3_FRAME = 1152

_SHORTENED_CHUNK = re.compile(
    r"^\s*(?:data|SSND|Data Size|riff)\s*: (\d+) \(should be (\d+)\)", re.MULTILINE
)

_WANTED = (
    "Utterances are a list, array or Series of audio paths or of 1-D waveforms, or a DataFrame "
    "with a column 'file' (optionally 'start' and 'end' in seconds)"
)

# Far above full scale, which is 1: samples with noise, or in standard deviations, exceed that too.
_LARGEST_PEAK = 100.0


class Utterance(NamedTuple):
    """One utterance: a recording or a part of one.

    Attributes
    ----------
    source : str or ndarray of shape (n_samples,)
        The path of an audio file, or the waveform as floating-point samples.
    start, end : float or None
        Bounds in seconds; None stands for the beginning and the end of the recording.
    row : int
        Position in the X that the utterance comes from.
    """

    source: str | np.ndarray
    start: float | None
    end: float | None
    row: int

    def __str__(self) -> str:
        name = repr(self.source) if isinstance(self.source, str) else "the waveform"
        if self.start is not None or self.end is not None:
            end = "end" if self.end is None else f"{self.end:g} s"
            name += f" from {self.start or 0:g} s to {end}"
        return f"{name} (row {self.row})"


def check_utterances(X: Any) -> list[Utterance]:
    """Check utterances and list them.

    Parameters
    ----------
    X : array-like of shape (n_utterances,), DataFrame or pandas Index
        Audio paths, or 1-D waveforms, or both. A DataFrame carries them in a column or an index
        level ``file``; ``start`` and ``end``, columns or index levels, in seconds or as
        timedeltas, select a segment. This includes the indices of audformat.

    Returns
    -------
    utterances : list of Utterance
        One entry per row of `X`, in its order. Integer waveforms are scaled to [-1, 1).

    Raises
    ------
    TypeError
        If `X`, or one of its rows, is nothing that could be an utterance.
    ValueError
        If `X` is empty, two-dimensional or has no column ``file``, if a waveform is empty or
        not finite, or if a segment ends before it starts.
    FileNotFoundError
        If a file does not exist.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser.utils._audio import check_utterances
    >>> [utterance] = check_utterances([np.zeros(16000, dtype=np.int16)])
    >>> utterance.source.dtype, utterance.source.shape
    (dtype('float32'), (16000,))
    """
    sources = _sources(X)
    if len(sources) == 0:
        raise ValueError(f"X has 0 sample(s), at least one utterance is needed. {_WANTED}.")
    utterances = [
        Utterance(_check_source(source, row), *_check_bounds(start, end, row), row)
        for row, (source, start, end) in enumerate(
            zip(sources, _seconds(X, "start"), _seconds(X, "end"), strict=False)
        )
    ]
    _check_files_exist(utterances)
    return utterances


def read_utterance(
    utterance: Utterance, *, sampling_rate: int = 16000, channel: int | str = "mean"
) -> np.ndarray:
    """Read the samples of one utterance.

    libsndfile decodes the file (WAV, FLAC, Ogg, MP3 and more) and seeks to a segment instead of
    decoding what precedes it; soxr resamples.

    Parameters
    ----------
    utterance : Utterance
        An entry of what :func:`check_utterances` returns.
    sampling_rate : int, default=16000
        Sampling rate of the result in Hz. A waveform is taken to have it already.
    channel : int or "mean", default="mean"
        The channel of a file with several to take, counted from 0, or the mean of all. The mean
        of two microphones filters speech like a comb: choose one of them.

    Returns
    -------
    signal : ndarray of shape (n_samples,)
        Finite samples: float32 from a file, the dtype of the waveform otherwise.

    Raises
    ------
    ValueError
        If the file is empty, not audio, truncated or lacks the channel, if a sample is not
        finite, or if the segment is empty or lies beyond the end.

    Notes
    -----
    A truncated file is recognised where the format states its length, which Ogg does not.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser.utils._audio import check_utterances, read_utterance
    >>> [utterance] = check_utterances([np.zeros(16000)])
    >>> read_utterance(utterance).shape
    (16000,)
    """
    if isinstance(utterance.source, str):
        signal, rate = _read_file(utterance, channel)
    else:
        rate = sampling_rate
        start, end = _sample_bounds(utterance, rate, len(utterance.source))
        signal = utterance.source[start:end]
    if signal.size == 0:
        raise ValueError(f"{utterance} holds no samples. Remove it from X.")
    if not np.isfinite(signal).all():
        raise ValueError(f"{utterance} holds NaN or infinite samples. Repair or remove it.")
    if rate != sampling_rate:
        import soxr

        signal = soxr.resample(signal, rate, sampling_rate)
    return signal


def check_reading(sampling_rate: Any, channel: Any) -> None:
    """Check the parameters that :func:`read_utterance` takes.

    Parameters
    ----------
    sampling_rate, channel : object
        Parameters of an estimator.

    Raises
    ------
    ValueError
        If one is not as described there.

    Examples
    --------
    >>> from sklearn_ser.utils._audio import check_reading
    >>> check_reading(16000, "mean")
    """
    if not isinstance(sampling_rate, (int, np.integer)) or sampling_rate <= 0:
        raise ValueError(f"sampling_rate={sampling_rate!r}: give a positive integer in Hz.")
    if channel != "mean" and not (isinstance(channel, (int, np.integer)) and channel >= 0):
        raise ValueError(f"channel={channel!r}: give 'mean' or a channel number from 0.")


def count_samples(utterance: Utterance, *, sampling_rate: int = 16000) -> int:
    """Count the samples of one utterance, of a file by its header.

    Parameters
    ----------
    utterance : Utterance
        An entry of what :func:`check_utterances` returns.
    sampling_rate : int, default=16000
        Sampling rate in Hz to which the utterance will be resampled.

    Returns
    -------
    n_samples : int
        What :func:`read_utterance` returns has so many samples, or one more or less.

    Raises
    ------
    ValueError
        If the file is empty or not audio, or if the segment lies beyond the end.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser.utils._audio import check_utterances, count_samples
    >>> count_samples(check_utterances([np.zeros(16000)])[0])
    16000
    """
    if isinstance(utterance.source, str):
        with _open_file(utterance) as file:
            rate, there = file.samplerate, file.frames
    else:
        rate, there = sampling_rate, len(utterance.source)
    start, end = _sample_bounds(utterance, rate, there)
    return round((end - start) * sampling_rate / rate)


def check_readable(utterances: list[Utterance], *, sampling_rate: int | None) -> None:
    """Refuse utterances that cannot be read, as far as the headers of the files tell.

    Parameters
    ----------
    utterances : list of Utterance
        As from :func:`check_utterances`.
    sampling_rate : int or None
        Sampling rate in Hz of waveforms; None: 16000.

    Raises
    ------
    FileNotFoundError, ValueError
        If one cannot be read. The message counts them all.
    """
    errors = []
    for utterance in utterances:
        try:
            count_samples(utterance, sampling_rate=sampling_rate or 16000)
        except (FileNotFoundError, ValueError) as error:
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        others = "\n".join(str(error) for error in errors[1:4])
        raise type(errors[0])(
            f"{errors[0]}\n{others}\n{len(errors)} of {len(utterances)} utterances have errors."
        ) from errors[0]


def utterance_column(X: Any, name: str) -> np.ndarray | None:
    """Read a column, or an index level, of an utterance frame.

    Parameters
    ----------
    X : object
        Utterances of any kind.
    name : str
        Name of the column or the index level.

    Returns
    -------
    values : ndarray of shape (n_utterances,) or None
        The values, None where `X` carries nothing of that name.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_ser.utils._audio import utterance_column
    >>> frame = pd.DataFrame({"file": ["a.wav", "b.wav"], "speaker": ["03", "08"]})
    >>> utterance_column(frame, "speaker")
    array(['03', '08'], dtype=object)
    >>> utterance_column(["a.wav", "b.wav"], "speaker") is None
    True
    """
    if isinstance(X, pd.DataFrame) and name in X.columns:
        return X[name].to_numpy(dtype=object)
    index = X if isinstance(X, pd.Index) else getattr(X, "index", None)
    if isinstance(index, pd.Index) and name in index.names:
        return index.get_level_values(name).to_numpy(dtype=object)
    return None


def _sources(X: Any) -> Any:
    if isinstance(X, (str, bytes, os.PathLike)):
        raise TypeError(f"X is the single value {X!r}: put it into a list. {_WANTED}.")
    if isinstance(X, (pd.DataFrame, pd.MultiIndex)):
        sources = utterance_column(X, "file")
        if sources is None:
            names = X.columns if isinstance(X, pd.DataFrame) else X.names
            raise ValueError(
                f"X has no column or index level 'file', only {list(names)}: rename the one that "
                f"holds the audio paths. {_WANTED}."
            )
        return sources
    if isinstance(X, (pd.Series, pd.Index)):
        X = X.to_numpy()
    if isinstance(X, np.ndarray):
        if X.ndim == 2 and X.shape[1] == 1 and X.dtype.kind in "OUT":
            return X[:, 0]
        if X.ndim != 1 or X.dtype.kind not in "OUT":
            if X.size == 0:
                return []
            raise ValueError(
                f"X is an array of shape {X.shape} and dtype {X.dtype}. {_WANTED}; list(X) turns "
                "the rows of a 2-D array into waveforms, [X] a 1-D array into one."
            )
        return X
    if hasattr(X, "__len__") and isinstance(X, Iterable):
        return list(X)
    raise TypeError(f"X is a {type(X).__name__}. {_WANTED}.")


def _check_source(source: Any, row: int) -> str | np.ndarray:
    if isinstance(source, (str, os.PathLike)) and str(source):
        return str(source)
    if not isinstance(source, np.ndarray):
        raise TypeError(
            f"Row {row} of X is {reprlib.repr(source)}, neither an audio path nor a 1-D array of "
            f"samples. {_WANTED}."
        )
    if source.ndim != 1:
        raise ValueError(
            f"Row {row} of X has the shape {source.shape}: a waveform is 1-D. Choose a channel, "
            "or take the mean of the channels."
        )
    if source.size == 0:
        raise ValueError(f"Row {row} of X is a waveform without samples. Remove it.")
    signal = _as_floating(source, row)
    if not np.isfinite(signal).all():
        raise ValueError(f"Row {row} of X is a waveform with NaN or infinite samples. Repair it.")
    peak = np.abs(signal).max()
    if peak > _LARGEST_PEAK:
        raise ValueError(
            f"Row {row} of X is a waveform of floating-point samples up to {peak:g}, but full "
            "scale is 1. Divide those of a 16-bit file by 32768, or give them as int16."
        )
    return signal


def _as_floating(samples: np.ndarray, row: int) -> np.ndarray:
    if samples.dtype.kind == "f":
        return samples if samples.dtype.itemsize >= 4 else samples.astype(np.float32)
    if samples.dtype not in (np.int16, np.int32, np.uint8):
        # int64 is what numpy makes of a list of int: its full scale is unknown.
        raise ValueError(
            f"Row {row} of X is a waveform of dtype {samples.dtype}. Give floating-point samples "
            "in [-1, 1], or the integers of a PCM file: int16, int32 or uint8."
        )
    limits = np.iinfo(samples.dtype)
    half = (float(limits.max) - limits.min + 1) / 2
    return ((samples - (limits.min + half)) / half).astype(np.float32)


def _seconds(X: Any, name: str) -> Iterator[float | None]:
    if not isinstance(X, (pd.DataFrame, pd.MultiIndex)):
        return repeat(None)
    values = utterance_column(X, name)
    if values is None:
        return repeat(None)
    return (_to_seconds(value, name, row) for row, value in enumerate(values))


def _to_seconds(value: Any, name: str, row: int) -> float | None:
    if pd.isna(value):
        return None
    if isinstance(value, (pd.Timedelta, np.timedelta64)):
        return pd.Timedelta(value).total_seconds()
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueError(
            f"Row {row} of X has {name}={value!r}: give seconds or a timedelta."
        ) from None


def _check_bounds(
    start: float | None, end: float | None, row: int
) -> tuple[float | None, float | None]:
    if (start is not None and start < 0) or (end is not None and end <= (start or 0)):
        raise ValueError(
            f"Row {row} of X has start={start} and end={end}: a segment starts at 0 s or later "
            "and ends after its start."
        )
    return start or None, end


def _check_files_exist(utterances: list[Utterance]) -> None:
    paths = {u.source: u for u in utterances if isinstance(u.source, str)}
    missing = [u for path, u in paths.items() if not Path(path).is_file()]
    if missing:
        raise FileNotFoundError(
            f"{len(missing)} of {len(paths)} audio files of X do not exist, first of them "
            f"{missing[0]}. Relative paths count from the working directory {str(Path.cwd())!r}."
        )


def _open_file(utterance: Utterance) -> Any:
    import soundfile

    path = str(utterance.source)
    if Path(path).stat().st_size == 0:
        raise ValueError(f"{utterance} is an empty file of 0 bytes. Copy it again or remove it.")
    try:
        return soundfile.SoundFile(path)
    except UnicodeEncodeError as error:
        raise ValueError(f"The name of {utterance} is not UTF-8. Rename the file.") from error
    except soundfile.SoundFileError as error:
        raise ValueError(
            f"{utterance} cannot be read as audio ({error}). Give WAV, FLAC, Ogg or MP3, or "
            "convert the file to one of these."
        ) from error


def _read_file(utterance: Utterance, channel: int | str) -> tuple[np.ndarray, int]:
    import soundfile

    with _open_file(utterance) as file:
        _check_promised_length(utterance, file.extra_info)
        start, end = _sample_bounds(utterance, file.samplerate, file.frames)
        try:
            if start:
                file.seek(start)
            frames = file.read(end - start, dtype="float32", always_2d=True)
        except soundfile.SoundFileError as error:
            raise ValueError(
                f"{utterance} is truncated or damaged ({error}). Copy it again or remove it."
            ) from error
        tolerance = _MP3_FRAME if file.format == "MP3" else 0
        if len(frames) < end - start - tolerance:
            raise _truncated(utterance, f"{end - start} samples", f"{len(frames)}")
        return _mono(utterance, frames, channel), file.samplerate


def _check_promised_length(utterance: Utterance, parser_log: str) -> None:
    # libsndfile shortens a truncated WAV or AIFF file to what there is and says so in its log
    # only.
    for promised, there in _SHORTENED_CHUNK.findall(parser_log):
        if int(there) < int(promised) < _UNKNOWN_LENGTH:
            raise _truncated(utterance, f"{promised} bytes", there)


def _truncated(utterance: Utterance, promised: str, there: str) -> ValueError:
    return ValueError(
        f"{utterance} is truncated: its header promises {promised} where there are {there}. Copy "
        "it again or remove it."
    )


def _sample_bounds(utterance: Utterance, rate: int, n_samples: int) -> tuple[int, int]:
    start = round((utterance.start or 0.0) * rate)
    end = n_samples if utterance.end is None else round(utterance.end * rate)
    if end > n_samples + _END_TOLERANCE * rate or (utterance.start and start >= n_samples):
        raise ValueError(
            f"{utterance} lies beyond the end of the recording, which is "
            f"{n_samples / rate:.3f} s long. Correct 'start' and 'end'."
        )
    return start, min(end, n_samples)


def _mono(utterance: Utterance, frames: np.ndarray, channel: int | str) -> np.ndarray:
    if channel == "mean":
        return frames[:, 0] if frames.shape[1] == 1 else frames.mean(axis=1)
    if not isinstance(channel, (int, np.integer)) or not 0 <= channel < frames.shape[1]:
        raise ValueError(
            f"channel={channel!r}, but {utterance} has {frames.shape[1]} channel(s): give 'mean' "
            f"or a number from 0 to {frames.shape[1] - 1}."
        )
    return frames[:, channel]
