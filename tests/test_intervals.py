"""Intervals and tests by speakers agree with definitions and with scipy."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from sklearn.metrics import balanced_accuracy_score

from sklearn_ser.evaluation import bootstrap_interval, paired_permutation_test


def _predictions(pipeline="a", seed=0, n_speakers=6, n=12, right=0.6, repeat=0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = np.arange(n_speakers * n)
    y_true = np.random.default_rng(99).choice(["anger", "fear", "neutral"], len(rows))
    guessed = rng.choice(["anger", "fear", "neutral"], len(rows))
    hit = rng.random(len(rows)) < np.repeat(rng.uniform(right - 0.3, right + 0.3, n_speakers), n)
    return pd.DataFrame(
        {
            "pipeline": pipeline,
            "repeat": repeat,
            "row": rows,
            "speaker": np.repeat([f"{i:02d}" for i in range(n_speakers)], n),
            "y_true": y_true,
            "y_pred": np.where(hit, y_true, guessed),
        }
    )


def test_interval_is_that_of_frames_put_together_from_drawn_speakers():
    predictions = _predictions()
    by_speaker = [part for _, part in predictions.groupby("speaker")]
    rng = np.random.default_rng(3)
    drawn = rng.multinomial(6, [1 / 6] * 6, size=400)
    scores = []
    for times in drawn:
        sample = pd.concat([by_speaker[i] for i in range(6) for _ in range(times[i])])
        scores.append(balanced_accuracy_score(sample["y_true"], sample["y_pred"]))
    found = bootstrap_interval(predictions, n_resamples=400, level=0.8, random_state=3).iloc[0]
    assert_allclose([found["low"], found["high"]], np.percentile(scores, [10, 90]))
    assert_allclose(
        found["estimate"], balanced_accuracy_score(predictions["y_true"], predictions["y_pred"])
    )


def test_interval_of_the_accuracy_is_that_of_scipy_on_speakers():
    predictions = _predictions(n_speakers=12)
    hits = (predictions["y_true"] == predictions["y_pred"]).groupby(predictions["speaker"]).mean()
    expected = stats.bootstrap(
        (hits.to_numpy(),), np.mean, n_resamples=20_000, method="percentile", rng=0
    ).confidence_interval
    found = bootstrap_interval(predictions, metric="wa", n_resamples=20_000).iloc[0]
    assert_allclose([found["low"], found["high"]], [expected.low, expected.high], atol=0.01)


def test_interval_is_wider_than_that_of_single_utterances():
    predictions = _predictions(n_speakers=20, n=40)
    clustered = bootstrap_interval(predictions, metric="wa").iloc[0]
    alone = predictions.assign(speaker=predictions["row"])
    single = bootstrap_interval(alone, metric="wa").iloc[0]
    assert_allclose(clustered["estimate"], single["estimate"])
    assert clustered["high"] - clustered["low"] > 1.3 * (single["high"] - single["low"])


def test_repeats_are_averaged_within_a_draw():
    one = _predictions(seed=1)
    twice = pd.concat([one, one.assign(repeat=1)])
    pd.testing.assert_frame_equal(bootstrap_interval(one), bootstrap_interval(twice))
    other = _predictions(seed=2, repeat=1)
    both = bootstrap_interval(pd.concat([one, other]))["estimate"].item()
    alone = [bootstrap_interval(frame)["estimate"].item() for frame in (one, other)]
    assert_allclose(both, np.mean(alone))


def test_each_combination_of_columns_has_an_interval():
    predictions = _predictions().assign(
        gender=lambda frame: np.where(frame["speaker"] < "03", "f", "m")
    )
    table = bootstrap_interval(predictions, by=["pipeline", "gender"])
    assert table["gender"].tolist() == ["f", "m"]
    assert table["n_speakers"].tolist() == [3, 3]
    women = predictions[predictions["gender"] == "f"]
    assert_allclose(
        table.iloc[0][["low", "high"]].astype(float),
        bootstrap_interval(women)[["low", "high"]].iloc[0],
    )


def test_p_value_of_the_accuracy_is_that_of_scipy():
    a, b = _predictions(seed=1, right=0.5), _predictions("b", seed=2, right=0.7)
    hits = [
        (frame["y_true"] == frame["y_pred"]).groupby(frame["speaker"]).mean().to_numpy()
        for frame in (a, b)
    ]
    expected = stats.permutation_test(
        (hits[1], hits[0]),
        lambda x, y, axis: np.mean(x - y, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=np.inf,
    )
    found = paired_permutation_test(pd.concat([a, b]), metric="wa").iloc[0]
    assert_allclose(found["difference"], expected.statistic)
    assert_allclose(found["p_value"], expected.pvalue)
    # The same by chance draws instead of all 64 ways.
    drawn = paired_permutation_test(pd.concat([a, b]), metric="wa", n_permutations=60)
    assert_allclose(drawn["p_value"], expected.pvalue, atol=0.2)


def test_equal_pipelines_do_not_differ_and_order_only_turns_the_sign():
    a = _predictions(seed=1)
    same = paired_permutation_test(pd.concat([a, a.assign(pipeline="b")])).iloc[0]
    assert same[["difference", "p_value"]].tolist() == [0, 1]
    b = _predictions("b", seed=5)
    one, other = (paired_permutation_test(pd.concat(frames)).iloc[0] for frames in ([a, b], [b, a]))
    assert_allclose(one["difference"], -other["difference"])
    assert_allclose(one["p_value"], other["p_value"])


def test_smallest_p_value_is_that_of_the_number_of_speakers():
    a = _predictions(seed=1)
    perfect = a.assign(y_pred=a["y_true"])
    never = a.assign(pipeline="never", y_pred="neutral")
    found = paired_permutation_test(pd.concat([perfect, never])).iloc[0]
    assert_allclose(found["p_value"], 2 / 2**6)


def test_rejects_a_true_hypothesis_as_often_as_stated():
    p_values = [
        paired_permutation_test(
            pd.concat([_predictions(seed=seed), _predictions("b", seed=1000 + seed)]),
            n_permutations=199,
        )["p_value"].item()
        for seed in range(150)
    ]
    assert 0.04 < np.mean(np.array(p_values) <= 0.1) < 0.18


def test_pairs_are_corrected_after_holm():
    a = _predictions(seed=1)
    frames = [a, a.assign(pipeline="b", y_pred=a["y_true"]), _predictions("c", seed=3)]
    table = paired_permutation_test(pd.concat(frames))
    assert table[["first", "second"]].agg("".join, axis=1).tolist() == ["ab", "ac", "bc"]
    low, middle, high = np.sort(table["p_value"])
    expected = [3 * low, max(3 * low, 2 * middle), max(3 * low, 2 * middle, high)]
    assert_allclose(np.sort(table["p_adjusted"]), np.minimum(expected, 1))


def test_other_rows_are_not_compared():
    a, b = _predictions(), _predictions("b")
    with pytest.raises(ValueError, match="'a' and 'b' were not tested on the same rows"):
        paired_permutation_test(pd.concat([a, b[1:]]))
    with pytest.raises(ValueError, match=r"the only pipeline is \['a'\]"):
        paired_permutation_test(a)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"metric": "auc"}, "metric='auc' is unknown"),
        ({"level": 95}, "level=95 must lie between 0 and 1"),
        ({"n_resamples": 0}, "n_resamples=0"),
        ({"by": ["corpus"]}, r"lack the columns \['corpus'\]"),
    ],
)
def test_a_wrong_argument_is_named(settings, message):
    with pytest.raises(ValueError, match=message):
        bootstrap_interval(_predictions(), **settings)
