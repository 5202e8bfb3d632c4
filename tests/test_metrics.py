"""Metrics against their formulas and against scikit-learn's own."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_classification
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import balanced_accuracy_score, recall_score
from sklearn.model_selection import GridSearchCV

from sklearn_ser.metrics import (
    concordance_correlation_coefficient,
    concordance_correlation_coefficient_scorer,
    unweighted_average_recall_by_group,
    unweighted_average_recall_score,
    unweighted_average_recall_scorer,
)


def _labels(n=200, n_classes=5, seed=0):
    rng = np.random.default_rng(seed)
    names = np.array([f"class{k}" for k in range(n_classes)])
    y_true = rng.choice(names, n)
    return y_true, np.where(rng.random(n) < 0.6, y_true, rng.choice(names, n))


def test_uar_is_the_mean_of_recalls():
    """UAR is the mean of recalls."""
    y_true, y_pred = _labels()
    recalls = [np.mean(y_pred[y_true == label] == label) for label in np.unique(y_true)]
    assert unweighted_average_recall_score(y_true, y_pred) == pytest.approx(np.mean(recalls))


def test_uar_is_not_balanced_accuracy_where_a_class_is_absent():
    """UAR is not balanced accuracy where a class is absent."""
    y_true, y_pred = ["a", "a", "b"], ["a", "c", "b"]
    with pytest.warns(UserWarning, match="y_pred contains classes not in y_true"):
        assert balanced_accuracy_score(y_true, y_pred) == 0.75
    with pytest.warns(UndefinedMetricWarning):
        assert unweighted_average_recall_score(y_true, y_pred) == pytest.approx(0.5)
    with pytest.warns(UndefinedMetricWarning):
        score = unweighted_average_recall_score(y_true, ["a", "b", "b"], labels=["a", "b", "c"])
    assert score == pytest.approx(0.5)
    left_out = unweighted_average_recall_score(
        y_true, y_pred, labels=["a", "b", "c"], zero_division=np.nan
    )
    assert left_out == 0.75


def test_uar_rejects_true_classes_outside_labels():
    """UAR rejects true classes outside labels."""
    with pytest.raises(ValueError, match=r"'c'.*labels"):
        unweighted_average_recall_score(["a", "b", "c"], ["a", "b", "b"], labels=["a", "b"])


def test_uar_counts_predictions_outside_labels_as_errors():
    """UAR counts predictions outside labels as errors."""
    assert unweighted_average_recall_score(["a", "b"], ["a", "c"], labels=["a", "b"]) == 0.5


def test_uar_weights_equal_repetitions():
    """UAR weights equal repetitions."""
    y_true, y_pred = _labels()
    weight = np.random.default_rng(1).integers(1, 4, len(y_true))
    repeated = unweighted_average_recall_score(np.repeat(y_true, weight), np.repeat(y_pred, weight))
    weighted = unweighted_average_recall_score(y_true, y_pred, sample_weight=weight)
    assert weighted == pytest.approx(repeated)


@pytest.mark.parametrize("dtype", [object, "str", "category"])
def test_uar_takes_series(dtype):
    """UAR takes series."""
    y_true, y_pred = _labels()
    expected = unweighted_average_recall_score(y_true, y_pred)
    series = pd.Series(y_true).astype(dtype), pd.Series(y_pred).astype(dtype)
    assert unweighted_average_recall_score(*series) == expected
    assert unweighted_average_recall_score(*series, labels=np.unique(y_true)) == expected
    assert unweighted_average_recall_by_group(*series, np.arange(200) % 2)[0] == expected


def test_uar_by_group_pools_before_scoring():
    """UAR by group pools before scoring."""
    y_true = np.array(["a", "a", "a", "b", "a", "b"])
    y_pred = np.array(["a", "a", "a", "b", "b", "b"])
    groups = np.array(["08", "08", "08", "03", "03", "03"])  # 08 has no "b"
    with pytest.warns(UndefinedMetricWarning):
        pooled, per_group = unweighted_average_recall_by_group(y_true, y_pred, groups)
    assert pooled == pytest.approx((3 / 4 + 1) / 2)
    assert per_group.to_dict() == {"03": 0.5, "08": 0.5}
    assert per_group.mean() != pytest.approx(pooled)
    _, over_present = unweighted_average_recall_by_group(
        y_true, y_pred, groups, zero_division=np.nan
    )
    assert over_present.to_dict() == {"03": 0.5, "08": 1.0}


def test_uar_by_group_rejects_different_lengths():
    """UAR by group rejects different lengths."""
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        unweighted_average_recall_by_group(["a", "b"], ["a", "b"], ["03"])


def test_uar_scorer_in_grid_search():
    """UAR scorer in grid search."""
    X, y = make_classification(120, weights=[0.8], random_state=0)
    search = GridSearchCV(
        LogisticRegression(),
        {"C": [0.01, 1.0]},
        scoring=pickle.loads(pickle.dumps(unweighted_average_recall_scorer)),
        cv=3,
    ).fit(X, y)
    macro = GridSearchCV(LogisticRegression(), {"C": [0.01, 1.0]}, scoring="recall_macro", cv=3)
    expected = macro.fit(X, y).cv_results_["mean_test_score"]
    np.testing.assert_allclose(search.cv_results_["mean_test_score"], expected)


def _ratings(seed=0):
    rng = np.random.default_rng(seed)
    y_true = rng.normal(3, 1, (50, 3))
    return y_true, 0.7 * y_true + rng.normal(1, 0.4, (50, 3))


def test_ccc_is_lins_formula_with_population_variance():
    """CCC is Lin's formula with population variance."""
    y_true, y_pred = (y[:, 0] for y in _ratings())
    rho = np.corrcoef(y_true, y_pred)[0, 1]
    s, t = y_true.std(ddof=0), y_pred.std(ddof=0)
    expected = 2 * rho * s * t / (s**2 + t**2 + (y_true.mean() - y_pred.mean()) ** 2)
    ccc = concordance_correlation_coefficient(y_true, y_pred)
    assert ccc == pytest.approx(expected, abs=1e-12)
    s, t = y_true.std(ddof=1), y_pred.std(ddof=1)
    sample = 2 * rho * s * t / (s**2 + t**2 + (y_true.mean() - y_pred.mean()) ** 2)
    assert abs(ccc - sample) > 1e-5  # the sample variance would be seen


