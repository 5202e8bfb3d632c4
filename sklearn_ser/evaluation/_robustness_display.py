"""Curves of robustness as a plot."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd

from sklearn_ser.evaluation._robustness import CLEAN, RobustnessResult

_LABELS = {"snr": "speech to noise in dB", "epsilon": "change in standard deviations"}
_STYLES = ("-", "--", ":", "-.")
# Share of a step of the axis over which the pipelines stand beside each other.
_WIDTH = 0.3


class RobustnessCurveDisplay:
    """Plot of UAR against noise or the size of an attack, with intervals.

    Clean utterances stand on the left, each further level a step to the right, and corruptions
    without a level as single points behind them. Pipelines differ in colour, noises or attacks in
    the style of the line.

    Parameters
    ----------
    curve : DataFrame
        As ``curve`` of :class:`RobustnessResult`.

    level : {"snr", "epsilon"}
        Name of its column of the level.

    chance : float, default=None
        UAR of guessing, from 0 to 1, drawn as a line; None draws none.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the curves were plotted.

    figure_ : matplotlib Figure
        The figure of the axes.

    See Also
    --------
    noise_curve : Tests pipelines in noise.
    attack_curve : Attacks them.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> import numpy as np
    >>> from sklearn_ser import MLPSER
    >>> from sklearn_ser.evaluation import RobustnessCurveDisplay, attack_curve
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["anger", "neutral"], 30)
    >>> X = rng.normal(size=(60, 4)) + 3 * (y == "anger")[:, np.newaxis]
    >>> result = attack_curve(MLPSER(max_epochs=20), X, y, [0.5, 1], groups=[0, 1, 2] * 20)
    >>> display = RobustnessCurveDisplay.from_result(result)
    >>> [text.get_text() for text in display.ax_.get_xticklabels()]
    ['clean', '0.5', '1']
    """

    def __init__(self, curve: pd.DataFrame, *, level: str, chance: float | None = None):
        self.curve = curve
        self.level = level
        self.chance = chance

    @classmethod
    def from_result(
        cls,
        result: RobustnessResult,
        *,
        ax: Any = None,
        colors: Mapping[str, str] | None = None,
    ) -> Self:
        """Plot a study.

        Parameters
        ----------
        result : RobustnessResult
            What :func:`noise_curve` or :func:`attack_curve` returned.

        ax : matplotlib Axes, default=None
            Where to plot; None makes a new figure.

        colors : mapping of str to str, default=None
            Colours of the pipelines by name, so that several plots agree. None: those of
            matplotlib's cycle, in the order of the pipelines.

        Returns
        -------
        RobustnessCurveDisplay
            The display.
        """
        chance = 1 / result.predictions["y_true"].nunique()
        return cls(result.curve, level=result.level, chance=chance).plot(ax, colors=colors)

    def plot(self, ax: Any = None, *, colors: Mapping[str, str] | None = None) -> Self:
        """Draw the curves in per cent.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to plot; None makes a new figure.

        colors : mapping of str to str, default=None
            Colours of the pipelines by name, so that several plots agree. None: those of
            matplotlib's cycle, in the order of the pipelines.

        Returns
        -------
        RobustnessCurveDisplay
            The display.
        """
        import matplotlib.pyplot as plt  # not needed to run a study

        if ax is None:
            _, ax = plt.subplots(layout="constrained")
        curve, ticks = _place(self.curve, self.level)
        noises = curve["condition"][curve["is_line"]].unique().tolist()
        pipelines = curve["pipeline"].unique().tolist()
        # Without noise there is only a point for clean utterances.
        lines = [(pipeline, noise) for pipeline in pipelines for noise in noises or [CLEAN]]
        for k, (pipeline, noise) in enumerate(lines):
            own = curve[curve["pipeline"] == pipeline]
            color = colors[pipeline] if colors else f"C{pipelines.index(pipeline)}"
            style = _STYLES[noises.index(noise) % len(_STYLES)] if noises else "none"
            label = f"{pipeline}, {noise}" if len(noises) > 1 else pipeline
            # Beside each other, or the intervals could not be told apart.
            shift = _WIDTH * ((k + 0.5) / len(lines) - 0.5)
            _draw(ax, own[own["condition"].isin([CLEAN, noise])], shift, color, style, label)
            if noise == (noises or [CLEAN])[0]:
                _draw(ax, own[own["is_point"]], shift, color, "none", None)
        if self.chance is not None:
            ax.axhline(100 * self.chance, color="grey", ls=":", label="chance")
        named = f" ({noises[0]})" if len(noises) == 1 else ""
        ax.set(xticks=range(len(ticks)), xticklabels=ticks, ylabel="UAR in %")
        ax.set_xlabel(_LABELS[self.level] + named)
        ax.legend()
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _place(curve: pd.DataFrame, level: str) -> tuple[pd.DataFrame, list[str]]:
    """Give each row its place on the axis, and the axis its ticks."""
    is_clean = curve["condition"] == CLEAN
    is_line = np.isfinite(curve[level]) & ~is_clean
    is_point = ~is_line & ~is_clean
    # Strong noise has a small ratio, a strong attack a large epsilon.
    levels = sorted(curve[level][is_line].unique(), reverse=level == "snr")
    ticks = [CLEAN, *(f"{value:g}" for value in levels), *curve["condition"][is_point].unique()]
    names = curve["condition"].where(~is_line, curve[level].map("{:g}".format))
    curve = curve.assign(place=names.map(ticks.index), is_line=is_line, is_point=is_point)
    return curve.sort_values("place", kind="stable"), ticks


def _draw(
    ax: Any, rows: pd.DataFrame, shift: float, color: str, style: str, label: str | None
) -> None:
    percent = 100 * rows[["uar", "uar_low", "uar_high"]].to_numpy().T
    ax.errorbar(
        rows["place"] + shift,
        percent[0],
        # One speaker has no interval; the mean over repeats may lie beyond it by a rounding.
        yerr=np.maximum(np.nan_to_num([percent[0] - percent[1], percent[2] - percent[0]]), 0),
        color=color,
        ls=style,
        marker="o",
        ms=4,
        capsize=3,
        label=label,
    )
