"""Checks of what the deep estimators are given."""

import os
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike
from sklearn.utils.validation import _check_sample_weight, _num_samples


def resolve_device(device: str) -> str:
    """Name the device to compute on.

    Parameters
    ----------
    device : str
        ``"auto"`` is CUDA where there is a device and the CPU elsewhere; else a torch device.

    Returns
    -------
    str
        A torch device.

    Raises
    ------
    ValueError
        If the device is unknown or not there.

    Examples
    --------
    >>> from sklearn_ser.neural_network._checks import resolve_device
    >>> resolve_device("cpu")
    'cpu'
    """
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        kind = torch.device(device).type
    except RuntimeError as error:
        raise ValueError(
            f"device={device!r} is no torch device. Use 'auto', 'cpu' or 'cuda'."
        ) from error
    if kind == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device={device!r}, but torch sees no CUDA device. Use 'auto' or 'cpu'.")
    return device


def check_no_utterances(X: Any) -> None:
    """Refuse audio, which is to be turned into features first.

    Parameters
    ----------
    X : object
        What an estimator is given.

    Raises
    ------
    ValueError
        If X is a frame of utterances, or holds paths.
    """
    is_frame = isinstance(X, pd.DataFrame) and "file" in X.columns
    is_frame = is_frame and not pd.api.types.is_numeric_dtype(X["file"])
    is_flat = isinstance(X, (list, pd.Series)) or getattr(X, "ndim", 2) == 1
    first = next(iter(X), None) if is_flat and not is_frame else None
    if is_frame or isinstance(first, (str, os.PathLike)):
        raise ValueError(
            "X holds utterances, but features or sequences are needed. Put an extractor such as "
            "OpenSmileFeatures() or LogMelSpectrogram() before this estimator in a pipeline."
        )


def check_metadata_length(name: str, values: Any, n_rows: int) -> None:
    """Refuse per-utterance metadata of another length than X.

    Parameters
    ----------
    name : str
        Name of the argument.

    values : array-like or None
        The metadata.

    n_rows : int
        Number of utterances.

    Raises
    ------
    ValueError
        If the lengths differ; the message names the usual cause.
    """
    if values is not None and _num_samples(values) != n_rows:
        raise ValueError(
            f"{name} has {_num_samples(values)} entries, but X has {n_rows} rows. A sampler "
            f"earlier in the pipeline changes the rows of X and y, but not of {name}: fit without "
            f"{name}, or without the sampler."
        )


# What net_params cannot set, and what does instead.
_NOT_NET_PARAMS = {
    "max_epochs": "use the parameter max_epochs",
    "train_split": "use the parameters early_stopping and validation_fraction",
    "criterion": "the estimator's loss is fixed",
    "module": "use SpeechNetClassifier for a module of your own",
}


def check_net_params(net_params: dict[str, Any] | None) -> dict[str, Any]:
    """Refuse parameters of the net that are the estimator's own.

    Parameters
    ----------
    net_params : dict or None
        Further parameters of the skorch net.

    Returns
    -------
    dict
        A copy of them.

    Raises
    ------
    ValueError
        If one of them is the estimator's to set; the message says what to use instead.

    Examples
    --------
    >>> from sklearn_ser.neural_network._checks import check_net_params
    >>> check_net_params(None), check_net_params({"lr": 0.1})
    ({}, {'lr': 0.1})
    """
    for name in net_params or {}:
        if name in _NOT_NET_PARAMS:
            raise ValueError(f"net_params has {name!r}: {_NOT_NET_PARAMS[name]}.")
    return dict(net_params or {})


def check_weights(sample_weight: ArrayLike | None, X: np.ndarray) -> np.ndarray:
    """Check weights of utterances.

    Parameters
    ----------
    sample_weight : array-like of shape (n_utterances,) or None
        None weighs all the same.

    X : ndarray
        The utterances.

    Returns
    -------
    ndarray of shape (n_utterances,)
        Weights, float64.

    Raises
    ------
    ValueError
        If the length is not that of X, a weight is negative, or none is positive.
    """
    check_metadata_length("sample_weight", sample_weight, len(X))
    weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    return weight
