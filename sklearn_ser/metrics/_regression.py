"""Concordance correlation coefficient, the measure of emotion regression."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import make_scorer
from sklearn.utils import check_array, check_consistent_length
from sklearn.utils.validation import _check_sample_weight


def concordance_correlation_coefficient(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: str = "uniform_average",
) -> Any:
    """Concordance correlation coefficient (CCC) with the population variance.

    Twice the covariance divided by the sum of both variances and the squared difference of the
    means: agreement, not only correlation. Variances are those of the population (divided by
    *n*), as in Lin's paper and in audmetric; torchmetrics divides by *n - 1*.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, n_outputs)
        True values. NaN stands for a rating that is missing and does not count.
    y_pred : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Predicted values.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the samples.
    multioutput : {"uniform_average", "raw_values"}, default="uniform_average"
        Whether to return the mean over the outputs (arousal, valence, ...) or all of them.

    Returns
    -------
    float or ndarray of shape (n_outputs,)
        CCC between -1 and 1. A constant prediction gives 0.

    Raises
    ------
    ValueError
        If the shapes differ, a value is infinite, a predicted one NaN, or `multioutput` unknown.

    Warns
    -----
    UndefinedMetricWarning
        If the result is NaN: true and predicted values are one and the same constant, or there
        are fewer than two samples with a true value.

    References
    ----------
    .. [1] L. I-Kuei Lin, "A concordance correlation coefficient to evaluate reproducibility",
       Biometrics 45(1), 1989, pp. 255-268.

    Examples
    --------
    >>> from sklearn_ser.metrics import concordance_correlation_coefficient
    >>> round(concordance_correlation_coefficient([0, 1, 2], [0, 1, 1]), 4)
    0.6667
    """
    if multioutput not in ("uniform_average", "raw_values"):
        raise ValueError(
            f"multioutput must be 'uniform_average' or 'raw_values', got {multioutput!r}"
        )
    check_consistent_length(y_true, y_pred)
    true, pred = (
        check_array(y, ensure_2d=False, dtype=np.float64, input_name=name, ensure_all_finite=finite)
        for y, name, finite in ((y_true, "y_true", "allow-nan"), (y_pred, "y_pred", True))
    )
    true, pred = (y.reshape(len(y), -1) for y in (true, pred))
    if true.shape != pred.shape:
        raise ValueError(
            f"y_true has {true.shape[1]} outputs and y_pred has {pred.shape[1]}: they must agree"
        )
    weight = _check_sample_weight(sample_weight, true, dtype=np.float64)
    known = ~np.isnan(true)
    ccc = np.array(
        [_concordance(true[rows, i], pred[rows, i], weight[rows]) for i, rows in enumerate(known.T)]
    )
    if np.isnan(ccc).any():
        warnings.warn(
            "CCC is undefined (NaN) for fewer than two samples and where true and predicted "
            "values are the same constant",
            UndefinedMetricWarning,
            stacklevel=2,
        )
    return ccc if multioutput == "raw_values" else float(ccc.mean())


def _concordance(true: np.ndarray, pred: np.ndarray, weight: np.ndarray) -> float:
    if np.count_nonzero(weight) < 2:
        return np.nan
    # Identical constants differ from their computed mean by rounding only: not a perfect match.
    if (true == true[0]).all() and (pred == true[0]).all():
        return np.nan
    weight = weight / weight.sum()
    mean_true, mean_pred = weight @ true, weight @ pred
    covariance = weight @ ((true - mean_true) * (pred - mean_pred))
    spread = weight @ ((true - mean_true) ** 2 + (pred - mean_pred) ** 2)
    distance = spread + (mean_true - mean_pred) ** 2
    return 2 * covariance / distance


concordance_correlation_coefficient_scorer = make_scorer(concordance_correlation_coefficient)
"""Scorer of :func:`concordance_correlation_coefficient`, for ``scoring`` of searches."""
