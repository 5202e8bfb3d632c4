"""Pipelines trained once a fold and tested under several conditions."""

import tempfile
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.utils import _safe_indexing

from sklearn_ser.evaluation._intervals import bootstrap_interval, paired_drop_test
from sklearn_ser.evaluation._run import (
    check_repeats,
    encode_predictions,
    fold_seeds,
    make_folder,
    run_jobs,
    seeded,
)
from sklearn_ser.evaluation._scores import score_predictions
from sklearn_ser.evaluation._store import content_key, data_key, file_name, load, save
from sklearn_ser.evaluation._study import check_pipelines, check_study

CLEAN = "clean"


class Condition(NamedTuple):
    """What is done to the tested utterances, and how strongly."""

    name: str
    level: float


class Fold(NamedTuple):
    """The data of a fold."""

    X: Any
    y: np.ndarray
    speakers: np.ndarray
    train: np.ndarray
    test: np.ndarray


class Disturbance:
    """What is done to the tested utterances, in several conditions; the first one is clean.

    A subclass has the attribute ``conditions`` and writes both methods. It is pickled where a study
    runs in several processes.
    """

    conditions: list[Condition]

    def settings(self, condition: Condition) -> tuple:
        """Give what the predictions in a condition depend on, beside data, pipeline and fold.

        Parameters
        ----------
        condition : Condition
            One of ``conditions``.

        Returns
        -------
        tuple
            Values that :func:`content_key` can hash.
        """
        raise NotImplementedError

    def prepare(self, fitted: Any, fold: Fold, seed: int) -> Callable[[Condition], Any]:
        """Make ready to test a pipeline.

        Parameters
        ----------
        fitted : classifier
            Fitted on the training rows of the fold.

        fold : Fold
            The data.

        seed : int
            Seed of the fold.

        Returns
        -------
        callable
            Gives the predictions of the test rows in a condition.
        """
        raise NotImplementedError


class RobustnessResult:
    """Predictions of pipelines under disturbance, and the scores that follow from them.

    Parameters
    ----------
    predictions : DataFrame
        As ``predictions`` of :class:`Evaluation`, with the column ``condition`` (``"clean"``, the
        name of a noise, a corruption or an attack) and another one of the level.

    fits : DataFrame
        As ``fits`` of :class:`Evaluation`, with the same two columns. What is fitted is fitted
        once for all conditions.

    level : {"snr", "epsilon"}
        Name of the column of the level.

    See Also
    --------
    noise_curve : Makes it.
    attack_curve : So does this.
    RobustnessCurveDisplay : The curves as a plot.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser import MLPSER
    >>> from sklearn_ser.evaluation import attack_curve
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["anger", "neutral"], 30)
    >>> X = rng.normal(size=(60, 4)) + 3 * (y == "anger")[:, np.newaxis]
    >>> result = attack_curve(MLPSER(max_epochs=20), X, y, [1.0], groups=[0, 1, 2] * 20)
    >>> result.curve[["pipeline", "condition", "epsilon", "n_speakers"]]
      pipeline condition  epsilon  n_speakers
    0   MLPSER     clean      0.0           3
    1   MLPSER      fgsm      1.0           3
    """

    def __init__(self, predictions: pd.DataFrame, fits: pd.DataFrame, level: str):
        self.predictions = predictions
        self.fits = fits
        self.level = level

    def __repr__(self) -> str:
        return f"RobustnessResult with the curve\n{self.curve.round(3).to_string(index=False)}"

    @cached_property
    def curve(self) -> pd.DataFrame:
        """Score each pipeline in each condition on the predictions pooled over the folds.

        Returns
        -------
        DataFrame
            With the columns ``pipeline``, ``condition``, the level, ``n_speakers``, ``uar`` (mean
            over the repeats), ``uar_low`` and ``uar_high`` (95 % interval of
            :func:`bootstrap_interval`) and ``drop``, the UAR that is lost against the clean
            utterances.
        """
        table = bootstrap_interval(self.predictions, by=["pipeline", "condition", self.level])
        names = {"estimate": "uar", "low": "uar_low", "high": "uar_high"}
        table = table.rename(columns=names)
        clean = table[table["condition"] == CLEAN].set_index("pipeline")["uar"]
        return table.assign(drop=table["pipeline"].map(clean) - table["uar"])

    @cached_property
    def folds(self) -> pd.DataFrame:
        """Score each fold.

        Returns
        -------
        DataFrame
            The columns of ``fits`` and of :func:`score_predictions`.
        """
        keys = ["pipeline", "condition", self.level, "repeat", "fold"]
        return self.fits.merge(score_predictions(self.predictions, keys), on=keys)

    def compare_drops(self) -> pd.DataFrame:
        """Test in each condition which pipelines lose more than others.

        Returns
        -------
        DataFrame
            A row for each condition and pair of pipelines: ``condition``, the level, and what
            :func:`paired_drop_test` gives, whose ``p_adjusted`` is corrected within the condition.

        Raises
        ------
        ValueError
            If there is no condition but the clean one, or no second pipeline.
        """
        if self.predictions["condition"].eq(CLEAN).all():
            raise ValueError(
                f"There is no condition but {CLEAN!r}, against which nothing is lost: test under "
                "a noise, a corruption or an attack."
            )
        by_condition = self.predictions.groupby(["condition", self.level], sort=False)
        parts = dict(iter(by_condition))
        reference = next(part for (name, _), part in parts.items() if name == CLEAN)
        tables = {
            key: paired_drop_test(reference, part) for key, part in parts.items() if key[0] != CLEAN
        }
        table = pd.concat(tables, names=["condition", self.level, None])
        return table.reset_index(level=["condition", self.level]).reset_index(drop=True)


