"""Scores of predictions in a table, by any of its columns, from confusion counts."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

METRICS = ("uar", "wa", "macro_f1")


def count_confusions(
    y_true: np.ndarray, y_pred: np.ndarray, groups: np.ndarray, n_classes: int, n_groups: int
) -> np.ndarray:
    """Count the confusions within each group.

    Parameters
    ----------
    y_true, y_pred : ndarray of shape (n_samples,), int
        Numbers of the classes, from 0.

    groups : ndarray of shape (n_samples,), int
        Numbers of the groups, from 0.

    n_classes, n_groups : int
        How many there are.

    Returns
    -------
    ndarray of shape (n_groups, n_classes, n_classes), int
        True classes in rows, predicted ones in columns.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser.evaluation._scores import count_confusions
    >>> y_true, y_pred, speaker = np.array([0, 1, 1]), np.array([0, 1, 0]), np.array([0, 0, 1])
    >>> count_confusions(y_true, y_pred, speaker, 2, 2).tolist()
    [[[1, 0], [0, 1]], [[0, 0], [1, 0]]]
    """
    cells = (groups * n_classes + y_true) * n_classes + y_pred
    counts = np.bincount(cells, minlength=n_groups * n_classes**2)
    return counts.reshape(n_groups, n_classes, n_classes)


def score_counts(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Score confusion counts.

    Parameters
    ----------
    counts : ndarray of shape (..., n_classes, n_classes)
        True classes in rows, predicted ones in columns.

    Returns
    -------
    dict of str to ndarray of shape (...,)
        ``"uar"``: mean recall of the classes with true samples. ``"wa"``: accuracy.
        ``"macro_f1"``: mean F1 of the classes that occur, truly or as predictions. NaN where
        there is no sample.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser.evaluation._scores import score_counts
    >>> {name: float(score) for name, score in score_counts(np.array([[3, 1], [0, 1]])).items()}
    {'uar': 0.875, 'wa': 0.8, 'macro_f1': 0.7619...}
    """
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    n_true, n_pred = counts.sum(axis=-1), counts.sum(axis=-2)
    with np.errstate(invalid="ignore"):
        return {
            "uar": _mean_where(n_true > 0, hits, n_true),
            "wa": hits.sum(axis=-1) / n_true.sum(axis=-1),
            "macro_f1": _mean_where(n_true + n_pred > 0, 2 * hits, n_true + n_pred),
        }


def _mean_where(occurs: np.ndarray, numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    return (numerator / np.maximum(denominator, 1)).sum(axis=-1) / occurs.sum(axis=-1)


def encode_labels(
    predictions: pd.DataFrame, classes: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give numbers to the labels of predictions.

    Parameters
    ----------
    predictions : DataFrame
        With the columns ``y_true`` and ``y_pred``.

    classes : ndarray of shape (n_classes,), default=None
        All labels, sorted. None: those that occur.

    Returns
    -------
    tuple of (y_true, y_pred, classes)
        Numbers from 0, and the labels that they stand for.
    """
    true, pred = (predictions[name].to_numpy() for name in ("y_true", "y_pred"))
    if classes is None:
        classes = np.unique(np.concatenate([true, pred]))
    return np.searchsorted(classes, true), np.searchsorted(classes, pred), classes


def group_counts(
    predictions: pd.DataFrame, by: Sequence[str]
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Count the confusions of predictions for each combination of some columns.

    Parameters
    ----------
    predictions : DataFrame
        With the columns ``y_true``, ``y_pred`` and those of `by`.

    by : sequence of str
        Columns.

    Returns
    -------
    tuple of (DataFrame, ndarray of shape (n_groups, n_classes, n_classes), ndarray)
        The combinations in the order of their first appearance, their counts, and the classes.
    """
    true, pred, classes = encode_labels(predictions)
    grouped = predictions.groupby(list(by), sort=False, observed=True, dropna=False)
    groups = grouped.ngroup().to_numpy()
    keys = predictions.loc[~predictions.duplicated(list(by)), list(by)].reset_index(drop=True)
    return keys, count_confusions(true, pred, groups, len(classes), len(keys)), classes


def score_predictions(predictions: pd.DataFrame, by: str | Sequence[str]) -> pd.DataFrame:
    """Score predictions for each combination of some columns.

    The predictions of a combination are pooled and scored once. What is scored over few
    utterances, as a fold or a speaker, may lack classes: recall is then the mean over those that
    are there, ``n_classes`` tells how many, and the figures of two speakers need not be of the
    same classes.

    Parameters
    ----------
    predictions : DataFrame
        As in ``predictions`` of what :func:`evaluate` returns: with the columns ``y_true``,
        ``y_pred`` and those of `by`.

    by : str or sequence of str
        Columns, for example ``["pipeline", "speaker"]``.

    Returns
    -------
    DataFrame
        A row for each combination, in the order of their first appearance: the columns of `by`,
        ``n_samples``, ``n_classes``, ``uar`` (mean recall of the classes that have true samples),
        ``wa`` (accuracy) and ``macro_f1`` (over the classes that occur, truly or as predictions).

    Raises
    ------
    ValueError
        If a column is missing.

    See Also
    --------
    evaluate : Makes the predictions.
    bootstrap_interval : How far the figures can be trusted.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_ser.evaluation import score_predictions
    >>> predictions = pd.DataFrame({
    ...     "gender": ["f", "f", "m", "m"],
    ...     "y_true": ["anger", "neutral", "anger", "anger"],
    ...     "y_pred": ["anger", "neutral", "anger", "neutral"],
    ... })
    >>> score_predictions(predictions, ["gender"]).round(2)
      gender  n_samples  n_classes  uar   wa  macro_f1
    0      f          2          2  1.0  1.0      1.00
    1      m          2          1  0.5  0.5      0.33
    """
    by = [by] if isinstance(by, str) else list(by)
    check_columns(predictions, [*by, "y_true", "y_pred"])
    keys, counts, _ = group_counts(predictions, by)
    return keys.assign(
        n_samples=counts.sum(axis=(1, 2)),
        n_classes=(counts.sum(axis=2) > 0).sum(axis=1),
        **score_counts(counts),
    )


def check_columns(predictions: Any, wanted: Sequence[str]) -> None:
    """Check that predictions are a frame with the columns that are needed.

    Parameters
    ----------
    predictions : object
        What the user gave.

    wanted : sequence of str
        Columns.

    Raises
    ------
    ValueError
        If it is something else.
    """
    if not isinstance(predictions, pd.DataFrame):
        raise ValueError(
            f"predictions must be a DataFrame, got {type(predictions).__name__}: pass the "
            "attribute `predictions` of what evaluate returns."
        )
    if missing := [name for name in wanted if name not in predictions.columns]:
        raise ValueError(
            f"predictions lack the columns {missing}; they have {list(predictions.columns)}."
        )
