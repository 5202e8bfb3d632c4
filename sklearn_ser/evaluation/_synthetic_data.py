"""What synthetic rows are worth: training on real, on synthetic, and on both."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.model_selection import LeaveOneGroupOut, check_cv
from sklearn.utils import check_consistent_length, check_X_y

from sklearn_ser.evaluation._run import (
    check_repeats,
    fold_seeds,
    make_folder,
    run_jobs,
    seeded,
)
from sklearn_ser.evaluation._store import data_key, file_name, load, save
from sklearn_ser.evaluation._study import check_labels
from sklearn_ser.metrics import unweighted_average_recall_score

REAL, SYNTHETIC, BOTH = "real", "synthetic", "real + synthetic"

# The name of the arm whose only training data are the real rows.
NO_SAMPLER = "none"


class _Result(NamedTuple):
    """What a classifier predicted for the test rows, and what that took."""

    predicted: np.ndarray
    n_train: int
    n_synthetic: int
    seconds: float


class _Task(NamedTuple):
    """One arm on one fold in one repeat; the estimators carry their seeds."""

    arm: str
    sampler: Any
    classifier: Any
    training_data: tuple[str, ...]
    n_synthetic: str | int
    repeat: int
    fold: int
    train: np.ndarray
    test: np.ndarray


def synthetic_data_study(
    samplers: Any,
    classifier: Any,
    X: ArrayLike,
    y: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    cv: Any = None,
    test: tuple[ArrayLike, ArrayLike] | None = None,
    training_data: Sequence[str] = (REAL, SYNTHETIC, BOTH),
    n_synthetic: str | int = "real",
    n_repeats: int = 1,
    random_state: int = 0,
    n_jobs: int | None = None,
    path: str | Path | None = None,
    verbose: int = 0,
) -> pd.DataFrame:
    """Compare training on real, on synthetic, and on real and synthetic rows.

    Every sampler is fitted on the training rows of a fold and on nothing else; test rows are
    always real. The classifier has the same settings and the same seed in all columns.

    Parameters
    ----------
    samplers : sampler or dict of str to sampler
        The arms: over-samplers that return the originals first and have a parameter
        ``sampling_strategy``, which the study sets. A pipeline of transformers and a last sampler
        will do: its synthetic rows are transformed back to the units of X. That is how SMOTE, which
        measures distances, gets standardised rows.

    classifier : classifier
        Trained on each kind of training data. Anything that it needs, such as a scaler, belongs in
        a pipeline with it.

    X : array-like of shape (n_samples, n_features)
        Features.

    y : array-like of shape (n_samples,)
        Emotions.

    groups : array-like of shape (n_samples,), default=None
        Speakers or sessions, which `cv` keeps apart.

    cv : int, cross-validation generator or iterable, default=None
        Splits of X. None leaves one of the `groups` out at a time. A generator that shuffles needs
        a ``random_state``, or a continued study would meet other folds.

    test : tuple of (X_test, y_test), default=None
        Another corpus: train on the whole of X, test on this one. Excludes `cv`.

    training_data : sequence of str, default=("real", "synthetic", "real + synthetic")
        The kinds of training data to compare.

    n_synthetic : {"real", "largest", "balance"} or int, default="real"
        Synthetic rows drawn of each class: as many as the class has real ones, as many as the
        largest class has, as many as the class lacks to be as large as the largest, or a number.
        ``"balance"`` draws none of the largest class and is for real + synthetic only.

    n_repeats : int, default=1
        Repetitions with other seeds of samplers and classifiers, on the same folds.

    random_state : int, default=0
        Decides the seeds of all repeats. Repeat and fold have the same seeds in all arms.

    n_jobs : int, default=None
        Processes, of one thread each. None means 1 outside a :class:`joblib.parallel_config`.

    path : str or Path, default=None
        Folder that keeps the predictions of every arm, repeat and fold as soon as they are made. A
        study that is run again continues from there. Changed data or settings find no predictions
        of theirs and are computed anew, so that studies may share a folder.

    verbose : int, default=0
        Whether to show a progress bar.

    Returns
    -------
    DataFrame
        One row for each arm, kind of training data and repeat, with the columns

        - ``sampler``: name of the arm; ``"none"`` for the real rows alone, which all arms share,
        - ``training_data``: ``"real"``, ``"synthetic"`` or ``"real + synthetic"``,
        - ``repeat``: from 0,
        - ``uar``: unweighted average recall of the predictions pooled over all folds,
        - ``chance``: the UAR of guessing,
        - ``n_train``, ``n_synthetic``: training rows, and synthetic ones among them, as means
          over the folds,
        - ``seconds``: for sampling, training and prediction, as a sum over the folds; columns that
          share synthetic rows count their sampling each.

    Raises
    ------
    ValueError
        If an argument is not as described, a label is missing, the two corpora differ in classes,
        or a sampler changes or removes original rows.

    See Also
    --------
    tabulate_study : The table of mean and standard deviation over the repeats.
    SyntheticDataDisplay : The same as a plot.

    References
    ----------
    Latif, S., Asim, M., Rana, R., Khalifa, S., Jurdak, R., & Schuller, B. W. (2020). Augmenting
    generative adversarial networks for speech emotion recognition. Interspeech. arXiv:2005.08447.

    Examples
    --------
    >>> from sklearn.datasets import make_blobs
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_ser.evaluation import synthetic_data_study
    >>> from sklearn_ser.over_sampling import MixupSampler
    >>> X, y = make_blobs(60, n_features=4, centers=3, random_state=0)
    >>> results = synthetic_data_study(
    ...     {"mixup": MixupSampler()}, LogisticRegression(), X, y, cv=3
    ... )
    >>> results[["sampler", "training_data", "n_train", "n_synthetic"]]
      sampler     training_data  n_train  n_synthetic
    0    none              real     40.0          0.0
    1   mixup         synthetic     40.0         40.0
    2   mixup  real + synthetic     80.0         40.0
    """
    samplers = _check_samplers(samplers)
    _check_settings(training_data, n_synthetic, n_repeats, random_state)
    X, y, splits = _check_data(X, y, groups, cv, test)
    folder = make_folder(path)
    tasks = list(
        _make_tasks(
            samplers, classifier, splits, training_data, n_synthetic, n_repeats, random_state
        )
    )
    key = "" if folder is None else data_key(X, y)
    results = run_jobs(
        _run_or_load,
        [(task, X, y, folder, key) for task in tasks],
        n_jobs=n_jobs,
        verbose=verbose,
        title="synthetic_data_study",
    )
    return _collect(tasks, list(results), y)


def _check_samplers(samplers: Any) -> dict[str, Any]:
    if not isinstance(samplers, Mapping):
        samplers = {type(samplers).__name__: samplers}
    for name, sampler in samplers.items():
        last = _split_pipeline(sampler)[1]
        if not hasattr(last, "fit_resample") or "sampling_strategy" not in last.get_params():
            raise ValueError(
                f"The arm {name!r} is {sampler!r}, which is no over-sampler: it needs a method "
                "fit_resample and a parameter sampling_strategy."
            )
        if name == NO_SAMPLER:
            raise ValueError(f"The name {NO_SAMPLER!r} is taken by the real rows; use another.")
    return dict(samplers)


def _check_settings(
    training_data: Sequence[str], n_synthetic: str | int, n_repeats: int, random_state: int
) -> None:
    unknown = [kind for kind in training_data if kind not in (REAL, SYNTHETIC, BOTH)]
    if unknown or isinstance(training_data, str) or not len(training_data):
        raise ValueError(
            f"training_data={training_data!r} must be a list of {REAL!r}, {SYNTHETIC!r}, {BOTH!r}."
        )
    is_number = isinstance(n_synthetic, Integral) and int(n_synthetic) > 0
    if not is_number and n_synthetic not in ("real", "largest", "balance"):
        raise ValueError(
            f"n_synthetic={n_synthetic!r} must be 'real', 'largest', 'balance' or a positive "
            "number of rows a class."
        )
    if n_synthetic == "balance" and SYNTHETIC in training_data:
        raise ValueError(
            "n_synthetic='balance' draws no row of the largest class, so nothing can be trained on "
            f"synthetic rows alone: leave {SYNTHETIC!r} out of training_data, or use 'largest'."
        )
    check_repeats(n_repeats, random_state)


def _check_data(
    X: Any, y: Any, groups: Any, cv: Any, test: tuple | None
) -> tuple[np.ndarray, np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
    """Check the data and return the rows of all corpora with the splits over them."""
    X, y = check_X_y(X, check_labels(y), dtype=[np.float64, np.float32])
    check_consistent_length(X, y, groups)
    if test is None:
        if cv is None and groups is None:
            raise ValueError(
                "The study needs test rows: pass the speakers as groups, splits as cv, or another "
                "corpus as test."
            )
        splitter = LeaveOneGroupOut() if cv is None else check_cv(cv, y, classifier=True)
        return X, y, [(train, rows) for train, rows in splitter.split(X, y, groups)]
    if cv is not None:
        raise ValueError("cv splits X, but test holds the test data: pass one of the two.")
    X_test, y_test = check_X_y(test[0], check_labels(test[1]), dtype=X.dtype)
    if X_test.shape[1] != X.shape[1]:
        raise ValueError(
            f"X has {X.shape[1]} features, but X_test has {X_test.shape[1]}: extract the same "
            "feature set from both corpora."
        )
    classes, classes_test = set(y.tolist()), set(y_test.tolist())
    if classes != classes_test:
        raise ValueError(
            f"Only one of y and y_test has the classes {sorted(classes ^ classes_test)}: select "
            f"the rows of the shared ones, {sorted(classes & classes_test)}, in both corpora."
        )
    train = np.arange(len(y))
    rows = len(y) + np.arange(len(y_test))
    return np.concatenate([X, X_test]), np.concatenate([y, y_test]), [(train, rows)]


def _make_tasks(
    samplers: Mapping[str, Any],
    classifier: Any,
    splits: list[tuple[np.ndarray, np.ndarray]],
    training_data: Sequence[str],
    n_synthetic: str | int,
    n_repeats: int,
    random_state: int,
) -> Iterable[_Task]:
    arms: list[tuple[str, Any, tuple[str, ...]]] = []
    if REAL in training_data:
        arms.append((NO_SAMPLER, None, (REAL,)))
    with_sampler = tuple(kind for kind in (SYNTHETIC, BOTH) if kind in training_data)
    if with_sampler:
        arms += [(name, sampler, with_sampler) for name, sampler in samplers.items()]
    for repeat in range(n_repeats):
        for fold, (train, test) in enumerate(splits):
            seeds = fold_seeds(random_state, repeat, fold, 2)
            for arm, sampler, kinds in arms:
                yield _Task(
                    arm,
                    None if sampler is None else seeded(sampler, seeds[0]),
                    seeded(classifier, seeds[1]),
                    kinds,
                    0 if sampler is None else n_synthetic,
                    repeat,
                    fold,
                    train,
                    test,
                )


def _run_or_load(
    task: _Task, X: np.ndarray, y: np.ndarray, folder: Path | None, key: str
) -> dict[str, _Result]:
    if folder is None:
        return _run(task, X, y)
    label = f"{task.arm}_repeat{task.repeat}_fold{task.fold}"
    # The seeds are parameters of the estimators.
    file = folder / file_name(label, key, *task[1:5], task.train, task.test)
    if (saved := load(file)) is not None:
        return {kind: _Result(**saved[kind]) for kind in task.training_data}
    results = _run(task, X, y)
    save(
        file,
        {
            kind: result._replace(predicted=result.predicted.tolist())._asdict()
            for kind, result in results.items()
        },
    )
    return results


def _run(task: _Task, X: np.ndarray, y: np.ndarray) -> dict[str, _Result]:
    """Train on each kind of training data; the sampler sees the training rows only."""
    start = time.perf_counter()
    data: dict[str, Any] = {REAL: (X[task.train], y[task.train])}
    if task.sampler is not None:
        data[SYNTHETIC] = _draw(task, *data[REAL])
        data[BOTH] = tuple(
            np.concatenate(rows) for rows in zip(data[REAL], data[SYNTHETIC], strict=True)
        )
    sampling = time.perf_counter() - start
    results = {}
    for kind in task.training_data:
        start = time.perf_counter()
        X_train, y_train = data[kind]
        predicted = clone(task.classifier).fit(X_train, y_train).predict(X[task.test])
        results[kind] = _Result(
            predicted=np.asarray(predicted, dtype=y.dtype),
            n_train=len(y_train),
            n_synthetic=0 if kind == REAL else len(data[SYNTHETIC][1]),
            seconds=sampling + time.perf_counter() - start,
        )
    return results


def _draw(task: _Task, X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fit the sampler on training rows and return the synthetic rows alone."""
    transformers, sampler = _split_pipeline(clone(task.sampler))
    Z = X if transformers is None else transformers.fit_transform(X, y)
    sampler.set_params(sampling_strategy=_wanted(y, task.n_synthetic))
    Z_all, y_all = sampler.fit_resample(Z, y)
    if not np.array_equal(Z_all[: len(y)], Z) or not np.array_equal(y_all[: len(y)], y):
        raise ValueError(
            f"The sampler of the arm {task.arm!r} removes or changes original rows, so real and "
            "synthetic rows cannot be told apart: use one that only adds rows."
        )
    synthetic = getattr(sampler, "synthetic_mask_", np.arange(len(y_all)) >= len(y))
    Z, y = Z_all[synthetic], y_all[synthetic]
    return (Z if transformers is None else transformers.inverse_transform(Z)), y