class _Task(NamedTuple):
    pipeline: str
    repeat: int
    fold: int
    estimator: Any
    seed: int
    copies_seed: int
    train: np.ndarray
    test: np.ndarray


def run_conditions(
    pipelines: Any,
    X: Any,
    y: Any,
    disturbance: Disturbance,
    *,
    level: str,
    groups: Any,
    cv: Any,
    speakers: Any,
    n_repeats: int,
    random_state: int,
    n_jobs: int | None,
    path: str | Path | None,
    verbose: int,
) -> RobustnessResult:
    """Train pipelines on the clean training rows of each fold and test them in all conditions.

    Parameters
    ----------
    pipelines : classifier or dict of str to classifier
        As for :func:`evaluate`.

    X : array-like or DataFrame of shape (n_samples, ...)
        Data.

    y : array-like of shape (n_samples,)
        Emotions.

    disturbance : Disturbance
        The conditions.

    level : str
        Name of the column of the level.

    groups, cv, speakers, n_repeats, random_state, n_jobs, path, verbose : object
        As for :func:`evaluate`.

    Returns
    -------
    RobustnessResult
        Predictions.

    Raises
    ------
    ValueError
        If an argument is not as :func:`evaluate` wants it.
    """
    conditions = disturbance.conditions
    if repeated := {c.name for c in conditions if conditions.count(c) > 1}:
        raise ValueError(f"The conditions {sorted(repeated)} occur twice: name each once.")
    pipelines = check_pipelines(pipelines)
    check_repeats(n_repeats, random_state)
    X, labels, speakers, splits = check_study(X, y, groups, cv, speakers)
    tasks = [
        _Task(name, repeat, fold, estimator, seed, shared, train, test)
        for repeat in range(n_repeats)
        for fold, (train, test) in enumerate(splits)
        for seed in fold_seeds(random_state, repeat, fold)
        for shared in fold_seeds(random_state, repeat, 0)
        for name, estimator in pipelines.items()
    ]
    folder = make_folder(path)
    files = _result_files(tasks, disturbance, X, labels, speakers, folder)
    results = [[None if file is None else load(file) for file in row] for row in files]
    missing = [i for i, row in enumerate(results) if None in row]
    data = X, labels, speakers, np.unique(labels).tolist()
    title, n_done = f"{level} curve", len(tasks) - len(missing)
    with tempfile.TemporaryDirectory() as scratch:
        features = (folder or Path(scratch)) / "features"
        jobs = [
            (
                tasks[i]._replace(estimator=_with_memory(tasks[i].estimator, features)),
                disturbance,
                data,
                [j for j, result in enumerate(results[i]) if result is None],
                files[i],
            )
            for i in missing
        ]
        computed = run_jobs(_run, jobs, n_jobs=n_jobs, verbose=verbose, title=title, n_done=n_done)
        for i, new in zip(missing, computed, strict=True):
            for j, result in new.items():
                results[i][j] = result
    return _collect(tasks, results, conditions, labels, speakers, level)


