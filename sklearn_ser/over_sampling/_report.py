"""What a generative model says of itself: whether it has collapsed, whether it copies."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.metrics import pairwise_distances_argmin_min
from sklearn.neighbors import NearestNeighbors


class SyntheticDataWarning(UserWarning):
    """Warns of synthetic rows that are nearly all alike, or nearly copies of real ones.

    See Also
    --------
    MixupGANSampler : Its parameters ``min_diversity`` and ``min_novelty`` say when.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_ser.over_sampling import SyntheticDataWarning
    >>> warnings.simplefilter("error", SyntheticDataWarning)  # a collapse becomes an error
    >>> warnings.simplefilter("default", SyntheticDataWarning)
    """


def relative_diversity(X_real: np.ndarray, X_synthetic: np.ndarray) -> float:
    """Compare how far apart synthetic rows are with how far apart real ones are.

    Parameters
    ----------
    X_real : ndarray of shape (n, n_features)
        Real rows of a class, standardised.

    X_synthetic : ndarray of shape (m, n_features)
        Synthetic rows of the class, in the same units.

    Returns
    -------
    float
        Root mean square distance between two synthetic rows, as a share of that between two real
        ones. 0 where all synthetic rows are one point, near 1 where they are as varied as the real
        ones. NaN where there are fewer than two rows of a kind, or all the real ones are equal.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser.over_sampling._report import relative_diversity
    >>> X = np.array([[0.0], [1.0], [2.0]])
    >>> relative_diversity(X, 1 + X / 2), relative_diversity(X, X * 0)
    (0.5, 0.0)
    """
    real, synthetic = _variance(X_real), _variance(X_synthetic)
    return float(np.sqrt(synthetic / real)) if real > 0 else np.nan


def _variance(X: np.ndarray) -> float:
    """Return half the mean squared distance between two rows."""
    return X.astype(np.float64).var(axis=0, ddof=1).sum() if len(X) > 1 else np.nan


def relative_novelty(X_real: np.ndarray, X_synthetic: np.ndarray) -> float:
    """Compare how near synthetic rows are to real ones with how near real ones are to each other.

    Parameters
    ----------
    X_real : ndarray of shape (n, n_features)
        Real rows of a class, standardised.

    X_synthetic : ndarray of shape (m, n_features)
        Synthetic rows of the class, in the same units.

    Returns
    -------
    float
        Median distance from a synthetic row to the nearest real one, as a share of the median
        distance from a real row to the nearest other. 0 where synthetic rows are copies. NaN
        where there are fewer than two real rows or no synthetic one, or most real rows have a
        copy among the real ones.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser.over_sampling._report import relative_novelty
    >>> X = np.array([[0.0], [1.0], [2.0]])
    >>> relative_novelty(X, X + 0.25), relative_novelty(X, X)
    (0.25, 0.0)
    """
    if len(X_real) < 2 or len(X_synthetic) == 0:
        return np.nan
    # Without an argument the row itself is no neighbour of its own.
    among_real = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(X_real).kneighbors()[0]
    real = np.median(among_real)
    synthetic = np.median(pairwise_distances_argmin_min(X_synthetic, X_real)[1])
    return float(synthetic / real) if real > 0 else np.nan


def by_class(
    measure: Callable[[np.ndarray, np.ndarray], float],
    X: np.ndarray,
    y: np.ndarray,
    X_synthetic: np.ndarray,
    y_synthetic: np.ndarray,
) -> dict[Any, float]:
    """Measure the synthetic rows of each class against the real ones.

    Parameters
    ----------
    measure : callable
        Maps the real and the synthetic rows of a class to a figure.

    X : ndarray of shape (n, n_features)
        Real rows, standardised.

    y : ndarray of shape (n,)
        Their classes.

    X_synthetic : ndarray of shape (m, n_features)
        Synthetic rows, in the same units.

    y_synthetic : ndarray of shape (m,)
        Their classes.

    Returns
    -------
    dict
        The figure of each class that has synthetic rows.
    """
    return {
        label: measure(X[y == label], X_synthetic[y_synthetic == label])
        for label in np.unique(y_synthetic).tolist()
    }


def warn_below(figures: dict[Any, float], least: float, what: str, remedy: str) -> None:
    """Warn of classes whose figure is too low.

    Parameters
    ----------
    figures : dict
        A figure a class; NaN is never too low.

    least : float
        The lowest figure that is fine.

    what : str
        What is wrong with a lower one.

    remedy : str
        What to do.
    """
    low = {label: round(figure, 3) for label, figure in figures.items() if figure < least}
    if low:
        warnings.warn(
            f"{what}, class by class: {low}, below {least:g}. {remedy}",
            SyntheticDataWarning,
            stacklevel=2,
        )
