"""Functionals against openSMILE, scipy, numpy and the formulas."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from numpy.testing import assert_allclose
from sklearn.pipeline import make_pipeline

from sklearn_ser import Functionals, OpenSmileFeatures
from sklearn_ser.datasets import make_emotional_speech
from sklearn_ser.features._functionals import STATISTICS
from sklearn_ser.utils._ragged import as_sequences

# Names of openSMILE's functionals of the INTERSPEECH 2009 challenge.
OPENSMILE = {
    "mean": "amean",
    "std": "stddev",
    "skewness": "skewness",
    "kurtosis": "kurtosis",
    "min": "min",
    "max": "max",
    "range": "range",
    "min_position": "minPos",
    "max_position": "maxPos",
    "intercept": "linregc2",
    "slope": "linregc1",
    "error": "linregerrQ",
}


@pytest.fixture
def sequences():
    rng = np.random.default_rng(0)
    return as_sequences([rng.gamma(2.0, size=(n, 3)).astype(np.float32) for n in (40, 7, 200)])


def column(statistic, sequences):
    return Functionals((statistic,)).fit_transform(sequences)


def test_the_default_is_what_opensmile_computes_for_the_challenge():
    # Voices whose pitch changes: no descriptor is constant.
    signals = make_emotional_speech(n_speakers=1, n_utterances=1, random_state=0).data
    lld = OpenSmileFeatures("IS09", level="lld")
    # openSMILE leaves the last three frames out of the functionals.
    sequences = as_sequences([sequence[:-3] for sequence in lld.transform(signals)])
    functionals = Functionals().fit(sequences)
    names = functionals.get_feature_names_out(lld.get_feature_names_out())
    actual = pd.DataFrame(functionals.transform(sequences), columns=names)
    reference = OpenSmileFeatures("IS09").set_output(transform="pandas").transform(signals)
    last = np.array([[len(sequence) - 1] for sequence in sequences])
    for statistic, name in OPENSMILE.items():
        values = actual[[f"{feature}_{statistic}" for feature in lld.get_feature_names_out()]]
        expected = reference[[f"{feature}_{name}" for feature in lld.get_feature_names_out()]]
        if statistic.endswith("position"):
            expected = expected / last
        if statistic == "kurtosis":
            expected = expected - 3
        assert_allclose(values, expected, rtol=1e-3, atol=1e-4, err_msg=statistic)


def test_moments_are_those_of_scipy(sequences):
    for statistic, reference in {
        "mean": np.mean,
        "std": np.std,
        "skewness": scipy.stats.skew,
        "kurtosis": scipy.stats.kurtosis,
    }.items():
        expected = [reference(sequence.astype(float), axis=0) for sequence in sequences]
        assert_allclose(column(statistic, sequences), expected, rtol=1e-9, atol=1e-12)


def test_line_is_that_of_polyfit(sequences):
    for row, sequence in enumerate(sequences):
        time = np.arange(len(sequence))
        (slope, intercept), residuals, *_ = np.polyfit(time, sequence.astype(float), 1, full=True)
        assert_allclose(column("slope", sequences)[row], slope, rtol=1e-9, atol=1e-12)
        assert_allclose(column("intercept", sequences)[row], intercept, rtol=1e-9)
        assert_allclose(column("error", sequences)[row], residuals / len(sequence), rtol=1e-9)


def test_positions_are_shares_of_the_utterance():
    sequence = np.zeros((5, 2))
    sequence[4, 0], sequence[1, 1] = 1, -1
    sequences = as_sequences([sequence])
    assert_allclose(column("max_position", sequences), [[1.0, 0.0]])
    assert_allclose(column("min_position", sequences), [[0.0, 0.25]])


def test_percentiles_are_those_of_numpy(sequences):
    functionals = Functionals((), percentiles=(0, 12.5, 50, 100))
    transformed = functionals.fit_transform(sequences)
    for row, sequence in enumerate(sequences):
        expected = np.percentile(sequence.astype(float), (0, 12.5, 50, 100), axis=0)
        assert_allclose(transformed[row], expected.ravel(), rtol=1e-12)
    names = functionals.get_feature_names_out()
    assert list(names[[0, 3, 11]]) == ["x0_percentile0", "x0_percentile12.5", "x2_percentile100"]


def test_columns_follow_the_order_of_the_parameters(sequences):
    functionals = Functionals(("slope", "mean"), percentiles=(50,)).fit(sequences)
    parts = [column("slope", sequences), column("mean", sequences)]
    assert_allclose(functionals.transform(sequences)[:, :6], np.hstack(parts))
    names = list(functionals.get_feature_names_out(["a", "b", "c"]))
    assert names[:2] == ["a_slope", "b_slope"]
    assert names[5:7] == ["c_mean", "a_percentile50"]
    frame = functionals.set_output(transform="pandas").transform(sequences)
    assert frame.columns[0] == "x0_slope"


@pytest.mark.parametrize("value", [0.0, 0.1, -1e6, 7e12])
@pytest.mark.parametrize("n_frames", [1, 2, 100])
def test_of_a_constant_nothing_varies(value, n_frames):
    sequences = as_sequences([np.full((n_frames, 2), value)])
    for statistic in STATISTICS:
        expected = value if statistic in ("mean", "min", "max", "intercept") else 0.0
        tolerance = 1e-9 * abs(value)
        assert_allclose(column(statistic, sequences), expected, rtol=1e-9, atol=tolerance)


def test_a_straight_line_leaves_no_error():
    line = as_sequences([np.linspace(-3e5, 1e6, 50)[:, np.newaxis]])
    error = column("error", line)
    assert error >= 0
    assert error < 1e-2


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"statistics": ("mean", "median")}, "statistics=.*'median'.*one or more of mean, std"),
        ({"statistics": ()}, "choose one or more"),
        ({"statistics": "mean"}, "'statistics' parameter"),
        ({"percentiles": (5, 101)}, r"percentiles=\(5, 101\): give numbers from 0 to 100"),
    ],
)
def test_bad_parameters(sequences, parameters, message):
    with pytest.raises(ValueError, match=message):
        Functionals(**parameters).fit(sequences)


def test_names_through_a_pipeline():
    signal = 0.1 * np.random.default_rng(0).normal(size=8000)
    pipeline = make_pipeline(OpenSmileFeatures("IS09", level="lld"), Functionals(("max",)))
    pipeline.fit([signal])
    assert pipeline.get_feature_names_out()[0] == "pcm_RMSenergy_sma_max"
