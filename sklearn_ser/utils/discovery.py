"""What the library offers: every public estimator and function, found rather than listed."""

import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from operator import itemgetter
from typing import Any

from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin

import sklearn_ser

__all__ = ["all_estimators", "all_functions"]

_KINDS = {
    "classifier": lambda cls: issubclass(cls, ClassifierMixin),
    "regressor": lambda cls: issubclass(cls, RegressorMixin),
    "transformer": lambda cls: issubclass(cls, TransformerMixin),
    # As imbalanced-learn's pipeline recognises one: by its method.
    "sampler": lambda cls: hasattr(cls, "fit_resample"),
}


def all_estimators(type_filter: str | list[str] | None = None) -> list[tuple[str, type]]:
    """List the estimators of the library.

    Parameters
    ----------
    type_filter : {"classifier", "regressor", "transformer", "sampler"} or list, default=None
        The kind of estimators wanted; of a list, those that are of at least one of its kinds.
        ``None`` stands for all.

    Returns
    -------
    estimators : list of (str, type)
        Name and class, sorted by name.

    Raises
    ------
    ValueError
        If `type_filter` names another kind.

    See Also
    --------
    sklearn.utils.discovery.all_estimators : The same for scikit-learn.

    Examples
    --------
    >>> from sklearn_ser.utils.discovery import all_estimators
    >>> "MixupGANSampler" in dict(all_estimators(type_filter="sampler"))
    True
    """
    wanted = [type_filter] if isinstance(type_filter, str) else type_filter
    unknown = sorted(set(wanted or []) - set(_KINDS))
    if unknown:
        raise ValueError(f"type_filter must be of {sorted(_KINDS)} or None, got {unknown}.")
    return _named(
        obj
        for _, obj in _public_objects()
        if inspect.isclass(obj)
        and issubclass(obj, BaseEstimator)
        and not inspect.isabstract(obj)
        and (wanted is None or any(_KINDS[kind](obj) for kind in wanted))
    )


def all_functions() -> list[tuple[str, Any]]:
    """List the public functions of the library.

    Returns
    -------
    functions : list of (str, callable)
        Name and function, sorted by name.

    See Also
    --------
    sklearn.utils.discovery.all_functions : The same for scikit-learn.

    Examples
    --------
    >>> from sklearn_ser.utils.discovery import all_functions
    >>> "make_emotional_speech" in dict(all_functions())
    True
    """
    return _named(obj for _, obj in _public_objects() if inspect.isfunction(obj))


def _public_objects() -> Iterator[tuple[str, Any]]:
    """Yield module and object of every name in the ``__all__`` of a public module."""
    for module_info in pkgutil.walk_packages(sklearn_ser.__path__, "sklearn_ser."):
        if "._" in module_info.name:
            continue
        module = import_module(module_info.name)
        for name in getattr(module, "__all__", ()):
            yield module_info.name, getattr(module, name)


def _named(objects: Iterator[Any]) -> list[tuple[str, Any]]:
    """Sort objects by name; one that several modules export appears once."""
    return sorted({obj.__name__: obj for obj in objects}.items(), key=itemgetter(0))
