"""The pipelines, labels, speakers and folds of a study."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import is_regressor
from sklearn.model_selection import GroupKFold, LeaveOneGroupOut, check_cv
from sklearn.utils import check_consistent_length, indexable

from sklearn_ser.evaluation._run import (
    as_labels,
    as_rows,
    check_speakers_apart,
    empty_where_missing,
)
from sklearn_ser.utils._audio import utterance_column
from sklearn_ser.utils._labels import find_unlabelled


def check_pipelines(pipelines: Any) -> dict[str, Any]:
    """Check pipelines and give each a name.

    Parameters
    ----------
    pipelines : classifier or dict of str to classifier
        As the user gave them.

    Returns
    -------
    dict of str to classifier
        By name.

    Raises
    ------
    ValueError
        If there is none, or one is no classifier.
    """
    if not isinstance(pipelines, Mapping):
        last = pipelines.steps[-1][1] if hasattr(pipelines, "steps") else pipelines
        pipelines = {type(last).__name__: pipelines}
    if not pipelines:
        raise ValueError("pipelines is empty: pass a dict of name to pipeline.")
    for name, pipeline in pipelines.items():
        usable = all(hasattr(pipeline, method) for method in ("fit", "predict", "get_params"))
        if not usable or isinstance(pipeline, type) or is_regressor(pipeline):
            raise ValueError(
                f"The pipeline {name!r} is {pipeline!r}, which is no classifier: it needs the "
                "methods fit, predict and get_params, and to predict classes."
            )
    return {str(name): pipeline for name, pipeline in pipelines.items()}


def check_study(
    X: Any,
    y: Any,
    groups: Any,
    cv: Any,
    speakers: Any,
    *,
    known: np.ndarray | None = None,
    allow_shared_speakers: bool = False,
) -> tuple[Any, np.ndarray, np.ndarray, list[tuple]]:
    """Check the data of a study and list its folds.

    Parameters
    ----------
    X, y, groups, cv, speakers : object
        As for :func:`evaluate`.

    known : ndarray of shape (n_samples,), default=None
        The utterances that have an emotion, as from :func:`mark_labelled`; None asks all to have
        one.

    allow_shared_speakers : bool, default=False
        As for :func:`evaluate`.

    Returns
    -------
    X : array-like or DataFrame of shape (n_samples, ...)
        Data whose rows can be taken.

    labels : ndarray of shape (n_samples,)
        Emotions.

    speakers : ndarray of shape (n_samples,)
        Speakers.

    splits : list of (train, test)
        Indices of rows.

    Raises
    ------
    ValueError
        If a label or speaker is missing, lengths differ, or a fold has a speaker on both sides that
        may not.
    """
    labels = check_labels(y, known)
    X, _ = indexable(as_rows(X), labels)
    speakers = to_speakers(X, groups, speakers)
    groups = speakers if groups is None else groups
    check_consistent_length(X, labels, groups, speakers)
    splits = make_splits(X, labels, groups, cv)
    if not allow_shared_speakers:
        check_speakers_apart(splits, speakers)
    return X, labels, speakers, splits


def learns_without(pipeline: Any) -> bool:
    """Tell whether a pipeline learns from utterances without an emotion too.

    Parameters
    ----------
    pipeline : classifier
        It, or a search over it.

    Returns
    -------
    bool
        Whether its last estimator has the parameter ``unlabeled``.

    Examples
    --------
    >>> from sklearn.svm import SVC
    >>> from sklearn_ser import AdversarialAutoencoderSER
    >>> from sklearn_ser.evaluation._study import learns_without
    >>> learns_without(AdversarialAutoencoderSER()), learns_without(SVC())
    (True, False)
    """
    return hasattr(_last(pipeline), "unlabeled")


def _last(pipeline: Any) -> Any:
    while not hasattr(pipeline, "unlabeled"):
        if hasattr(pipeline, "steps"):
            pipeline = pipeline.steps[-1][1]
        elif hasattr(pipeline, "estimator") and hasattr(pipeline, "refit"):  # a search
            pipeline = pipeline.estimator
        else:
            break
    return pipeline


def mark_labelled(y: Any, pipelines: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Mark the utterances that have an emotion.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Emotions.

    pipelines : dict of str to classifier
        Where none of them learns without an emotion, all utterances are taken to have one.

    Returns
    -------
    ndarray of shape (n_samples,)
        False where a label is missing, or stands for no emotion with one of the pipelines.

    Raises
    ------
    ValueError
        If no utterance has an emotion.

    Examples
    --------
    >>> from sklearn_ser import AdversarialAutoencoderSER
    >>> from sklearn_ser.evaluation._study import mark_labelled
    >>> mark_labelled(["anger", "", None], {"net": AdversarialAutoencoderSER()})
    array([ True, False, False])
    """
    labels = np.asarray(y, dtype=object)
    known = np.ones(len(labels), dtype=bool)
    learners = [_last(pipeline) for pipeline in pipelines.values() if learns_without(pipeline)]
    if not learners:
        return known
    known &= ~find_unlabelled(labels)
    for learner in learners:
        mark = -1 if learner.unlabeled is None else learner.unlabeled
        known[known] = np.array([label != mark for label in labels[known]], dtype=bool)
    if not known.any():
        raise ValueError("No utterance has an emotion: there is nothing to test on.")
    return known


