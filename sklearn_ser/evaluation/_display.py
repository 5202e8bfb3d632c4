"""Results of studies, as tables and as plots."""

from typing import Any, Self

import pandas as pd

from sklearn_ser.evaluation._synthetic_data import BOTH, NO_SAMPLER, REAL, SYNTHETIC

_KINDS = (REAL, SYNTHETIC, BOTH)


def tabulate_study(results: pd.DataFrame) -> pd.DataFrame:
    """Tabulate a study as the literature does: an arm a row, training data in columns.

    Parameters
    ----------
    results : DataFrame
        As from :func:`synthetic_data_study`.

    Returns
    -------
    DataFrame
        UAR in per cent as text, ``"59.48 ± 0.71"``: mean and standard deviation over the repeats,
        the latter where there are several. The real rows alone are the same for all arms.

    See Also
    --------
    synthetic_data_study : Runs the study.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_ser.evaluation import tabulate_study
    >>> results = pd.DataFrame({
    ...     "sampler": ["none", "none", "mixup", "mixup"],
    ...     "training_data": ["real", "real", "real + synthetic", "real + synthetic"],
    ...     "repeat": [0, 1, 0, 1],
    ...     "uar": [0.60, 0.62, 0.61, 0.65],
    ... })
    >>> print(tabulate_study(results))
    training_data          real real + synthetic
    sampler
    mixup          61.00 ± 1.41     63.00 ± 2.83
    """
    return _mean_and_std(results).map(_as_text, na_action="ignore").fillna("")


def _mean_and_std(results: pd.DataFrame) -> pd.DataFrame:
    """Give each cell as a pair of mean and deviation in per cent; missing cells are NaN."""
    by_cell = results.groupby(["sampler", "training_data"])["uar"]
    pairs = pd.Series(
        {cell: (100 * uar.mean(), 100 * uar.std()) for cell, uar in by_cell}, dtype=object
    )
    table = pairs.unstack().rename_axis(index="sampler", columns="training_data")
    table = table[[kind for kind in _KINDS if kind in table]]
    arms = [arm for arm in results["sampler"].unique() if arm != NO_SAMPLER]
    if NO_SAMPLER in table.index and arms:
        pair = table.loc[NO_SAMPLER, REAL]
        table[REAL] = pd.Series([pair] * len(table), index=table.index)
    return table.loc[arms or [NO_SAMPLER]]


def _as_text(pair: tuple[float, float]) -> str:
    mean, std = pair
    return f"{mean:.2f}" if pd.isna(std) else f"{mean:.2f} ± {std:.2f}"


class SyntheticDataDisplay:
    """Plot of a study of synthetic data: bars of the arms beside the line of the real rows.

    Parameters
    ----------
    results : DataFrame
        As from :func:`synthetic_data_study`.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the study was plotted.

    figure_ : matplotlib Figure
        The figure of the axes.

    See Also
    --------
    synthetic_data_study : Runs the study.
    tabulate_study : The same figures as a table.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from sklearn.datasets import make_blobs
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_ser.evaluation import SyntheticDataDisplay, synthetic_data_study
    >>> from sklearn_ser.over_sampling import MixupSampler
    >>> X, y = make_blobs(60, n_features=4, random_state=0)
    >>> results = synthetic_data_study(MixupSampler(), LogisticRegression(), X, y, cv=3)
    >>> display = SyntheticDataDisplay(results).plot()
    >>> display.ax_.get_ylabel()
    'UAR in %'
    """

    def __init__(self, results: pd.DataFrame):
        self.results = results

    def plot(self, ax: Any = None) -> Self:
        """Draw the bars, with the standard deviation over the repeats as whiskers.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to plot; None makes a new figure.

        Returns
        -------
        SyntheticDataDisplay
            The display.
        """
        import matplotlib.pyplot as plt  # not needed to run a study

        if ax is None:
            _, ax = plt.subplots(layout="constrained")
        pairs = _mean_and_std(self.results)
        place_of = {arm: place for place, arm in enumerate(pairs.index)}
        kinds = [kind for kind in (SYNTHETIC, BOTH) if kind in pairs]
        width = 0.8 / max(len(kinds), 1)
        for i, kind in enumerate(kinds):
            cells = pairs[kind].dropna()
            places = [place_of[arm] + (i - (len(kinds) - 1) / 2) * width for arm in cells.index]
            means, stds = zip(*cells, strict=True)
            ax.bar(places, means, width, yerr=pd.Series(stds).fillna(0), label=kind, capsize=3)
        if REAL in pairs:
            mean, _ = pairs[REAL].iloc[0]
            ax.axhline(mean, color="black", label=REAL)
        ax.axhline(100 * self.results["chance"].iloc[0], color="grey", ls=":", label="chance")
        ax.set(xticks=range(len(pairs)), xticklabels=pairs.index, ylabel="UAR in %")
        ax.tick_params(axis="x", rotation=20)
        ax.legend(title="trained on", loc="upper left", bbox_to_anchor=(1, 1))  # bars fill the axes
        self.ax_, self.figure_ = ax, ax.figure
        return self
