"""Copies of recordings, found by the sound: louder, cut, converted to another format."""

import warnings
from typing import Any, NamedTuple

import joblib
import numpy as np
import pandas as pd
from scipy.signal import stft
from tqdm.auto import tqdm

from sklearn_ser.utils._audio import Utterance, check_utterances, read_utterance

# What a telephone band keeps, too.
_RATE = 8000
_BAND = 300.0, 3400.0
_N_BITS = 32
_WINDOW_S, _HOP_S = 0.128, 0.016
_WINDOW, _HOP = round(_WINDOW_S * _RATE), round(_HOP_S * _RATE)

# A pair is compared bit by bit where it shares a whole word at one offset, over at least this many
# frames,
_MIN_FRAMES = 24
# and is a copy if no more than this share of the bits differs: 0.5 is chance.
_MAX_BIT_ERROR = 0.25
# Words in more utterances than this (silence, hum) tell nothing and would cost time.
_MAX_USES = 30


class _Overlap(NamedTuple):
    row: int
    other_row: int
    offset: int
    bit_error: float


def fingerprint(signal: np.ndarray) -> np.ndarray:
    """Describe each frame of a signal by the signs of what its spectrum does.

    A bit tells whether the energy difference between two neighbouring bands grows from one frame
    to the next (Haitsma and Kalker): neither gain nor format matters much to that.

    Parameters
    ----------
    signal : ndarray of shape (n_samples,)
        Samples at 8 kHz.

    Returns
    -------
    ndarray of shape (n_frames,), uint32
        A word of 32 bits every 16 ms; none for signals shorter than 144 ms.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser.evaluation._fingerprint import fingerprint
    >>> noise = np.random.default_rng(0).normal(size=8000)
    >>> bool((fingerprint(noise) == fingerprint(noise / 9)).all())
    True
    """
    if len(signal) < _WINDOW + _HOP:
        return np.empty(0, dtype=np.uint32)
    # Scaled, because squares of faint samples underflow.
    signal = signal / max(float(np.abs(signal).max()), np.finfo(np.float32).tiny)
    frequencies, _, spectrum = stft(
        signal, _RATE, nperseg=_WINDOW, noverlap=_WINDOW - _HOP, boundary=None, padded=False
    )
    edges = np.geomspace(*_BAND, _N_BITS + 2)
    band = np.searchsorted(edges, frequencies) - 1
    inside = (band >= 0) & (band <= _N_BITS)
    # A bin for every band: the lowest bands are as narrow as a bin.
    power = np.zeros((_N_BITS + 1, spectrum.shape[1]))
    np.add.at(power, band[inside], np.abs(spectrum[inside]) ** 2)
    rise = np.diff(np.diff(power, axis=0), axis=1) > 0
    return (rise.T @ (1 << np.arange(_N_BITS, dtype=np.uint64))).astype(np.uint32)


def find_overlaps(prints: list[np.ndarray]) -> list[_Overlap]:
    """Find the pairs of fingerprints that share a stretch.

    Parameters
    ----------
    prints : list of ndarray of shape (n_frames_i,), uint32
        As from :func:`fingerprint`.

    Returns
    -------
    list of (row, other_row, offset, bit_error)
        Frame `f` of `other_row` sounds as frame ``f + offset`` of `row` does.
    """
    overlaps = []
    for row, other, offsets in _candidates(prints):
        errors = [_bit_error(prints[row], prints[other], offset) for offset in offsets]
        best = int(np.argmin(errors))
        if errors[best] <= _MAX_BIT_ERROR:
            overlaps.append(_Overlap(row, other, offsets[best], errors[best]))
    return overlaps


def _candidates(prints: list[np.ndarray]) -> list[tuple[int, int, list[int]]]:
    """List the pairs of rows, with the offsets at which they share a word."""
    lengths = [len(words) for words in prints]
    if not sum(lengths):
        return []
    word = np.concatenate(prints)
    row = np.repeat(np.arange(len(prints)), lengths)
    frame = np.concatenate([np.arange(length) for length in lengths])
    order = np.argsort(word, kind="stable")
    word, row, frame = word[order], row[order], frame[order]
    starts = np.flatnonzero(np.r_[True, word[1:] != word[:-1]])
    uses = np.diff(np.r_[starts, len(word)])
    hits = []
    for size in np.unique(uses[(uses > 1) & (uses <= _MAX_USES)]):
        places = starts[uses == size][:, np.newaxis] + np.arange(size)
        first, second = (places[:, k].ravel() for k in np.triu_indices(size, 1))
        apart = row[first] != row[second]  # within a word the rows are in order
        first, second = first[apart], second[apart]
        hits.append(np.stack([row[first], row[second], frame[first] - frame[second]]))
    if not hits:
        return []
    offsets: dict[tuple[int, int], list[int]] = {}
    for one, other, offset in np.unique(np.concatenate(hits, axis=1), axis=1).T.tolist():
        offsets.setdefault((one, other), []).append(offset)
    return [(one, other, found) for (one, other), found in offsets.items()]