def mark_as_wanted(pipeline: Any, y: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Label utterances without an emotion as the pipeline wants it.

    Parameters
    ----------
    pipeline : classifier
        One that learns from them, if there are any.

    y : ndarray of shape (n_samples,)
        Emotions, and anything where there is none.

    known : ndarray of shape (n_samples,)
        As from :func:`mark_labelled`.

    Returns
    -------
    ndarray of shape (n_samples,)
        The labels.

    Raises
    ------
    ValueError
        If the pipeline wants a number among strings, or the reverse.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser import AdversarialAutoencoderSER
    >>> from sklearn_ser.evaluation._study import mark_as_wanted
    >>> known = np.array([True, False])
    >>> mark_as_wanted(AdversarialAutoencoderSER(), np.array([2, 0]), known)
    array([ 2, -1])
    """
    if known.all():
        return y
    mark, numbers = _last(pipeline).unlabeled, y.dtype.kind in "iuf"
    if mark is None:
        mark = -1 if numbers else ""
    if isinstance(mark, str) == numbers:
        raise ValueError(
            f"unlabeled={mark!r} cannot stand among labels such as {y[known].tolist()[0]!r}. Set "
            "unlabeled=None, which is -1 among numbers and '' among strings."
        )
    return np.where(known, y, mark)


def check_labels(y: Any, known: np.ndarray | None = None) -> np.ndarray:
    """Check that every utterance has a class.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Emotions.

    known : ndarray of shape (n_samples,), default=None
        Marks those that have to have one; None stands for all.

    Returns
    -------
    ndarray of shape (n_samples,)
        Strings or integers.

    Raises
    ------
    ValueError
        If a label is missing, or the labels are numbers with fractions.
    """
    y = as_labels(empty_where_missing(y))
    missing = y == "" if y.dtype.kind == "U" else np.zeros(len(y), dtype=bool)
    if known is not None:
        missing &= known
    if missing.any():
        raise ValueError(
            f"{missing.sum()} of {len(y)} utterances have no label, first of them row "
            f"{np.flatnonzero(missing)[0]}: leave them out of X, y and groups."
        )
    if y.dtype.kind == "f" and (y != np.round(y)).any():
        raise ValueError(f"y holds numbers such as {y[y != np.round(y)][0]}, which are no classes.")
    return y


def to_speakers(X: Any, groups: Any, speakers: Any) -> np.ndarray:
    """Find out who speaks: from the argument, the column of X, or the groups.

    Parameters
    ----------
    X : array-like or DataFrame of shape (n_samples, ...)
        Data: utterances with the column or index level ``speaker`` or without, or features, with
        the index level or without.

    groups, speakers : array-like of shape (n_samples,) or None
        As the user gave them.

    Returns
    -------
    ndarray of shape (n_samples,)
        Speakers.

    Raises
    ------
    ValueError
        If a speaker is missing, or all are, or if they stand among features.
    """
    # Ids such as "03" read as numbers, so that a classifier learns from them without a word.
    if isinstance(X, pd.DataFrame) and "speaker" in X and utterance_column(X, "file") is None:
        raise ValueError(
            "X has the column 'speaker' among its features, from which a pipeline would learn: "
            "drop the column and pass speakers=, or make it an index level, "
            "X.set_index('speaker')."
        )
    if speakers is None:
        speakers = utterance_column(X, "speaker")
    if speakers is None:
        speakers = groups
    if speakers is None:
        raise ValueError(
            "Which utterances are of one speaker is not known: pass the speakers as groups, or "
            "utterances in a frame with the column 'speaker'."
        )
    return check_speakers(speakers)


def check_speakers(speakers: Any) -> np.ndarray:
    """Check that every utterance has a speaker.

    Parameters
    ----------
    speakers : array-like of shape (n_samples,)
        Speakers.

    Returns
    -------
    ndarray of shape (n_samples,)
        Strings or numbers.

    Raises
    ------
    ValueError
        If a speaker is missing.
    """
    speakers = as_labels(empty_where_missing(speakers))
    missing = speakers == "" if speakers.dtype.kind == "U" else np.zeros(len(speakers), dtype=bool)
    if missing.any():
        raise ValueError(
            f"{missing.sum()} of {len(speakers)} utterances have no speaker, first of them row "
            f"{np.flatnonzero(missing)[0]}: name the speaker, or leave them out."
        )
    return speakers


def make_splits(X: Any, y: np.ndarray, groups: Any, cv: Any) -> list[tuple]:
    """List the folds.

    Parameters
    ----------
    X : array-like or DataFrame of shape (n_samples, ...)
        Data.

    y : ndarray of shape (n_samples,)
        Emotions.

    groups : array-like of shape (n_samples,)
        What is kept apart.

    cv : int, cross-validation generator, iterable or None
        As for :func:`evaluate`.

    Returns
    -------
    list of (train, test)
        Indices of rows.
    """
    if cv is None:
        cv = LeaveOneGroupOut()
    elif isinstance(cv, (int, np.integer)):
        cv = GroupKFold(cv)
    rows = np.arange(len(y))  # masks become indices
    splits = check_cv(cv, y, classifier=True).split(X, y, groups)
    return [(rows[train], rows[test]) for train, test in splits]
