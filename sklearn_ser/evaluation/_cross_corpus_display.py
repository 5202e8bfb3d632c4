"""The matrix of training and test corpora as a plot."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd

from sklearn_ser.evaluation._cross_corpus import arrange_matrix, cross_corpus
from sklearn_ser.metrics._display import draw_shares

_NAMES = {"uar": "UAR", "wa": "WA", "macro_f1": "macro F1"}


class CrossCorpusDisplay:
    """Plot of the scores of a pipeline, training corpora against test corpora.

    Parameters
    ----------
    matrix : DataFrame
        Scores from 0 to 1: training corpora in rows, test corpora in columns, as
        :meth:`CrossCorpusResult.matrix` gives them. NaN stays empty.

    metric : {"uar", "wa", "macro_f1"}, default="uar"
        What they are.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the matrix was plotted.

    figure_ : matplotlib Figure
        The figure of the axes.

    See Also
    --------
    cross_corpus : Makes the predictions.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> import numpy as np
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn_ser.evaluation import CrossCorpusDisplay
    >>> y, speakers = ["anger", "neutral"] * 4, ["1", "1", "2", "2"] * 2
    >>> X = np.array([[0.0], [1.0]] * 4)
    >>> corpora = {"one": (X, y, speakers), "other": (X + 0.6, y, speakers)}
    >>> display = CrossCorpusDisplay.from_estimator(GaussianNB(), corpora)
    >>> display.ax_.get_xlabel()
    'tested on'
    """

    def __init__(self, matrix: pd.DataFrame, *, metric: str = "uar"):
        self.matrix = matrix
        self.metric = metric

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        corpora: Mapping[str, Any],
        *,
        metric: str = "uar",
        ax: Any = None,
        cmap: str = "Blues",
        **params: Any,
    ) -> Self:
        """Train and test on each pair of corpora, and plot.

        Parameters
        ----------
        estimator : classifier
            A pipeline.

        corpora : dict of str to Bunch or tuple
            As for :func:`cross_corpus`.

        metric : {"uar", "wa", "macro_f1"}, default="uar"
            The score.

        ax : matplotlib Axes, default=None
            Where to plot; None makes a new figure.

        cmap : str, default="Blues"
            Colours.

        **params : object
            Further arguments of :func:`cross_corpus`.

        Returns
        -------
        CrossCorpusDisplay
            The display.
        """
        result = cross_corpus({"estimator": estimator}, corpora, **params)
        return cls.from_predictions(result.predictions, metric=metric, ax=ax, cmap=cmap)

    @classmethod
    def from_predictions(
        cls,
        predictions: pd.DataFrame,
        *,
        pipeline: str | None = None,
        metric: str = "uar",
        part: str = "test",
        ax: Any = None,
        cmap: str = "Blues",
    ) -> Self:
        """Plot predictions that have been made.

        Parameters
        ----------
        predictions : DataFrame
            As in ``predictions`` of what :func:`cross_corpus` returns.

        pipeline : str, default=None
            The pipeline; None where there is one.

        metric : {"uar", "wa", "macro_f1"}, default="uar"
            The score, as a mean over the repeats.

        part : {"test", "development"}, default="test"
            The part of the test corpora.

        ax : matplotlib Axes, default=None
            Where to plot; None makes a new figure.

        cmap : str, default="Blues"
            Colours.

        Returns
        -------
        CrossCorpusDisplay
            The display.
        """
        matrix = arrange_matrix(predictions, pipeline, metric, part)
        return cls(matrix, metric=metric).plot(ax, cmap=cmap)

    def plot(self, ax: Any = None, *, cmap: str = "Blues") -> Self:
        """Draw the matrix in per cent.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to plot; None makes a new figure.

        cmap : str, default="Blues"
            Colours.

        Returns
        -------
        CrossCorpusDisplay
            The display.
        """
        import matplotlib.pyplot as plt  # not needed to run a study

        if ax is None:
            _, ax = plt.subplots(layout="constrained")
        percent = 100 * self.matrix.to_numpy(dtype=float)
        texts = np.array([["" if np.isnan(v) else f"{v:.1f}" for v in row] for row in percent])
        draw_shares(ax, percent, texts, self.matrix.index, self.matrix.columns, cmap)
        ax.set(xlabel="tested on", ylabel="trained on")
        ax.figure.colorbar(ax.images[-1], ax=ax, label=f"{_NAMES[self.metric]} in %")
        self.ax_, self.figure_ = ax, ax.figure
        return self
