"""Plots of confusions and recalls show the figures that they should."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import LogisticRegression

from sklearn_ser.metrics import (
    ConfusionRecallDisplay,
    SpeakerRecallDisplay,
    unweighted_average_recall_by_group,
)

Y_TRUE = ["anger"] * 4 + ["neutral"] * 2
Y_PRED = ["anger"] * 3 + ["neutral"] * 3


def test_confusions_are_shares_of_the_true_class():
    display = ConfusionRecallDisplay.from_predictions(Y_TRUE, Y_PRED)
    assert [text.get_text() for text in display.ax_.texts] == ["75\n(3)", "25\n(1)", "", "100\n(2)"]
    assert_allclose(display.ax_.images[0].get_array(), [[75, 25], [0, 100]])
    assert display.ax_.get_title() == "UAR 87.5 %, WA 83.3 %"
    names = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert names == ["anger (4)", "neutral (2)"]


def test_a_class_without_true_samples_stays_empty_and_order_is_free():
    labels = ["neutral", "joy", "anger"]
    display = ConfusionRecallDisplay.from_predictions(Y_TRUE, Y_PRED, labels=labels)
    shares = np.ma.filled(display.ax_.images[0].get_array(), np.nan)
    assert_allclose(shares, np.array([[100, 0, 0], [np.nan] * 3, [25, 0, 75]], dtype=float))
    assert display.ax_.get_title() == "UAR 87.5 %, WA 83.3 %"
    with pytest.raises(ValueError, match=r"lack the classes \['neutral'\]"):
        ConfusionRecallDisplay.from_predictions(Y_TRUE, Y_PRED, labels=["anger"])


def test_speakers_are_dots_beside_the_pooled_line():
    y_true, y_pred = [*Y_TRUE, "anger"], [*Y_PRED, "neutral"]
    speakers = ["03"] * 6 + ["08"]
    display = SpeakerRecallDisplay.from_predictions(y_true, y_pred, speakers, name="SVC")
    pooled, _ = unweighted_average_recall_by_group(y_true, y_pred, speakers, zero_division=0)
    dots, line, chance = display.ax_.lines
    assert_allclose(dots.get_ydata(), [87.5, 0])
    assert_allclose(line.get_ydata(), 100 * pooled)
    assert_allclose(chance.get_ydata(), 50)
    # Another pipeline on the same axes adds no second line of chance.
    again = SpeakerRecallDisplay.from_predictions(y_true, y_true, speakers, ax=display.ax_)
    assert again.ax_ is display.ax_
    assert len(display.ax_.lines) == 5


def test_displays_take_a_fitted_estimator():
    X = np.array([[0.0], [0.1], [1.0], [1.1]])
    y, speakers = ["a", "a", "b", "b"], ["1", "2", "1", "2"]
    fitted = LogisticRegression(C=100).fit(X, y)
    confusions = ConfusionRecallDisplay.from_estimator(fitted, X, y).confusions
    assert confusions.tolist() == [[2, 0], [0, 2]]
    display = SpeakerRecallDisplay.from_estimator(fitted, X, y, speakers)
    assert display.recalls.tolist() == [1, 1]
    assert display.ax_.get_legend_handles_labels()[1][0] == "LogisticRegression, speakers"
