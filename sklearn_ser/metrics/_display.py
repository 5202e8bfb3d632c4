"""Confusions and recalls as plots."""

from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.metrics import confusion_matrix
from sklearn.utils import check_consistent_length
from sklearn.utils.multiclass import unique_labels

from sklearn_ser.metrics._classification import unweighted_average_recall_by_group


def draw_shares(
    ax: Any, percent: np.ndarray, texts: np.ndarray, row_names: Any, column_names: Any, cmap: str
) -> None:
    """Draw a matrix of shares with a text in each cell.

    Parameters
    ----------
    ax : matplotlib Axes
        Where to plot.

    percent : ndarray of shape (n_rows, n_columns)
        Shares from 0 to 100, which the colours follow; NaN stays empty.

    texts : ndarray of shape (n_rows, n_columns)
        What the cells say.

    row_names, column_names : sequence of str
        Names of rows and columns.

    cmap : str
        Colours.
    """
    image = ax.imshow(percent, cmap=cmap, vmin=0, vmax=100)
    for (i, j), text in np.ndenumerate(texts):
        # Dark letters on light cells and the other way round.
        red, green, blue, _ = image.cmap(image.norm(percent[i, j]))
        is_dark = 0.3 * red + 0.6 * green + 0.1 * blue < 0.5
        ax.text(j, i, text, ha="center", va="center", color="white" if is_dark else "black")
    ax.set(
        xticks=range(len(column_names)),
        xticklabels=[str(name) for name in column_names],
        yticks=range(len(row_names)),
        yticklabels=[str(name) for name in row_names],
    )
    ax.tick_params(axis="x", rotation=45)


class ConfusionRecallDisplay:
    """Plot of a confusion matrix by recall: the diagonal is what UAR is the mean of.

    Colours show the share of the true class, whatever its size; cells show that share in per cent
    and the count below it.

    Parameters
    ----------
    confusions : ndarray of shape (n_classes, n_classes)
        Counts, true classes in rows, predicted ones in columns.

    labels : sequence of str
        Names of the classes.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the matrix was plotted.

    figure_ : matplotlib Figure
        The figure of the axes.

    See Also
    --------
    SpeakerRecallDisplay : Recall speaker by speaker.
    sklearn.metrics.ConfusionMatrixDisplay : Counts or shares.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from sklearn_ser.metrics import ConfusionRecallDisplay
    >>> y_true = ["anger", "anger", "neutral", "neutral"]
    >>> y_pred = ["anger", "neutral", "neutral", "neutral"]
    >>> display = ConfusionRecallDisplay.from_predictions(y_true, y_pred)
    >>> display.ax_.get_title()
    'UAR 75.0 %, WA 75.0 %'
    """

    def __init__(self, confusions: np.ndarray, labels: Any):
        self.confusions = confusions
        self.labels = labels

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: Any, y: ArrayLike, *, ax: Any = None, cmap: str = "Blues"
    ) -> Self:
        """Predict with a fitted classifier, and plot.

        Parameters
        ----------
        estimator : fitted classifier
            A pipeline that has not seen the speakers of X.

        X : array-like of shape (n_samples, ...)
            What it takes.

        y : array-like of shape (n_samples,)
            True classes.

        ax : matplotlib Axes, default=None
            Where to plot; None makes a new figure.

        cmap : str, default="Blues"
            Colours.

        Returns
        -------
        ConfusionRecallDisplay
            The display.
        """
        return cls.from_predictions(y, estimator.predict(X), ax=ax, cmap=cmap)

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        *,
        labels: ArrayLike | None = None,
        ax: Any = None,
        cmap: str = "Blues",
    ) -> Self:
        """Plot predictions, for example those of all folds.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            True classes.

        y_pred : array-like of shape (n_samples,)
            Predicted classes.

        labels : array-like of shape (n_classes,), default=None
            Classes in the order of the plot. None: those that occur, sorted.

        ax : matplotlib Axes, default=None
            Where to plot; None makes a new figure.

        cmap : str, default="Blues"
            Colours.

        Returns
        -------
        ConfusionRecallDisplay
            The display.

        Raises
        ------
        ValueError
            If `labels` lack a class that occurs.
        """
        present = unique_labels(y_true, y_pred).tolist()
        names = present if labels is None else np.asarray(labels).tolist()
        if missing := [name for name in present if name not in names]:
            raise ValueError(f"labels={names} lack the classes {missing}: name all that occur.")
        confusions = confusion_matrix(y_true, y_pred, labels=names)
        return cls(confusions, names).plot(ax, cmap=cmap)

    def plot(self, ax: Any = None, *, cmap: str = "Blues") -> Self:
        """Draw the matrix.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to plot; None makes a new figure.

        cmap : str, default="Blues"
            Colours.

        Returns
        -------
        ConfusionRecallDisplay
            The display.
        """
        import matplotlib.pyplot as plt  # not needed to compute scores

        if ax is None:
            side = 2.5 + 0.65 * len(self.labels)
            _, ax = plt.subplots(figsize=(side, side), layout="constrained")
        counts = np.asarray(self.confusions)
        n_true = counts.sum(axis=1, keepdims=True)
        percent = 100 * counts / np.where(n_true, n_true, np.nan)
        texts = np.array(
            [
                [
                    "" if np.isnan(p) or not (n or i == j) else f"{p:.0f}\n({n})"
                    for j, (p, n) in enumerate(zip(*row, strict=True))
                ]
                for i, row in enumerate(zip(percent, counts, strict=True))
            ]
        )
        rows = [f"{name} ({n})" for name, n in zip(self.labels, n_true.ravel(), strict=True)]
        draw_shares(ax, percent, texts, rows, self.labels, cmap)
        uar, wa = np.nanmean(np.diagonal(percent)), 100 * np.trace(counts) / counts.sum()
        ax.set(
            xlabel="predicted",
            ylabel="true (number of utterances)",
            title=f"UAR {uar:.1f} %, WA {wa:.1f} %",
        )
        self.ax_, self.figure_ = ax, ax.figure
        return self


