"""Predictions on disk, each file named by everything that it depends on."""

import hashlib
import re
import tempfile
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np

import sklearn_ser

_PACKAGES = ("scikit-learn", "imbalanced-learn", "torch")


class Result(NamedTuple):
    """What a classifier predicted for the test rows, and what that took."""

    predicted: np.ndarray
    n_train: int
    n_synthetic: int
    seconds: float


def file_name(label: str, *settings: Any) -> str:
    """Name a file by a label and by a hash of the settings.

    Parameters
    ----------
    label : str
        The readable part.

    *settings : object
        Whatever the content depends on beside the versions of the libraries: estimators by class
        and parameters, everything else by value.

    Returns
    -------
    str
        The name.

    Examples
    --------
    >>> from sklearn_ser.evaluation._store import file_name
    >>> file_name("a b", 1) == file_name("a b", 1) != file_name("a b", 2)
    True
    """
    versions = [sklearn_ser.__version__, *map(version, _PACKAGES)]
    described = repr([versions, *map(_describe, settings)])
    key = hashlib.blake2b(described.encode(), digest_size=12).hexdigest()
    return f"{re.sub(r'[^0-9A-Za-z]+', '-', label)}_{key}.npz"


def _describe(value: Any) -> list:
    """List classes, parameters and values, each hashed by itself.

    A hash of the whole would tell two equal objects from one object in two places.
    """
    if isinstance(value, (list, tuple)):
        return [_describe(element) for element in value]
    if not hasattr(value, "get_params"):
        return [joblib.hash(value)]
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    parameters = sorted(value.get_params(deep=False).items())
    return [kind, *([name, *_describe(parameter)] for name, parameter in parameters)]


def save(file: Path, results: dict[str, Result]) -> None:
    """Write a file that is either whole or not there.

    Parameters
    ----------
    file : Path
        The file.

    results : dict of str to Result
        Results by the kind of training data.
    """
    arrays: dict[str, Any] = {
        f"{kind}/{name}": value
        for kind, result in results.items()
        for name, value in result._asdict().items()
    }
    with tempfile.NamedTemporaryFile(dir=file.parent, suffix=".tmp", delete=False) as scratch:
        try:
            np.savez(scratch, **arrays)
        except BaseException:
            Path(scratch.name).unlink()
            raise
    Path(scratch.name).replace(file)


def load(file: Path, kinds: Iterable[str]) -> dict[str, Result]:
    """Read what :func:`save` wrote.

    Parameters
    ----------
    file : Path
        The file.

    kinds : iterable of str
        The kinds of training data.

    Returns
    -------
    dict of str to Result
        Results by the kind of training data.
    """
    with np.load(file) as arrays:
        return {
            kind: Result(
                predicted=arrays[f"{kind}/predicted"],
                n_train=int(arrays[f"{kind}/n_train"]),
                n_synthetic=int(arrays[f"{kind}/n_synthetic"]),
                seconds=float(arrays[f"{kind}/seconds"]),
            )
            for kind in kinds
        }
