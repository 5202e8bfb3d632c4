"""Evaluation of pipelines by protocol: speakers apart, resumable, scored once over all folds."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _check_method_params

from sklearn_ser.evaluation._evaluation import Evaluation
from sklearn_ser.evaluation._run import (
    check_repeats,
    encode_predictions,
    fold_seeds,
    make_folder,
    run_jobs,
    seeded,
)
from sklearn_ser.evaluation._store import content_key, data_key, file_name, load, save
from sklearn_ser.evaluation._study import (
    check_pipelines,
    check_study,
    learns_without,
    mark_as_wanted,
    mark_labelled,
)


class _Task(NamedTuple):
    """One pipeline on one fold in one repeat."""

    pipeline: str
    repeat: int
    fold: int
    estimator: Any
    seed: int
    copies_seed: int
    params: Mapping[str, Any]
    train: np.ndarray
    test: np.ndarray


class _Data(NamedTuple):
    """What all tasks share: `known` marks the rows with an emotion, `classes` lists these."""

    X: Any
    y: np.ndarray
    known: np.ndarray
    classes: np.ndarray


class _Result(NamedTuple):
    """Numbers of the classes that were predicted, and what that took."""

    predicted: list[int]
    fit_seconds: float
    predict_seconds: float


def evaluate(
    pipelines: Any,
    X: Any,
    y: ArrayLike,
    *,
    groups: Any = None,
    cv: Any = None,
    speakers: ArrayLike | None = None,
    n_repeats: int = 1,
    random_state: int = 0,
    fit_params: Mapping[str, Mapping[str, Any]] | None = None,
    allow_shared_speakers: bool = False,
    n_jobs: int | None = None,
    path: str | Path | None = None,
    verbose: int = 0,
) -> Evaluation:
    """Evaluate pipelines on speakers that they were not trained on.

    Whatever learns must be a step of its pipeline: it is then fitted on the training rows of a
    fold and on nothing else. A split that has a speaker on both sides is an error.

    Parameters
    ----------
    pipelines : classifier or dict of str to classifier
        Pipelines of scikit-learn or imbalanced-learn, or classifiers. All see the same folds, and
        each ``random_state`` in them is set to the same seed of the fold and repeat; that of a
        sampler of utterances to one of the repeat, so that a cache knows its copies in each fold.

    X : array-like or DataFrame of shape (n_samples, ...)
        Utterances, sequences or features: what the pipelines take.

    y : array-like of shape (n_samples,)
        Emotions, strings or integers. Where a pipeline ends in an estimator with the parameter
        ``unlabeled``, some may be missing, ``""``, or what that parameter says (by default -1 among
        numbers): utterances without an emotion train such pipelines and no other, and test none.

    groups : array-like of shape (n_samples,), default=None
        What `cv` keeps apart: speakers, sessions, corpora. None: the speakers.

    cv : int, cross-validation generator or iterable, default=None
        Splits of X. None leaves one group out at a time; an integer stands for so many folds of
        whole groups (``GroupKFold``). A generator that shuffles needs a ``random_state``, or a
        continued evaluation would meet other folds. Rows that no fold tests are not scored.

    speakers : array-like of shape (n_samples,), default=None
        Speakers, for the check of the folds, for scores by speaker and for intervals. None: the
        column ``speaker`` of utterances X, the index level ``speaker`` of any frame, or else the
        `groups`.

    n_repeats : int, default=1
        Repetitions with other seeds on the same folds.

    random_state : int, default=0
        Decides the seeds of all repeats and folds.

    fit_params : dict of str to dict, default=None
        For pipelines by name: what else their ``fit`` is given, such as
        ``{"net": {"mlpser__groups": speakers}}``. What has a value for each row of X is cut to
        the training rows.

    allow_shared_speakers : bool, default=False
        Whether splits may have a speaker in training and test, to measure what that feigns.

    n_jobs : int, default=None
        Processes, of one thread each. None means 1 outside a :class:`joblib.parallel_config`.

    path : str or Path, default=None
        Folder that keeps the predictions of every pipeline, repeat and fold as soon as they are
        made. An evaluation that is run again, after a kill too, continues from there. Names
        follow from the data (audio files by path, size and time of change), the parameters of the
        pipeline except ``n_jobs``, ``memory`` and ``verbose`` (files and folders that they name
        by size and time of change, too, but a bare word such as ``"rain"`` is none: write
        ``"./rain"``), the fold, the seed and the versions of the libraries, so
        that changes find nothing stale and evaluations may share a folder. Code of your own that
        changes under the same name is not noticed: take another folder. Parameters that cannot be
        told from others in another run, such as a lambda, are an error.

    verbose : int, default=0
        Whether to show a progress bar.

    Returns
    -------
    Evaluation
        With the frames ``predictions``, ``folds``, ``speakers``, ``confusions`` and ``summary``.

    Raises
    ------
    ValueError
        If an argument is not as described, a label or speaker is missing, a fold has a speaker on
        both sides, or a pipeline predicts what is no class.

    See Also
    --------
    bootstrap_interval : Intervals of other scores and levels.
    paired_permutation_test : Whether two of the pipelines differ.
    check_leakage : What else training and test rows may share.
    sklearn.model_selection.cross_val_predict : The predictions of one pipeline, and no more.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn.svm import SVC
    >>> from sklearn_ser import OpenSmileFeatures
    >>> from sklearn_ser.datasets import make_emotional_speech
    >>> from sklearn_ser.evaluation import evaluate
    >>> corpus = make_emotional_speech(3, n_utterances=4, duration=1.0, random_state=0)
    >>> X = OpenSmileFeatures("IS09").fit_transform(corpus.data)
    >>> pipelines = {
    ...     "SVC": make_pipeline(StandardScaler(), SVC()),
    ...     "regression": make_pipeline(StandardScaler(), LogisticRegression(C=0.01)),
    ... }
    >>> evaluation = evaluate(pipelines, X, corpus.target, groups=corpus.speaker)
    >>> evaluation.summary[["pipeline", "chance", "n_samples", "n_speakers"]]
         pipeline  chance  n_samples  n_speakers
    0         SVC    0.25         48           3
    1  regression    0.25         48           3
    >>> len(evaluation.speakers)
    6
    """
    pipelines = check_pipelines(pipelines)
    check_repeats(n_repeats, random_state)
    fit_params = _check_fit_params(fit_params, pipelines)
    known = mark_labelled(y, pipelines)
    X, labels, speakers, splits = check_study(
        X, y, groups, cv, speakers, known=known, allow_shared_speakers=allow_shared_speakers
    )
    # Repeats and pipelines share these arrays of rows.
    labelled = [(train[known[train]], test[known[test]]) for train, test in splits]
    tasks = [
        _Task(
            name,
            repeat,
            fold,
            pipeline,
            seed,
            shared,
            fit_params.get(name, {}),
            splits[fold][0] if learns_without(pipeline) else train,
            test,
        )
        for repeat in range(n_repeats)
        for fold, (train, test) in enumerate(labelled)
        for seed in fold_seeds(random_state, repeat, fold)
        for shared in fold_seeds(random_state, repeat, 0)
        for name, pipeline in pipelines.items()
        if len(test)
    ]
    data = _Data(X, labels, known, np.unique(labels[known]))
    results = _run_missing(tasks, data, make_folder(path), n_jobs, verbose)
    return _collect(tasks, results, data, speakers)


def _check_fit_params(fit_params: Any, pipelines: Mapping[str, Any]) -> Mapping[str, Any]:
    fit_params = {} if fit_params is None else fit_params
    if unknown := sorted(set(fit_params) - set(pipelines)):
        raise ValueError(
            f"fit_params is for {unknown}, but the pipelines are {list(pipelines)}: give a dict of "
            "parameters for each pipeline that needs some."
        )
    return fit_params


def _run_missing(
    tasks: list[_Task],
    data: _Data,
    folder: Path | None,
    n_jobs: int | None,
    verbose: int,
) -> list[_Result]:
    """Load what is on disk and compute the rest."""
    files = _result_files(tasks, data, folder)
    saved = [None if file is None else load(file) for file in files]
    results = [None if content is None else _Result(**content) for content in saved]
    missing = [i for i, result in enumerate(results) if result is None]
    computed = run_jobs(
        _run,
        [(tasks[i], data, files[i]) for i in missing],
        n_jobs=n_jobs,
        verbose=verbose,
        title="evaluate",
        n_done=len(tasks) - len(missing),
    )
    for i, result in zip(missing, computed, strict=True):
        results[i] = result
    return results  # type: ignore[return-value]


def _result_files(tasks: list[_Task], data: _Data, folder: Path | None) -> list[Path | None]:
    if folder is None:
        return [None] * len(tasks)
    key = data_key(data.X, data.y, data.known, data.classes)
    # A pipeline and its folds are hashed once, however many repeats there are.
    first = {(task.pipeline, task.fold): task for task in reversed(tasks)}
    pipelines = {name: content_key(t.estimator, t.params) for (name, _), t in first.items()}
    folds = {where: content_key(task.train, task.test) for where, task in first.items()}
    return [
        folder
        / file_name(
            f"{task.pipeline}_repeat{task.repeat}_fold{task.fold}",
            key,
            pipelines[task.pipeline],
            folds[task.pipeline, task.fold],
            task.seed,
            task.copies_seed,
        )
        for task in tasks
    ]


def _run(task: _Task, data: _Data, file: Path | None) -> _Result:
    estimator = seeded(task.estimator, task.seed, task.copies_seed)
    X_train, X_test = (_safe_indexing(data.X, rows) for rows in (task.train, task.test))
    y_train = mark_as_wanted(task.estimator, data.y[task.train], data.known[task.train])
    params = _check_method_params(data.X, task.params, task.train)
    start = time.perf_counter()
    try:
        estimator.fit(X_train, y_train, **params)
        fitted = time.perf_counter()
        predicted = estimator.predict(X_test)
    except Exception as error:
        error.add_note(
            f"Pipeline {task.pipeline!r}, fold {task.fold}: rows are those of the fold, "
            f"{len(task.train)} to train and {len(task.test)} to test, not those of the whole X."
        )
        raise
    end = time.perf_counter()
    classes = data.classes.tolist()
    codes = encode_predictions(predicted, classes, len(task.test), task.pipeline, task.fold)
    result = _Result(codes, fitted - start, end - fitted)
    if file is not None:
        save(file, result._asdict())
    return result


def _collect(
    tasks: list[_Task], results: list[_Result], data: _Data, speakers: np.ndarray
) -> Evaluation:
    sizes = [len(task.test) for task in tasks]
    rows = np.concatenate([task.test for task in tasks])
    predicted = np.concatenate([result.predicted for result in results])
    keys = {
        name: [getattr(task, name) for task in tasks] for name in ("pipeline", "repeat", "fold")
    }
    predictions = {name: np.repeat(np.array(values), sizes) for name, values in keys.items()}
    predictions |= {"row": rows, "speaker": speakers[rows]}
    predictions |= {"y_true": data.y[rows], "y_pred": data.classes[predicted]}
    fits = keys | {
        "n_train": [len(task.train) for task in tasks],
        "fit_seconds": [result.fit_seconds for result in results],
        "predict_seconds": [result.predict_seconds for result in results],
    }
    return Evaluation(pd.DataFrame(predictions), pd.DataFrame(fits))
