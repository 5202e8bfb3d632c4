"""Results under disturbance: scores, tests of what is lost, and their plot."""

from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from sklearn_ser.evaluation import (
    RobustnessCurveDisplay,
    RobustnessResult,
    bootstrap_interval,
    paired_drop_test,
    paired_permutation_test,
)
from sklearn_ser.metrics import unweighted_average_recall_score

CONDITIONS = [("clean", np.inf), ("rain", 10.0), ("rain", 0.0), ("talk", 0.0), ("codec", np.inf)]


def _predictions(pipelines=("a", "b", "c"), conditions=CONDITIONS, n_repeats=1):
    """Predict at random, worse in each further condition."""
    rng = np.random.default_rng(0)
    n, parts = 60, []
    speaker = np.repeat(list("12345"), 12)
    y = np.tile(["anger", "fear", "neutral"], 20)
    for pipeline, (k, (condition, snr)), repeat in product(
        pipelines, enumerate(conditions), range(n_repeats)
    ):
        guessed = rng.random(n) < 0.2 + 0.15 * k
        columns = {
            "pipeline": pipeline,
            "condition": condition,
            "snr": snr,
            "repeat": repeat,
            "fold": speaker.astype(int),
            "row": np.arange(n),
            "speaker": speaker,
            "y_true": y,
            "y_pred": np.where(guessed, rng.permutation(y), y),
        }
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def _result(**params):
    predictions = _predictions(**params)
    fits = predictions.groupby(["pipeline", "condition", "snr", "repeat", "fold"]).size()
    return RobustnessResult(predictions, fits.rename("n_train").reset_index(), "snr")


def _uar(predictions):
    return unweighted_average_recall_score(predictions["y_true"], predictions["y_pred"])


def _select(predictions, condition, snr):
    return predictions[(predictions["condition"] == condition) & (predictions["snr"] == snr)]


def test_losses_need_a_condition_beside_the_clean_one():
    with pytest.raises(ValueError, match="no condition but 'clean'"):
        _result(conditions=CONDITIONS[:1]).compare_drops()


def test_curve_has_pooled_scores_intervals_and_what_is_lost():
    result = _result(n_repeats=2)
    assert len(result.curve) == 3 * len(CONDITIONS)
    for _, row in result.curve.iterrows():
        part = _select(result.predictions, row["condition"], row["snr"])
        part = part[part["pipeline"] == row["pipeline"]]
        clean = result.predictions[result.predictions["condition"] == "clean"]
        clean = clean[clean["pipeline"] == row["pipeline"]]
        of_repeats = [_uar(part[part["repeat"] == repeat]) for repeat in range(2)]
        lost = np.mean([_uar(clean[clean["repeat"] == repeat]) for repeat in range(2)])
        assert row["uar"] == pytest.approx(np.mean(of_repeats))
        assert row["drop"] == pytest.approx(lost - row["uar"])
        interval = bootstrap_interval(part).iloc[0]
        assert_allclose(row[["uar_low", "uar_high"]].tolist(), interval[["low", "high"]].tolist())
    fold = result.folds.iloc[0]
    assert fold["n_samples"] == 12
    assert "drop" in repr(result)


def test_test_of_losses_is_that_of_all_swaps_of_speakers():
    predictions = _predictions(pipelines=("a", "b"))
    clean, noisy = (_select(predictions, *CONDITIONS[i]) for i in (0, 2))

    def loss_difference(swapped):
        losses = []
        for pipeline, other in (("a", "b"), ("b", "a")):
            scores = []
            for part in (clean, noisy):
                source = np.where(part["speaker"].isin(swapped), other, pipeline)
                scores.append(_uar(part[part["pipeline"] == source]))
            losses.append(scores[0] - scores[1])
        return losses[1] - losses[0]

    subsets = [
        [s for s, k in zip("12345", kept, strict=True) if k] for kept in product((0, 1), repeat=5)
    ]
    differences = np.array([loss_difference(swapped) for swapped in subsets])
    row = paired_drop_test(clean, noisy).iloc[0]
    assert row["difference"] == pytest.approx(loss_difference([]))
    extreme = np.abs(differences) >= abs(loss_difference([])) - 1e-12
    assert row["p_value"] == pytest.approx(extreme.mean())
    shuffled = noisy.sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(paired_drop_test(clean, shuffled), paired_drop_test(clean, noisy))