def test_ccc_identities():
    """CCC identities."""
    y_true, y_pred = (y[:, 0] for y in _ratings())
    ccc = concordance_correlation_coefficient
    assert ccc(y_true, y_true) == pytest.approx(1.0)
    assert ccc(y_true, 2 * y_true.mean() - y_true) == pytest.approx(-1.0)
    assert ccc(y_true, y_pred) == pytest.approx(ccc(y_pred, y_true))
    assert ccc(y_true, np.full(50, 3.0)) == pytest.approx(0.0)
    assert ccc(10 * y_true + 4, 10 * y_pred + 4) == pytest.approx(ccc(y_true, y_pred))


def test_ccc_weights_equal_repetitions():
    """CCC weights equal repetitions."""
    y_true, y_pred = _ratings()
    weight = np.random.default_rng(1).integers(0, 4, len(y_true))
    repeated = concordance_correlation_coefficient(
        np.repeat(y_true, weight, axis=0), np.repeat(y_pred, weight, axis=0)
    )
    weighted = concordance_correlation_coefficient(y_true, y_pred, sample_weight=weight)
    assert weighted == pytest.approx(repeated)


def test_ccc_outputs():
    """CCC outputs."""
    y_true, y_pred = _ratings()
    raw = concordance_correlation_coefficient(y_true, y_pred, multioutput="raw_values")
    single = [
        concordance_correlation_coefficient(t, p) for t, p in zip(y_true.T, y_pred.T, strict=True)
    ]
    np.testing.assert_allclose(raw, single)
    assert concordance_correlation_coefficient(y_true, y_pred) == pytest.approx(np.mean(single))


