"""What all studies share: seeds for every part of a pipeline, and jobs run beside each other."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from numbers import Integral
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.utils import column_or_1d, get_tags
from tqdm.auto import tqdm


def fold_seeds(random_state: int, repeat: int, fold: int, n: int = 1) -> list[int]:
    """Derive the seeds of a fold in a repeat.

    Parameters
    ----------
    random_state : int
        Seed of the study.

    repeat, fold : int
        Numbers from 0.

    n : int, default=1
        How many seeds.

    Returns
    -------
    list of int
        Seeds that scikit-learn takes.
    """
    sequence = np.random.SeedSequence([int(random_state), repeat, fold])
    return [int(seed) % 2**31 for seed in sequence.generate_state(n)]


def seeded(estimator: Any, seed: int, copies_seed: int | None = None) -> Any:
    """Clone an estimator and set every random_state in it.

    Parameters
    ----------
    estimator : estimator
        Stays as it is.

    seed : int
        The seed.

    copies_seed : int, default=None
        The seed of samplers of utterances; None is `seed`. By the same one in all folds, the copies
        of an utterance are the same, and the cache of an extractor knows them.

    Returns
    -------
    estimator
        The clone.
    """
    estimator = clone(estimator)
    params = estimator.get_params()
    seeds = {}
    for name in params:
        if re.fullmatch(r"(.*__)?random_state", name):
            copies = _samples_utterances(params.get(name.removesuffix("__random_state")))
            seeds[name] = copies_seed if copies and copies_seed is not None else seed
    return estimator.set_params(**seeds)


def _samples_utterances(step: Any) -> bool:
    return hasattr(step, "fit_resample") and get_tags(step).input_tags.one_d_array


def run_jobs(
    function: Callable,
    jobs: Sequence[tuple],
    *,
    n_jobs: int | None,
    verbose: int,
    title: str,
    n_done: int = 0,
) -> Iterator[Any]:
    """Call a function for each job, in processes of one thread each, behind a progress bar.

    Parameters
    ----------
    function : callable
        What to do.

    jobs : sequence of tuple
        Arguments, one tuple a call.

    n_jobs : int or None
        Processes; None means 1 outside a :class:`joblib.parallel_config`.

    verbose : int
        Whether to show the progress.

    title : str
        Name of the progress bar.

    n_done : int, default=0
        Jobs that an earlier run has done.

    Yields
    ------
    object
        The results, in the order of the jobs.
    """
    # Pools of threads that share cores slow each other down.
    one_thread_each = (
        nullcontext()
        if n_jobs in (None, 1)
        else joblib.parallel_config("loky", inner_max_num_threads=1)
    )
    with one_thread_each:
        results = joblib.Parallel(n_jobs=n_jobs, return_as="generator")(
            joblib.delayed(function)(*job) for job in jobs
        )
        yield from tqdm(
            results,
            total=n_done + len(jobs),
            initial=n_done,
            desc=title,
            unit="fit",
            disable=not verbose,
        )


def check_repeats(n_repeats: Any, random_state: Any) -> None:
    """Check what decides the seeds.

    Parameters
    ----------
    n_repeats, random_state : object
        Parameters of a study.

    Raises
    ------
    ValueError
        If one is out of its range.
    """
    if not isinstance(n_repeats, Integral) or n_repeats < 1:
        raise ValueError(f"n_repeats={n_repeats!r} must be a positive integer.")
    if not isinstance(random_state, Integral) or random_state < 0:
        raise ValueError(
            f"random_state={random_state!r} must be a non-negative integer, from which the seeds "
            "of all repeats follow."
        )


def make_folder(path: str | Path | None) -> Path | None:
    """Make the folder of the results, where one is wanted.

    Parameters
    ----------
    path : str, Path or None
        As the user gave it.

    Returns
    -------
    Path or None
        The folder.
    """
    if path is None:
        return None
    folder = Path(path).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def as_labels(y: Any) -> np.ndarray:
    """Make an array of labels that sorts: strings of any container become numpy's strings.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Labels.

    Returns
    -------
    ndarray of shape (n_samples,)
        The labels.

    Raises
    ------
    ValueError
        If a label is missing: as a string it would be a class of its own.
    """
    # Beside strings, numpy makes a string of NaN, which is looked for before.
    missing = pd.isna(np.asarray(y, dtype=object))
    if missing.any():
        raise ValueError(
            f"{missing.sum()} of {len(missing)} labels are missing, first of them row "
            f"{np.flatnonzero(missing)[0]}: leave these rows out."
        )
    y = column_or_1d(np.asarray(y))
    if y.dtype.kind != "O":
        return y
    inferred = np.array(y.tolist())
    return inferred if inferred.dtype.kind in "iuf" else y.astype(str)


def empty_where_missing(values: Any) -> Any:
    """Put an empty string, which stands for what is not known, wherever a value is missing.

    Parameters
    ----------
    values : array-like of shape (n_samples,)
        Labels or speakers.

    Returns
    -------
    array-like of shape (n_samples,)
        The values themselves where none is missing.
    """
    objects = np.asarray(values, dtype=object)
    missing = pd.isna(objects)
    return np.where(missing, "", objects) if missing.any() else values


def as_rows(X: Any) -> Any:
    """Make a frame of an index of pandas, of which scikit-learn takes no rows.

    Parameters
    ----------
    X : array-like, DataFrame or Index
        Utterances, sequences or features; the index may be audformat's.

    Returns
    -------
    array-like or DataFrame
        The same rows.
    """
    return X.to_frame(index=False) if isinstance(X, pd.Index) else X


def check_speakers_apart(splits: list[tuple], speakers: np.ndarray) -> None:
    """Refuse folds with a speaker on both sides.

    Parameters
    ----------
    splits : list of (train, test)
        Indices of rows.

    speakers : ndarray of shape (n_samples,)
        Speakers.

    Raises
    ------
    ValueError
        If a speaker is in training and test; the message names the fold.
    """
    names, codes = np.unique(speakers, return_inverse=True)
    for fold, (train, test) in enumerate(splits):
        in_train, in_test = (
            np.bincount(codes[rows], minlength=len(names)) for rows in (train, test)
        )
        shared = names[(in_train > 0) & (in_test > 0)].tolist()
        if shared:
            raise ValueError(
                f"Fold {fold} has {len(shared)} speakers in training and test, such as "
                f"{shared[:3]}: the figures would be those of known speakers. Pass a cv that keeps "
                "speakers apart. What shared speakers feign, evaluate measures with "
                "allow_shared_speakers=True."
            )


def encode_predictions(
    predicted: Any, classes: list, n_tested: int, pipeline: str, fold: int
) -> list[int]:
    """Turn predicted labels into numbers of the classes.

    Parameters
    ----------
    predicted : array-like of shape (n_tested,)
        What a pipeline predicted.

    classes : list
        All labels, sorted.

    n_tested : int
        Utterances of the fold.

    pipeline : str
        Name of the pipeline.

    fold : int
        Number of the fold.

    Returns
    -------
    list of int
        Positions in `classes`.

    Raises
    ------
    ValueError
        If there are more or fewer predictions than utterances, or one is no class.
    """
    code_of = {label: code for code, label in enumerate(classes)}
    labels = np.asarray(predicted).tolist()
    if len(labels) != n_tested:
        raise ValueError(
            f"The pipeline {pipeline!r} gave {len(labels)} predictions for {n_tested} utterances "
            f"of fold {fold}."
        )
    try:
        return [code_of[label] for label in labels]
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"The pipeline {pipeline!r} predicted {error.args[0]!r} in fold {fold}, but the "
            f"classes are {classes}."
        ) from error