def test_without_a_clean_difference_the_losses_differ_as_the_scores_do():
    predictions = _predictions()
    noisy = _select(predictions, "rain", 0.0)
    perfect = noisy.assign(y_pred=noisy["y_true"])
    lost, scored = paired_drop_test(perfect, noisy), paired_permutation_test(noisy)
    assert_allclose(lost["difference"], -scored["difference"])
    assert_allclose(lost[["p_value", "p_adjusted"]], scored[["p_value", "p_adjusted"]])


def test_all_conditions_are_compared_with_the_clean_one():
    result = _result()
    table = result.compare_drops()
    assert len(table) == 3 * (len(CONDITIONS) - 1)
    clean = _select(result.predictions, "clean", np.inf)
    for condition, snr in CONDITIONS[1:]:
        part = table[(table["condition"] == condition) & (table["snr"] == snr)]
        expected = paired_drop_test(clean, _select(result.predictions, condition, snr))
        pd.testing.assert_frame_equal(part[expected.columns].reset_index(drop=True), expected)


def test_losses_of_other_rows_or_pipelines_are_refused():
    predictions = _predictions()
    clean, noisy = (_select(predictions, *CONDITIONS[i]) for i in (0, 1))
    with pytest.raises(ValueError, match="must be of the same rows"):
        paired_drop_test(clean[clean["row"] < 30], noisy)
    with pytest.raises(ValueError, match=r"the pipelines \['a', 'b', 'c'\]"):
        paired_drop_test(clean, noisy[noisy["pipeline"] != "a"])
    with pytest.raises(ValueError, match="must be of the same rows"):
        paired_drop_test(clean, pd.concat([noisy, _select(predictions, *CONDITIONS[2])]))
    with pytest.raises(ValueError, match="the only pipeline"):
        _result(pipelines=("a",)).compare_drops()
    with pytest.raises(ValueError, match="lack the columns"):
        paired_drop_test(clean.drop(columns="speaker"), noisy)


def _lines(ax):
    return [container.lines[0] for container in ax.containers]


def test_display_draws_every_score_with_its_interval():
    result = _result()
    display = RobustnessCurveDisplay.from_result(result)
    ax = display.ax_
    ticks = [text.get_text() for text in ax.get_xticklabels()]
    assert ticks == ["clean", "10", "0", "codec"]
    # A line for each pipeline and noise, and a point for each pipeline's corruption.
    assert len(ax.containers) == 3 * 2 + 3
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert set(labels) == {f"{p}, {n}" for p in "abc" for n in ("rain", "talk")} | {"chance"}
    curve = result.curve.set_index(["pipeline", "condition", "snr"])
    line = _lines(ax)[[c.get_label() for c in ax.containers].index("b, rain")]
    expected = [curve["uar"]["b", c, s] for c, s in CONDITIONS[:3]]
    assert_allclose(line.get_ydata(), 100 * np.array(expected))
    assert_allclose(np.round(line.get_xdata().astype(float)), [0, 1, 2])
    drawn = np.concatenate([one.get_ydata() for one in _lines(ax)])
    assert len(drawn) == 3 * (3 + 2 + 1)
    [bars] = ax.containers[0].lines[2]
    first = bars.get_segments()[0]
    low, high = (curve[name]["a", "clean", np.inf] for name in ("uar_low", "uar_high"))
    assert_allclose(first[:, 1], [100 * low, 100 * high])
    plt.close(display.figure_)


def test_display_of_attacks_of_corruptions_alone_and_of_one_speaker():
    curve = pd.DataFrame(
        {
            "pipeline": "net",
            "condition": ["clean", "pgd", "pgd"],
            "epsilon": [0, 0.5, 0.1],
            "uar": [0.9, 0.2, 0.5],
            "uar_low": np.nan,
            "uar_high": np.nan,
        }
    )
    _, ax = plt.subplots()
    display = RobustnessCurveDisplay(curve, level="epsilon").plot(ax, colors={"net": "black"})
    assert _lines(ax)[0].get_color() == "black"
    assert display.ax_ is ax
    assert [text.get_text() for text in ax.get_xticklabels()] == ["clean", "0.1", "0.5"]
    assert_allclose(_lines(ax)[0].get_ydata(), [90, 50, 20])
    assert "(pgd)" in ax.get_xlabel()
    plt.close(ax.figure)
    result = _result(conditions=[CONDITIONS[0], CONDITIONS[4]])
    ax = RobustnessCurveDisplay.from_result(result).ax_
    assert [text.get_text() for text in ax.get_xticklabels()] == ["clean", "codec"]
    assert len(ax.containers) == 3 * 2
    plt.close(ax.figure)