class SpeakerRecallDisplay:
    """Plot of the unweighted average recall of each speaker, beside the pooled figure.

    A speaker is scored on the emotions that the speaker shows. How far apart speakers are says
    how far a mean can be trusted.

    Parameters
    ----------
    recalls : Series
        UAR from 0 to 1 by speaker.

    pooled : float
        UAR of all predictions.

    chance : float, default=None
        UAR of guessing; None draws no line.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the recalls were plotted.

    figure_ : matplotlib Figure
        The figure of the axes.

    See Also
    --------
    unweighted_average_recall_by_group : The figures.
    ConfusionRecallDisplay : Recall emotion by emotion.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from sklearn_ser.metrics import SpeakerRecallDisplay
    >>> display = SpeakerRecallDisplay.from_predictions(
    ...     y_true=["anger", "neutral", "anger", "neutral"],
    ...     y_pred=["anger", "neutral", "neutral", "neutral"],
    ...     speakers=["03", "03", "08", "08"],
    ... )
    >>> display.recalls.to_dict()
    {'03': 1.0, '08': 0.5}
    """

    def __init__(self, recalls: pd.Series, pooled: float, *, chance: float | None = None):
        self.recalls = recalls
        self.pooled = pooled
        self.chance = chance

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        speakers: ArrayLike,
        *,
        name: str | None = None,
        ax: Any = None,
    ) -> Self:
        """Predict with a fitted classifier, and plot.

        Parameters
        ----------
        estimator : fitted classifier
            A pipeline that has not seen the speakers of X.

        X : array-like of shape (n_samples, ...)
            What it takes.

        y : array-like of shape (n_samples,)
            True classes.

        speakers : array-like of shape (n_samples,)
            Speakers.

        name : str, default=None
            For the legend; None stands for the class of the estimator.

        ax : matplotlib Axes, default=None
            Where to plot; None makes a new figure.

        Returns
        -------
        SpeakerRecallDisplay
            The display.
        """
        name = type(estimator).__name__ if name is None else name
        return cls.from_predictions(y, estimator.predict(X), speakers, name=name, ax=ax)

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        speakers: ArrayLike,
        *,
        name: str | None = None,
        ax: Any = None,
    ) -> Self:
        """Plot predictions, for example those of all folds.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            True classes.

        y_pred : array-like of shape (n_samples,)
            Predicted classes.

        speakers : array-like of shape (n_samples,)
            Speakers.

        name : str, default=None
            For the legend.

        ax : matplotlib Axes, default=None
            Where to plot; None makes a new figure. Several pipelines may share it.

        Returns
        -------
        SpeakerRecallDisplay
            The display.
        """
        check_consistent_length(y_true, y_pred, speakers)
        classes = unique_labels(y_true)
        pooled, recalls = unweighted_average_recall_by_group(
            y_true, y_pred, speakers, labels=classes, zero_division=np.nan
        )
        return cls(recalls, pooled, chance=1 / len(classes)).plot(ax, name=name)

    def plot(self, ax: Any = None, *, name: str | None = None) -> Self:
        """Draw a dot a speaker and a line for the pooled figure.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to plot; None makes a new figure.

        name : str, default=None
            For the legend.

        Returns
        -------
        SpeakerRecallDisplay
            The display.
        """
        import matplotlib.pyplot as plt  # not needed to compute scores

        if ax is None:
            _, ax = plt.subplots(layout="constrained")
        speakers = [str(speaker) for speaker in self.recalls.index]
        label = f"{name}, speakers" if name else "speakers"
        [dots] = ax.plot(speakers, 100 * self.recalls.to_numpy(), "o", label=label)
        ax.axhline(
            100 * self.pooled,
            color=dots.get_color(),
            label=f"{name}, pooled" if name else "pooled",
        )
        if self.chance is not None and "chance" not in ax.get_legend_handles_labels()[1]:
            ax.axhline(100 * self.chance, color="grey", ls=":", label="chance")
        ax.set(xlabel="speaker", ylabel="UAR in %", ylim=(0, 100))
        ax.tick_params(axis="x", rotation=45)
        ax.legend()
        self.ax_, self.figure_ = ax, ax.figure
        return self
