"""Predictions by a protocol, and the scores that follow from them."""

from functools import cached_property

import numpy as np
import pandas as pd

from sklearn_ser.evaluation._intervals import bootstrap_interval
from sklearn_ser.evaluation._scores import group_counts, score_predictions


class Evaluation:
    """Predictions of pipelines by a protocol, and the scores that follow from them.

    Parameters
    ----------
    predictions : DataFrame
        One row for each pipeline, repeat and tested utterance, with the columns ``pipeline``,
        ``repeat``, ``fold``, ``row`` (place in X), ``speaker``, ``y_true``, ``y_pred``.

    fits : DataFrame
        One row for each pipeline, repeat and fold, with the columns ``pipeline``, ``repeat``,
        ``fold``, ``n_train``, ``fit_seconds``, ``predict_seconds``.

    See Also
    --------
    evaluate : Makes it.

    Examples
    --------
    >>> from sklearn.datasets import make_blobs
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn_ser.evaluation import evaluate
    >>> X, y = make_blobs(12, centers=2, random_state=0)
    >>> evaluation = evaluate({"Bayes": GaussianNB()}, X, y, groups=[0, 1, 2] * 4)
    >>> evaluation.folds[["fold", "n_train", "n_samples", "n_classes"]]
       fold  n_train  n_samples  n_classes
    0     0        8          4          2
    1     1        8          4          2
    2     2        8          4          2
    """

    def __init__(self, predictions: pd.DataFrame, fits: pd.DataFrame):
        self.predictions = predictions
        self.fits = fits

    def __repr__(self) -> str:
        return f"Evaluation with the summary\n{self.summary.round(3).to_string(index=False)}"

    @cached_property
    def folds(self) -> pd.DataFrame:
        """Score each pipeline, repeat and fold.

        Returns
        -------
        DataFrame
            The columns of `fits` and of :func:`score_predictions`.
        """
        keys = ["pipeline", "repeat", "fold"]
        return self.fits.merge(score_predictions(self.predictions, keys), on=keys)

    @cached_property
    def speakers(self) -> pd.DataFrame:
        """Score each pipeline, repeat and speaker, over the emotions that the speaker shows.

        Returns
        -------
        DataFrame
            The columns of :func:`score_predictions`.
        """
        return score_predictions(self.predictions, ["pipeline", "repeat", "speaker"])

    @cached_property
    def confusions(self) -> pd.DataFrame:
        """Count the confusions of each pipeline and repeat, over all folds.

        Returns
        -------
        DataFrame
            The columns ``pipeline``, ``repeat``, ``y_true``, ``y_pred`` and ``n``; pairs that do
            not occur are there with 0.
        """
        keys, counts, classes = group_counts(self.predictions, ["pipeline", "repeat"])
        true, pred = (labels.ravel() for labels in np.meshgrid(classes, classes, indexing="ij"))
        pairs = pd.DataFrame({"y_true": true, "y_pred": pred})
        return keys.merge(pairs, how="cross").assign(n=counts.ravel())

    @cached_property
    def summary(self) -> pd.DataFrame:
        """Score each pipeline on the predictions pooled over the folds.

        Returns
        -------
        DataFrame
            One row a pipeline, with the columns

            - ``uar``, ``wa``, ``macro_f1``: of the predictions pooled over all folds, as means
              over the repeats,
            - ``uar_low``, ``uar_high``: the 95 % interval of :func:`bootstrap_interval`,
            - ``uar_std``: standard deviation over the repeats; NaN where there is one,
            - ``uar_of_folds``, ``uar_of_folds_std``: mean and standard deviation of the UAR over
              the folds; another figure than the pooled one,
            - ``chance``: the UAR of guessing,
            - ``n_samples``, ``n_speakers``: what was tested,
            - ``fit_seconds``, ``predict_seconds``: sums over the folds of one repeat.
        """
        pooled = score_predictions(self.predictions, ["pipeline", "repeat"])
        runs = pooled.groupby("pipeline", sort=False)
        interval = bootstrap_interval(self.predictions).set_index("pipeline")
        folds = self.folds.groupby("pipeline", sort=False)
        repeats = self.fits.groupby("pipeline", sort=False)["repeat"].nunique()
        table = runs[["uar", "wa", "macro_f1"]].mean()
        table.insert(1, "uar_low", interval["low"])
        table.insert(2, "uar_high", interval["high"])
        table["uar_std"] = runs["uar"].std()
        table["uar_of_folds"] = folds["uar"].mean()
        table["uar_of_folds_std"] = folds["uar"].std()
        table["chance"] = 1 / runs["n_classes"].first()
        table["n_samples"] = runs["n_samples"].first()
        table["n_speakers"] = interval["n_speakers"]
        for name in ("fit_seconds", "predict_seconds"):
            table[name] = folds[name].sum() / repeats
        return table.reset_index()
