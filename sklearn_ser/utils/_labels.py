"""Labels that are missing."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def find_unlabelled(y: Any) -> NDArray[np.bool_]:
    """Mark labels that are missing.

    Parameters
    ----------
    y : array-like
        Labels.

    Returns
    -------
    ndarray of bool of the shape of y
        True for None, NaN, NA and ``""``.

    Examples
    --------
    >>> from sklearn_ser.utils._labels import find_unlabelled
    >>> find_unlabelled(["anger", "", None])
    array([False,  True,  True])
    """
    labels = np.array(y, dtype=object)
    missing = np.asarray(pd.isna(labels))  # pandas' own gaps compare to nothing
    missing[~missing] = labels[~missing] == ""
    return missing


def check_labelled(y: Any, remedy: str = "Leave them out of X and y.") -> None:
    """Refuse labels that are missing: an empty one would pass for an emotion of its own.

    Parameters
    ----------
    y : array-like of shape (n_utterances,)
        Emotions.

    remedy : str, default="Leave them out of X and y."
        What the error advises.

    Raises
    ------
    ValueError
        If a label is None, NaN or ``""``.

    Examples
    --------
    >>> from sklearn_ser.utils._labels import check_labelled
    >>> check_labelled(["anger", "sadness"])
    """
    missing = np.flatnonzero(find_unlabelled(y))
    if len(missing):
        raise ValueError(
            f"Input y contains NaN, None or '' in {len(missing)} of {np.size(y)} rows, first of "
            f"them row {missing[0]}: utterances without an emotion. {remedy}"
        )