def _with_memory(pipeline: Any, folder: Path) -> Any:
    """Let the extractors remember what they extract, so that they meet it once in all folds."""
    from sklearn_ser.features._base import UtteranceTransformer  # needed by studies of audio only

    pipeline = clone(pipeline)
    for name, part in pipeline.get_params().items():
        if isinstance(part, UtteranceTransformer) and part.memory is None:
            pipeline.set_params(**{f"{name}__memory": folder})
    return pipeline


def _result_files(
    tasks: list[_Task],
    disturbance: Disturbance,
    X: Any,
    y: np.ndarray,
    speakers: np.ndarray,
    folder: Path | None,
) -> list[list[Path | None]]:
    """Name one file for each task and condition, so that more conditions may be added later."""
    if folder is None:
        return [[None] * len(disturbance.conditions) for _ in tasks]
    data = data_key(X, y, speakers)
    # A pipeline, a fold and a condition are hashed once, however many tasks they are in.
    pipelines = {task.pipeline: content_key(task.estimator) for task in tasks}
    folds = {task.fold: content_key(task.train, task.test) for task in tasks}
    settings = [content_key(c, disturbance.settings(c)) for c in disturbance.conditions]
    return [
        [
            folder
            / file_name(
                f"{task.pipeline}_{c.name}_{c.level}_repeat{task.repeat}_fold{task.fold}",
                data,
                pipelines[task.pipeline],
                folds[task.fold],
                task.seed,
                task.copies_seed,
                key,
            )
            for c, key in zip(disturbance.conditions, settings, strict=True)
        ]
        for task in tasks
    ]


def _run(
    task: _Task, disturbance: Disturbance, data: tuple, wanted: list[int], files: Sequence
) -> dict[int, dict[str, Any]]:
    """Train a pipeline and test it in the conditions that are wanted."""
    X, y, speakers, classes = data
    fold = Fold(X, y, speakers, task.train, task.test)
    start = time.perf_counter()
    estimator = seeded(task.estimator, task.seed, task.copies_seed)
    fitted = estimator.fit(_safe_indexing(X, task.train), y[task.train])
    fit_seconds = time.perf_counter() - start
    predict = disturbance.prepare(fitted, fold, task.seed)
    results = {}
    for j in wanted:
        start = time.perf_counter()
        predicted = predict(disturbance.conditions[j])
        seconds = time.perf_counter() - start
        codes = encode_predictions(predicted, classes, len(task.test), task.pipeline, task.fold)
        results[j] = {
            "predicted": codes,
            "fit_seconds": fit_seconds,
            "predict_seconds": seconds,
        }
        if files[j] is not None:
            save(files[j], results[j])
    return results


def _collect(
    tasks: list[_Task],
    results: list[list],
    conditions: list[Condition],
    y: np.ndarray,
    speakers: np.ndarray,
    level: str,
) -> RobustnessResult:
    predictions, fits = [], []
    classes = np.unique(y)
    for task, row in zip(tasks, results, strict=True):
        for condition, result in zip(conditions, row, strict=True):
            keys = {
                "pipeline": task.pipeline,
                "condition": condition.name,
                level: condition.level,
                "repeat": task.repeat,
                "fold": task.fold,
            }
            seconds = {name: result[name] for name in ("fit_seconds", "predict_seconds")}
            fits.append(keys | {"n_train": len(task.train)} | seconds)
            tested = {"row": task.test, "speaker": speakers[task.test], "y_true": y[task.test]}
            predictions.append(
                pd.DataFrame(keys | tested | {"y_pred": classes[result["predicted"]]})
            )
    return RobustnessResult(pd.concat(predictions, ignore_index=True), pd.DataFrame(fits), level)