@pytest.mark.parametrize("values", [[0.1] * 7, [3.0]])
def test_ccc_undefined_is_never_silent(values):
    """CCC undefined is never silent."""
    with pytest.warns(UndefinedMetricWarning, match="CCC is undefined"):
        assert np.isnan(concordance_correlation_coefficient(values, values))


def test_ccc_bad_input():
    """CCC bad input."""
    with pytest.raises(ValueError, match="y_pred contains NaN"):
        concordance_correlation_coefficient([1.0, 2.0], [1.0, np.nan])
    with pytest.raises(ValueError, match="outputs"):
        concordance_correlation_coefficient([[1.0, 2.0]] * 3, [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        concordance_correlation_coefficient([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="multioutput"):
        concordance_correlation_coefficient([1.0, 2.0], [1.0, 2.0], multioutput="mean")


def test_ccc_scorer_prefers_agreement():
    """CCC scorer prefers agreement."""
    X = np.arange(20.0)[:, None]
    perfect = LinearRegression().fit(X, X[:, 0])
    assert concordance_correlation_coefficient_scorer(perfect, X, X[:, 0]) == pytest.approx(1.0)


def test_metrics_agree_with_audmetric():
    """Metrics agree with audmetric."""
    audmetric = pytest.importorskip("audmetric")
    y_true, y_pred = (y.astype(object) for y in _labels())
    y_pred[:3] = "only_predicted"
    uar = unweighted_average_recall_score(y_true, y_pred, zero_division=0.0)
    assert uar == pytest.approx(audmetric.unweighted_average_recall(y_true, y_pred))
    assert uar == pytest.approx(recall_score(y_true, y_pred, average="macro", zero_division=0.0))
    labels = [*np.unique(y_true), "only_predicted", "absent"]
    uar = unweighted_average_recall_score(y_true, y_pred, labels=labels, zero_division=0.0)
    assert uar == pytest.approx(audmetric.unweighted_average_recall(y_true, y_pred, labels))
    true, pred = (y[:, 1] for y in _ratings())
    ccc = concordance_correlation_coefficient(true, pred)
    assert ccc == pytest.approx(audmetric.concordance_cc(true, pred))


def test_samples_of_unknown_class_do_not_count():
    true, pred = np.array(["a", "b", "", "a"]), np.array(["a", "a", "b", "b"])
    weight, groups = np.array([1.0, 2, 3, 4]), np.array([1, 1, 1, 2])
    rows = true != ""
    expected = unweighted_average_recall_score(true[rows], pred[rows], sample_weight=weight[rows])
    assert unweighted_average_recall_score(true, pred, sample_weight=weight) == expected
    pooled, by_group = unweighted_average_recall_by_group(true, pred, groups, zero_division=0.0)
    assert (pooled, by_group.to_dict()) == (0.25, {1: 0.5, 2: 0.0})


def test_error_no_known_class():
    with pytest.raises(ValueError, match="no known class"):
        unweighted_average_recall_score(["", ""], ["a", "b"])


def test_agreement_is_that_of_the_ratings_that_are_there():
    rng = np.random.default_rng(0)
    true, pred = rng.normal(size=(20, 2)), rng.normal(size=(20, 2))
    true[:5, 0] = np.nan
    expected = [
        concordance_correlation_coefficient(true[rows, i], pred[rows, i])
        for i, rows in enumerate([slice(5, None), slice(None)])
    ]
    actual = concordance_correlation_coefficient(true, pred, multioutput="raw_values")
    np.testing.assert_allclose(actual, expected)
    with pytest.raises(ValueError, match="y_pred contains NaN"):
        concordance_correlation_coefficient(pred, true)
