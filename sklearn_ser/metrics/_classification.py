"""Unweighted average recall, the measure of emotion classification."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.metrics import make_scorer, recall_score
from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils.multiclass import unique_labels


def unweighted_average_recall_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    zero_division: Any = "warn",
) -> float:
    """Unweighted average recall (UAR): the mean of the recalls of all classes.

    UAR is defined over a fixed list of classes. A class of the list that has no true sample, as
    on a fold of a speaker who never shows that emotion, has no recall: it counts as 0 and there
    is a warning. That is the definition of audmetric and of scikit-learn's macro recall;
    ``balanced_accuracy`` leaves the class out instead, gives other numbers, and is not comparable
    between folds. Pool the predictions of all folds before scoring and the question does not
    arise, see :func:`unweighted_average_recall_by_group`.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True classes. Samples whose class is ``""``, not known, do not count.
    y_pred : array-like of shape (n_samples,)
        Predicted classes. Predictions outside `labels` are errors.
    labels : array-like of shape (n_classes,), default=None
        The classes of the task. None: those in `y_true` or `y_pred`, so that a class that is
        only ever predicted counts as 0 as well.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the samples within the recall of their class.
    zero_division : {"warn", 0.0, 1.0, np.nan}, default="warn"
        Recall of a class without true samples. ``"warn"`` acts as 0.0 and warns;
        ``np.nan`` leaves the class out of the mean.

    Returns
    -------
    float
        UAR between 0 and 1; chance level is ``1 / n_classes``.

    Raises
    ------
    ValueError
        If `y_true` holds a class that is not in `labels`, which would be left out unnoticed, or
        no known class.

    Warns
    -----
    UndefinedMetricWarning
        If a class has no true sample and `zero_division` is ``"warn"``.

    See Also
    --------
    unweighted_average_recall_by_group : UAR of the pooled predictions and of each group.
    sklearn.metrics.balanced_accuracy_score : The mean recall of the classes in `y_true` only.

    References
    ----------
    .. [1] B. Schuller, S. Steidl, A. Batliner, "The INTERSPEECH 2009 Emotion Challenge",
       Interspeech 2009, pp. 312-315.

    Examples
    --------
    >>> from sklearn_ser.metrics import unweighted_average_recall_score
    >>> y_true = ["anger", "anger", "neutral"]
    >>> y_pred = ["anger", "neutral", "neutral"]
    >>> unweighted_average_recall_score(y_true, y_pred)
    0.75

    A task of three classes, one of which this speaker never shows:

    >>> classes = ["anger", "disgust", "neutral"]
    >>> unweighted_average_recall_score(y_true, y_pred, labels=classes, zero_division=0.0)
    0.5
    """
    y_true, y_pred, sample_weight = _labelled(y_true, y_pred, sample_weight)
    if labels is not None:
        listed = np.asarray(labels).tolist()
        unknown = sorted(set(unique_labels(y_true).tolist()) - set(listed))
        if unknown:
            raise ValueError(
                f"y_true holds the classes {unknown}, which labels={listed} lacks: add them "
                "to `labels` or drop their samples"
            )
    return float(
        recall_score(
            y_true,
            y_pred,
            labels=labels,
            average="macro",
            sample_weight=sample_weight,
            zero_division=zero_division,
        )
    )


def _labelled(y_true: Any, *others: Any) -> tuple[Any, ...]:
    """Leave out the samples whose true class is not known."""
    true = np.asarray(y_true)
    if true.dtype.kind not in "OU" or true.ndim != 1 or not (true == "").any():
        return y_true, *others
    check_consistent_length(y_true, *others)
    rows = np.flatnonzero(true != "")
    if not len(rows):
        raise ValueError(
            "y_true has no known class, so that there is nothing to score. Search and validate by "
            "folds whose test parts have labels."
        )
    return tuple(None if a is None else np.asarray(a)[rows] for a in (y_true, *others))


def unweighted_average_recall_by_group(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    groups: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    zero_division: Any = "warn",
) -> tuple[float, pd.Series]:
    """UAR of the pooled predictions of all folds, and of each fold, speaker or corpus.

    The pooled figure is the one to report. The mean over groups, ``per_group.mean()``, is another
    figure, usually a few points away, and depends on `zero_division` where a group lacks a class.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True classes.
    y_pred : array-like of shape (n_samples,)
        Predicted classes, for example of :func:`sklearn.model_selection.cross_val_predict`.
    groups : array-like of shape (n_samples,)
        Group of each sample: the fold or, with leave-one-speaker-out, the speaker.
    labels : array-like of shape (n_classes,), default=None
        The classes of the task. None: those in `y_true` or `y_pred`, of any group.
    zero_division : {"warn", 0.0, 1.0, np.nan}, default="warn"
        Recall of a class that a group lacks; ``np.nan`` takes the mean over the classes that the
        group has. As in :func:`unweighted_average_recall_score`.

    Returns
    -------
    pooled : float
        UAR over all samples.
    per_group : Series
        UAR of each group over the same classes, indexed by group in sorted order.

    Raises
    ------
    ValueError
        If the lengths differ, or `y_true` holds a class that is not in `labels`.

    Warns
    -----
    UndefinedMetricWarning
        If a group lacks a class and `zero_division` is ``"warn"``.

    See Also
    --------
    unweighted_average_recall_score : One figure, and the definition.

    Examples
    --------
    >>> from sklearn_ser.metrics import unweighted_average_recall_by_group
    >>> pooled, per_speaker = unweighted_average_recall_by_group(
    ...     y_true=["anger", "neutral", "anger", "neutral"],
    ...     y_pred=["anger", "neutral", "neutral", "neutral"],
    ...     groups=["03", "03", "08", "08"],
    ... )
    >>> pooled, per_speaker.to_dict()
    (0.75, {'03': 1.0, '08': 0.5})
    """
    check_consistent_length(y_true, y_pred, groups)
    true, pred, group_of = _labelled(
        *(np.asarray(column_or_1d(a)) for a in (y_true, y_pred, groups))
    )
    if labels is None:
        labels = unique_labels(true, pred)

    def score(rows: Any) -> float:
        return unweighted_average_recall_score(
            true[rows], pred[rows], labels=labels, zero_division=zero_division
        )

    per_group = {group: score(group_of == group) for group in np.unique(group_of)}
    return score(slice(None)), pd.Series(per_group, name="unweighted_average_recall", dtype=float)


unweighted_average_recall_scorer = make_scorer(unweighted_average_recall_score)
"""Scorer of :func:`unweighted_average_recall_score`, for ``scoring`` of scikit-learn's searches."""