def _split_pipeline(sampler: Any) -> tuple[Any, Any]:
    """Separate what stands before the sampler in a pipeline."""
    if not hasattr(sampler, "steps"):
        return None, sampler
    return (sampler[:-1] if len(sampler) > 1 else None), sampler[-1]


def _wanted(y: np.ndarray, n_synthetic: str | int) -> dict[Any, int]:
    """Return the rows a class, originals included, as imbalanced-learn counts them."""
    sizes = Counter(y.tolist())
    largest = max(sizes.values())
    if n_synthetic == "real":
        return {label: 2 * size for label, size in sizes.items()}
    if n_synthetic == "balance":
        return dict.fromkeys(sizes, largest)
    each = largest if n_synthetic == "largest" else int(n_synthetic)
    return {label: size + each for label, size in sizes.items()}


def _collect(tasks: list[_Task], results: list[dict[str, _Result]], y: np.ndarray) -> pd.DataFrame:
    """Pool the predictions of the folds of each arm, kind and repeat, and score them once."""
    pooled: dict[tuple[str, str, int], list[tuple[_Result, np.ndarray]]] = {}
    for task, by_kind in zip(tasks, results, strict=True):
        for kind, result in by_kind.items():
            pooled.setdefault((task.arm, kind, task.repeat), []).append((result, y[task.test]))
    rows = []
    for (arm, kind, repeat), folds in pooled.items():
        y_true = np.concatenate([true for _, true in folds])
        # JSON turns arrays into lists.
        y_pred = np.concatenate([np.asarray(result.predicted, y.dtype) for result, _ in folds])
        rows.append(
            {
                "sampler": arm,
                "training_data": kind,
                "repeat": repeat,
                "uar": unweighted_average_recall_score(y_true, y_pred, labels=np.unique(y)),
                "chance": 1 / len(np.unique(y)),
                "n_train": float(np.mean([result.n_train for result, _ in folds])),
                "n_synthetic": float(np.mean([result.n_synthetic for result, _ in folds])),
                "seconds": float(np.sum([result.seconds for result, _ in folds])),
            }
        )
    return pd.DataFrame(rows)
