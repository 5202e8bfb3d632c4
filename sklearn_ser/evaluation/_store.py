"""Results on disk, each file named by everything that it depends on."""

import contextlib
import copy
import functools
import hashlib
import json
import os
import pickle
import re
import stat
from collections.abc import Iterable, Mapping, Set
from importlib.metadata import version
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd

import sklearn_ser
from sklearn_ser.utils._audio import utterance_column
from sklearn_ser.utils._files import WITHOUT_INFLUENCE, replacing

_PACKAGES = (
    "numpy",
    "scipy",
    "scikit-learn",
    "imbalanced-learn",
    "skorch",
    "torch",
    "librosa",
    "opensmile",
    "soundfile",
    "soxr",
)

_SCALARS = (str, bytes, bool, int, float, np.generic, os.PathLike)


def content_key(*values: Any) -> str:
    """Hash values by their content, wherever in memory or in which process they are.

    Parameters
    ----------
    *values : object
        Estimators, by class and parameters, of which ``n_jobs``, ``memory`` and ``verbose`` do not
        count (files that they name, and those in folders that they name, by size and time of
        their last change, too); arrays, frames, collections and scalars, by value; anything else
        as pickled.

    Returns
    -------
    str
        Hexadecimal digits.

    Raises
    ------
    ValueError
        If a value can only be told by its place in memory, as a lambda is.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser.evaluation._store import content_key
    >>> content_key(np.arange(4)[::2]) == content_key(np.array([0, 2])) != content_key([0, 2])
    True
    """
    return _digest(values)


def _digest(values: Iterable[Any], names_files: bool = False) -> str:
    digest = hashlib.blake2b(digest_size=12)
    for value in values:
        _feed(digest, value, names_files)
    return digest.hexdigest()


def _feed(digest: Any, value: Any, names_files: bool = False) -> None:
    """Hash type and content; joblib's hash of a whole tells equal objects from one object twice."""
    digest.update(f"{type(value).__module__}.{type(value).__qualname__}:".encode())
    if hasattr(value, "get_params") and not isinstance(value, type):
        parameters = value.get_params(deep=False)
        parameters = {k: v for k, v in parameters.items() if k not in WITHOUT_INFLUENCE}
        _feed(digest, parameters, names_files=True)
    elif isinstance(value, (pd.DataFrame, pd.Series, pd.Index)):
        table = value.to_frame(index=False) if isinstance(value, pd.Index) else value.reset_index()
        _feed(digest, list(table.columns))
        for i in range(table.shape[1]):
            _feed(digest, table.iloc[:, i].to_numpy(), names_files)
    elif isinstance(value, np.ndarray) and not value.dtype.hasobject:
        digest.update(f"{value.dtype.str}{value.shape}".encode())
        digest.update(np.ascontiguousarray(value).data)
        if names_files and value.dtype.kind == "U":
            _feed(digest, [_file_state(name) for name in value.ravel().tolist()])
    elif isinstance(value, (np.ndarray, list, tuple)):
        digest.update(str(len(value)).encode())
        for element in value:
            _feed(digest, element, names_files)
    elif isinstance(value, (Mapping, Set)):
        elements = value.items() if isinstance(value, Mapping) else value
        # In an order that does not depend on the process, as that of a set does.
        keys = sorted(_digest([element], names_files) for element in elements)
        digest.update("".join(keys).encode())
    elif value is None or isinstance(value, _SCALARS):
        digest.update(repr(value).encode() + b";")
        if names_files:
            digest.update(repr(_file_state(value)).encode())
    else:
        digest.update(_hash_pickled(value).encode())


def _hash_pickled(value: Any) -> str:
    problem = None
    try:
        pickled = joblib.hash(value)
        # The copy is elsewhere in memory: a hash that depends on the place would differ.
        if pickled == joblib.hash(copy.deepcopy(value)):
            return pickled
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        problem = error
    raise ValueError(
        f"{value!r} cannot be told from others of its kind in another run, so nothing can be "
        "kept on disk for it: use a function of a module instead of a lambda, an array instead of "
        "a tensor, or path=None."
    ) from problem


def data_key(X: Any, *others: Any) -> str:
    """Hash data; audio files count by size and time of their last change, too.

    Parameters
    ----------
    X : array-like or DataFrame
        Utterances, sequences or features.

    *others : object
        Labels, groups and whatever else belongs to the data.

    Returns
    -------
    str
        Hexadecimal digits.
    """
    files = utterance_column(X, "file")
    is_flat = isinstance(X, list) or getattr(X, "ndim", 1) == 1
    sources = X if files is None and is_flat else files
    states = [] if sources is None else [_file_state(source) for source in sources]
    return content_key(X, states, *others)


def _file_state(source: Any) -> Any:
    """Tell size and time of the last change of a file, or of each file in a folder or below it."""
    if not isinstance(source, (str, os.PathLike)) or source == "":
        return None
    with contextlib.suppress(OSError, ValueError):  # a string may be anything
        path = Path(source)
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            return [
                (str(file.relative_to(path)), _file_state(file))
                for file in sorted(path.rglob("*"))
                if file.is_file()
            ]
        if stat.S_ISREG(status.st_mode):
            return status.st_size, status.st_mtime_ns
    return None


def file_name(label: str, *settings: Any) -> str:
    """Name a file by a label and by a hash of the settings.

    Parameters
    ----------
    label : str
        The readable part.

    *settings : object
        Whatever the content depends on beside the versions of the libraries; see
        :func:`content_key`.

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
    key = content_key(_versions(), *settings)
    return f"{re.sub(r'[^0-9A-Za-z]+', '-', label)}_{key}.json"


@functools.cache
def _versions() -> tuple[str, ...]:
    return sklearn_ser.__version__, *map(version, _PACKAGES)


def save(file: Path, content: dict[str, Any]) -> None:
    """Write a file that is either whole or not there.

    Parameters
    ----------
    file : Path
        The file.

    content : dict
        Strings, numbers, lists and dicts.
    """
    with replacing(file) as stream:
        stream.write(json.dumps(content).encode())  # many times as fast as json.dump


def load(file: Path) -> dict[str, Any] | None:
    """Read what :func:`save` wrote.

    Parameters
    ----------
    file : Path
        The file.

    Returns
    -------
    dict or None
        The content; None where there is no file, or one that a crash of the machine damaged.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