def _bit_error(words: np.ndarray, other: np.ndarray, offset: int) -> float:
    start, end = max(offset, 0), min(len(words), len(other) + offset)
    if end - start < _MIN_FRAMES:
        return 1.0
    differ = words[start:end] ^ other[start - offset : end - offset]
    return float(np.bitwise_count(differ).sum()) / (_N_BITS * len(differ))


def find_duplicate_audio(
    X: Any, *, sampling_rate: int = 16000, n_jobs: int | None = None, verbose: int = 0
) -> pd.DataFrame:
    """Find utterances that are the same recording, or that share a stretch of one.

    Recordings are compared by their sound: a copy is found if it is louder or fainter, converted
    to another format or sampling rate, or cut, and segments of one recording if they overlap.

    Parameters
    ----------
    X : array-like of shape (n_utterances,) or DataFrame
        Utterances: audio paths, 1-D waveforms, or a frame with the column ``file``.

    sampling_rate : int, default=16000
        Sampling rate of the waveforms in Hz; files have their own.

    n_jobs : int, default=None
        Threads that read and analyse audio. None means 1 outside a
        :class:`joblib.parallel_config`.

    verbose : int, default=0
        Whether to show a progress bar.

    Returns
    -------
    DataFrame
        A row for each pair: ``row`` and ``other_row`` (places in X), ``offset_s``, at which second
        of `row` the other begins, and ``bit_error``, the share of different bits of the common
        stretch, at most 0.25.

    Warns
    -----
    UserWarning
        If utterances are too short to be compared: those under half a second.

    See Also
    --------
    check_leakage : Tells which of them are on both sides of a split.

    References
    ----------
    .. [1] J. Haitsma, T. Kalker, "A highly robust audio fingerprinting system", ISMIR 2002.

    Examples
    --------
    >>> from sklearn_ser.datasets import make_emotional_speech
    >>> from sklearn_ser.evaluation import find_duplicate_audio
    >>> waveforms, _ = make_emotional_speech(2, n_utterances=2, random_state=0, return_X_y=True)
    >>> X = [*waveforms, 0.1 * waveforms[3][16128:]]
    >>> find_duplicate_audio(X)[["row", "other_row", "offset_s"]]
       row  other_row  offset_s
    0    3         16     1.008
    """
    utterances = check_utterances(X)
    computed = joblib.Parallel(n_jobs=n_jobs, prefer="threads", return_as="generator")(
        joblib.delayed(_read_and_describe)(utterance, sampling_rate) for utterance in utterances
    )
    bar = tqdm(
        computed,
        total=len(utterances),
        desc="find_duplicate_audio",
        unit="utterance",
        disable=not verbose,
    )
    prints = list(bar)
    short = [i for i, words in enumerate(prints) if len(words) < _MIN_FRAMES]
    if short:
        warnings.warn(
            f"{len(short)} of {len(prints)} utterances are too short to be compared by their "
            f"sound, first of them {utterances[short[0]]}.",
            stacklevel=2,
        )
    overlaps = find_overlaps(prints)
    table = pd.DataFrame(overlaps, columns=["row", "other_row", "offset_s", "bit_error"])
    table["offset_s"] *= _HOP_S
    return table.sort_values(["row", "other_row"], ignore_index=True)


def _read_and_describe(utterance: Utterance, sampling_rate: int) -> np.ndarray:
    if isinstance(utterance.source, str):
        return fingerprint(read_utterance(utterance, sampling_rate=_RATE))
    import soxr

    signal = read_utterance(utterance, sampling_rate=sampling_rate)
    return fingerprint(soxr.resample(signal, sampling_rate, _RATE))
