"""What training and test rows share that they must not."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils import check_consistent_length, indexable

from sklearn_ser.evaluation._fingerprint import find_duplicate_audio
from sklearn_ser.evaluation._run import as_labels, as_rows
from sklearn_ser.evaluation._study import make_splits, to_speakers
from sklearn_ser.utils._audio import utterance_column

# Rounding to float32 moves means and deviations of standardised features by less than this.
_TOLERANCE = 1e-4
# A few columns may have been clipped or added after the scaling.
_MOST = 0.9

_NOTES = {
    "speaker": "Figures on speakers of the training set say nothing about new ones.",
    "sentence": "Common in acted corpora; the model may know the words, so say it.",
    "audio": "The model has heard these recordings, or parts of them: drop one of each pair.",
    "features": "The model has seen these rows: drop copies, and draw synthetic rows in the fold.",
    "scaled over all rows": "Put the scaler into the pipeline, so that it is fitted in the fold.",
    "scaled by speaker": "Transductive: say so, and do not compare with train-fit figures.",
}


class _Finding(NamedTuple):
    """What one fold shares; `test_rows` are the rows of the test set that it concerns."""

    kind: str
    fold: int
    test_rows: np.ndarray
    names: list[str]


def check_leakage(
    X: Any,
    y: ArrayLike,
    *,
    groups: Any = None,
    cv: Any = None,
    speakers: ArrayLike | None = None,
    features: Any = None,
    sampling_rate: int = 16000,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> pd.DataFrame:
    """Find what the training and test rows of a protocol share.

    Parameters
    ----------
    X : array-like or DataFrame of shape (n_samples, ...)
        What the pipelines are evaluated on. Of utterances the audio is compared, and the column
        ``text_id`` of a frame; features and sequences are compared row by row.

    y : array-like of shape (n_samples,)
        Emotions, for a `cv` that stratifies.

    groups : array-like of shape (n_samples,), default=None
        What `cv` keeps apart. None: the speakers.

    cv : int, cross-validation generator or iterable, default=None
        Splits, as for :func:`evaluate`.

    speakers : array-like of shape (n_samples,), default=None
        Speakers, as for :func:`evaluate`.

    features : array-like of shape (n_samples, n_features) or sequences, default=None
        What was extracted from the utterances X, where it was extracted before: checked too.

    sampling_rate : int, default=16000
        Sampling rate in Hz of utterances that are waveforms; files have their own.

    n_jobs : int, default=None
        Threads that read audio. None means 1 outside a :class:`joblib.parallel_config`.

    verbose : int, default=0
        Whether to show a progress bar while audio is read.

    Returns
    -------
    DataFrame
        A row for each kind of leak and fold that has it; none if nothing was found. The columns:

        - ``leak``: ``"speaker"``; ``"sentence"`` (the same text); ``"audio"`` (recordings that are
          copies or overlap, as :func:`find_duplicate_audio` finds them); ``"features"`` (rows that
          are equal in single precision); ``"scaled over all rows"`` (nine columns of ten have
          mean 0, or the same minimum and maximum, over training and test rows together, but not
          over the training rows); ``"scaled by speaker"`` (the same over each speaker),
        - ``fold``: from 0,
        - ``n_test``, ``share``: how many test rows it concerns, and their share,
        - ``names``: speakers, sentences, pairs ``"test row = training row"``, or the scaling,
        - ``note``: what to think of it.

    Raises
    ------
    ValueError
        If the speakers are not known, or lengths differ.

    See Also
    --------
    find_duplicate_audio : The pairs of recordings, with the place where they agree.
    confounding_report : Whether the speaker gives the emotion away.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_ser.evaluation import check_leakage
    >>> X = np.random.default_rng(0).normal(size=(12, 3))
    >>> y, speakers = ["anger", "neutral"] * 6, ["03"] * 6 + ["08"] * 6
    >>> check_leakage(X, y, groups=speakers).empty
    True
    >>> thirds = ["a"] * 3 + ["b"] * 6 + ["c"] * 3
    >>> found = check_leakage(
    ...     StandardScaler().fit_transform(X), y, groups=thirds, speakers=speakers
    ... )
    >>> found[["leak", "fold", "n_test"]]
                       leak  fold  n_test
    0               speaker     0       3
    1               speaker     1       6
    2               speaker     2       3
    3  scaled over all rows     0       3
    4  scaled over all rows     1       6
    5  scaled over all rows     2       3
    """
    labels = as_labels(y)
    X, _ = indexable(as_rows(X), labels)
    speakers = to_speakers(X, groups, speakers)
    groups = speakers if groups is None else groups
    check_consistent_length(X, labels, groups, speakers, features)
    splits = make_splits(X, labels, groups, cv)
    columns: list[tuple[str, np.ndarray]] = [("speaker", speakers)]
    texts = utterance_column(X, "text_id")
    if texts is not None:
        columns.append(("sentence", np.where(pd.isna(texts), "", texts).astype(str)))
    findings = [found for kind, names in columns for found in _shared_names(kind, names, splits)]
    if _is_features(X):
        features = X
    else:
        pairs = find_duplicate_audio(X, sampling_rate=sampling_rate, n_jobs=n_jobs, verbose=verbose)
        findings += _shared_pairs("audio", pairs[["row", "other_row"]].to_numpy(), splits)
    if features is not None:
        findings += _shared_pairs("features", _equal_rows(features), splits)
        findings += _scaled(features, speakers, splits)
    return _tabulate(findings, splits)


def _is_features(X: Any) -> bool:
    from sklearn_ser.utils._ragged import is_sequences  # loads torch

    if isinstance(X, pd.DataFrame):
        return utterance_column(X, "file") is None
    if is_sequences(X) or getattr(X, "ndim", 1) == 2:
        return getattr(X, "dtype", np.dtype(float)).kind != "U"
    return isinstance(next(iter(X)), (list, tuple))


def _shared_names(kind: str, names: np.ndarray, splits: list[tuple]) -> Iterator[_Finding]:
    for fold, (train, test) in enumerate(splits):
        shared = [name for name in np.intersect1d(names[train], names[test]).tolist() if name != ""]
        if shared:
            concerned = test[np.isin(names[test], shared)]
            yield _Finding(kind, fold, concerned, [str(name) for name in shared])


def _shared_pairs(kind: str, pairs: np.ndarray, splits: list[tuple]) -> Iterator[_Finding]:
    """Find the pairs with one row in training and the other in test."""
    both_ways = np.concatenate([pairs, pairs[:, ::-1]]).reshape(-1, 2)
    for fold, (train, test) in enumerate(splits):
        split = np.isin(both_ways[:, 0], test) & np.isin(both_ways[:, 1], train)
        found = both_ways[split]
        if len(found):
            found = found[np.lexsort(found.T[::-1])]
            names = [f"{row} = {other}" for row, other in found.tolist()]
            yield _Finding(kind, fold, np.unique(found[:, 0]), names)


def _equal_rows(features: Any) -> np.ndarray:
    """List the pairs of rows that are equal in single precision."""
    groups: dict[bytes, list[int]] = {}
    for row, values in enumerate(_rows(features)):
        # Adding zero makes -0 and 0 the same bytes.
        groups.setdefault((values.astype(np.float32) + 0.0).tobytes(), []).append(row)
    pairs = [
        (one, other)
        for rows in groups.values()
        for i, one in enumerate(rows)
        for other in rows[i + 1 :]
    ]
    return np.array(pairs, dtype=int).reshape(-1, 2)


def _rows(features: Any) -> list[np.ndarray]:
    if isinstance(features, pd.DataFrame):
        features = features.to_numpy()
    return [np.asarray(values) for values in features]


def _scaled(features: Any, speakers: np.ndarray, splits: list[tuple]) -> Iterator[_Finding]:
    """Find out over which rows the features have been scaled: a fold's rows, or a speaker's."""
    rows = [np.atleast_2d(values).astype(np.float64) for values in _rows(features)]

    def shares(chosen: Any) -> dict[str, float]:
        return _scaled_columns(np.concatenate([rows[i] for i in chosen]))

    names = np.unique(speakers)
    of_speakers = [shares(np.flatnonzero(speakers == name)) for name in names]
    by_speaker = len(names) > 1 and all(max(s.values()) >= _MOST for s in of_speakers)
    over_all = shares(range(len(rows)))
    for fold, (train, test) in enumerate(splits):
        if by_speaker:
            yield _Finding("scaled by speaker", fold, test, ["each speaker by the own rows"])
            continue
        in_fold = np.union1d(train, test)
        together = over_all if len(in_fold) == len(rows) else shares(in_fold)
        scaled = [kind for kind, share in together.items() if share >= _MOST]
        # What the training rows alone have as well was fitted on them, or is in the nature of
        # the features.
        # Too few of them tell nothing.
        alone = shares(train) if scaled else {}
        if any(together[kind] > alone[kind] for kind in scaled[:1] if kind in alone):
            yield _Finding("scaled over all rows", fold, test, [scaled[0]])


def _scaled_columns(values: np.ndarray) -> dict[str, float]:
    """Return the share of the columns that have been scaled over just these rows, by the way."""
    # A column of two values, as a dummy variable is, has been scaled by nobody.
    between = (values > values.min(axis=0)) & (values < values.max(axis=0))
    values = values[:, between.any(axis=0)]
    n = len(values)
    if n < 3 or not values.shape[1]:
        return {"nothing to tell": 0.0}
    mean, std, low, high = (f(values, axis=0) for f in (np.mean, np.std, np.min, np.max))
    centred = np.abs(mean) < _TOLERANCE * std
    # The deviation of the sample or that of the population.
    unit = np.minimum(np.abs(std - 1), np.abs(std * np.sqrt(n / (n - 1)) - 1)) < _TOLERANCE
    to_one = np.abs(high - 1) < _TOLERANCE
    ways = {
        "mean 0, deviation 1": centred & unit,
        "mean 0": centred,
        "minimum 0, maximum 1": (np.abs(low) < _TOLERANCE) & to_one,
        "minimum -1, maximum 1": (np.abs(low + 1) < _TOLERANCE) & to_one,
    }
    return {way: float(columns.mean()) for way, columns in ways.items()}


def _tabulate(findings: list[_Finding], splits: list[tuple]) -> pd.DataFrame:
    table: Mapping[str, list] = {
        "leak": [found.kind for found in findings],
        "fold": [found.fold for found in findings],
        "n_test": [len(found.test_rows) for found in findings],
        "share": [len(found.test_rows) / len(splits[found.fold][1]) for found in findings],
        "names": [found.names for found in findings],
        "note": [_NOTES[found.kind] for found in findings],
    }
    return pd.DataFrame(table)
