"""The study of synthetic data: nothing leaks, nothing is lost, and the figures are as defined."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import make_pipeline
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, LeaveOneGroupOut
from sklearn.preprocessing import StandardScaler

from sklearn_ser import MLPSER, MixupSampler
from sklearn_ser.evaluation import SyntheticDataDisplay, synthetic_data_study, tabulate_study
from sklearn_ser.metrics import unweighted_average_recall_score

SEEN: list[dict[str, np.ndarray]] = []
FITTED: list[np.ndarray] = []


class SpyingSampler(MixupSampler):
    """Notes what it is fitted on and what it gives."""

    def fit_resample(self, X, y, **params):
        """Resample."""
        X_all, y_all = super().fit_resample(X, y, **params)
        SEEN.append({"X": np.array(X), "y": np.array(y), "X_all": X_all, "y_all": y_all})
        return X_all, y_all


class SpyingClassifier(LogisticRegression):
    """Notes what it is fitted on; breaks down at a chosen fit."""

    def fit(self, X, y, sample_weight=None):
        """Fit."""
        if len(FITTED) == 7 and self.max_iter == 99:
            raise KeyboardInterrupt
        FITTED.append(np.array(X))
        return super().fit(X, y, sample_weight)


class Mover(MixupSampler):
    """Gives back other rows than it got."""

    def fit_resample(self, X, y, **params):
        """Resample."""
        X_all, y_all = super().fit_resample(X, y, **params)
        return X_all[::-1], y_all[::-1]


class SeedTeller(ClassifierMixin, BaseEstimator):
    """Predicts by its seed alone."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y):
        """Fit."""
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        """Predict."""
        return np.random.RandomState(self.random_state).choice(self.classes_, len(X))


@pytest.fixture
def data() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return features, emotions, and speakers of which one lacks an emotion."""
    rng = np.random.default_rng(0)
    groups = np.repeat(["03", "08", "10"], 20)
    y = np.tile(np.repeat(["anger", "neutral", "sadness"], [10, 6, 4]), 3)
    y[(groups == "08") & (y == "sadness")] = "anger"
    loc = {"anger": 1.0, "neutral": 0.0, "sadness": -1.0}
    X = rng.normal(size=(60, 5)) + np.array([loc[label] for label in y])[:, None]
    SEEN.clear()
    FITTED.clear()
    return X, y, groups


def _rows(X: np.ndarray) -> set[tuple]:
    return {tuple(row) for row in X}


def test_no_test_row_reaches_the_sampler(data):
    X, y, groups = data
    synthetic_data_study(SpyingSampler(), LogisticRegression(), X, y, groups=groups)
    folds = list(LeaveOneGroupOut().split(X, y, groups))
    assert len(SEEN) == len(folds)
    for (train, test), seen in zip(folds, SEEN, strict=True):
        assert_array_equal(seen["X"], X[train])
        assert_array_equal(seen["y"], y[train])
        assert not _rows(seen["X_all"]) & _rows(X[test])


def test_each_column_is_trained_on_what_its_name_says(data):
    X, y, groups = data
    synthetic_data_study(
        SpyingSampler(), SpyingClassifier(), X, y, groups=groups, cv=GroupKFold(3), n_synthetic=7
    )
    folds = list(GroupKFold(3).split(X, y, groups))
    for i, (train, _) in enumerate(folds):
        real, synthetic, both = FITTED[3 * i : 3 * i + 3]
        assert_array_equal(real, X[train])
        assert not _rows(synthetic) & _rows(X)
        assert len(synthetic) == 7 * 3
        assert_array_equal(synthetic, SEEN[i]["X_all"][len(train) :])
        assert_array_equal(both, np.concatenate([real, synthetic]))


@pytest.mark.parametrize(
    ("n_synthetic", "expected"),
    [
        ("real", {"anger": 24, "neutral": 12, "sadness": 4}),
        ("largest", {"anger": 24, "neutral": 24, "sadness": 24}),
        ("balance", {"neutral": 12, "sadness": 20}),
        (5, {"anger": 5, "neutral": 5, "sadness": 5}),
    ],
)
def test_number_of_synthetic_rows(data, n_synthetic, expected):
    X, y, groups = data
    kinds = ["real + synthetic"]
    results = synthetic_data_study(
        SpyingSampler(),
        LogisticRegression(),
        X,
        y,
        groups=groups,
        n_synthetic=n_synthetic,
        training_data=kinds,
    )
    assert Counter(SEEN[0]["y_all"][len(SEEN[0]["y"]) :].tolist()) == expected
    assert len(results) == 1
    drawn = [len(seen["y_all"]) - len(seen["y"]) for seen in SEEN]
    assert results["n_synthetic"][0] == np.mean(drawn)
    assert results["n_train"][0] == np.mean([len(seen["y_all"]) for seen in SEEN])


def test_recall_is_that_of_the_pooled_predictions(data):
    X, y, groups = data
    results = synthetic_data_study(
        {"random": RandomOverSampler()}, LogisticRegression(C=0.1), X, y, groups=groups
    )
    predicted = np.empty_like(y)
    per_fold = []
    for train, test in LeaveOneGroupOut().split(X, y, groups):
        predicted[test] = LogisticRegression(C=0.1).fit(X[train], y[train]).predict(X[test])
        labels = np.unique(y[test])
        per_fold.append(np.mean([(predicted[test] == k)[y[test] == k].mean() for k in labels]))
    by_hand = np.mean([(predicted == k)[y == k].mean() for k in np.unique(y)])
    assert abs(by_hand - np.mean(per_fold)) > 1e-3
    real = results[results["training_data"] == "real"]
    assert_allclose(real["uar"], by_hand)
    assert_allclose(results["chance"], 1 / 3)


def test_across_corpora_trains_on_all_of_one_and_tests_on_the_other(data):
    X, y, groups = data
    here = groups != "10"
    results = synthetic_data_study(
        SpyingSampler(), LogisticRegression(), X[here], y[here], test=(X[~here], y[~here])
    )
    assert_array_equal(SEEN[0]["X"], X[here])
    predicted = LogisticRegression().fit(X[here], y[here]).predict(X[~here])
    assert_allclose(results["uar"][0], unweighted_average_recall_score(y[~here], predicted))


def test_an_interrupted_study_continues_to_the_same_table(data, tmp_path):
    X, y, groups = data
    study = {"groups": groups, "n_repeats": 2, "random_state": 1}
    samplers = {"mixup": MixupSampler(), "random": RandomOverSampler()}
    classifier = SpyingClassifier(max_iter=99)
    with pytest.raises(KeyboardInterrupt):
        synthetic_data_study(samplers, classifier, X, y, path=tmp_path, **study)
    # Of the 7 fits, those of an arm that was cut short are not kept.
    n_kept = len(list(tmp_path.glob("*.json")))
    assert n_kept == 4
    assert not list(tmp_path.glob("*.tmp"))
    FITTED.append(X)  # so that the next study is not interrupted
    n_before = len(FITTED)
    continued = synthetic_data_study(samplers, classifier, X, y, path=tmp_path, **study)
    assert len(FITTED) - n_before == 2 * 3 * 5 - 6
    n_before = len(FITTED)
    again = synthetic_data_study(samplers, classifier, X, y, path=tmp_path, **study)
    assert len(FITTED) == n_before
    pd.testing.assert_frame_equal(again, continued)
    at_once = synthetic_data_study(samplers, classifier, X, y, **study)
    pd.testing.assert_frame_equal(
        continued.drop(columns="seconds"), at_once.drop(columns="seconds")
    )


def test_studies_of_other_settings_do_not_share_predictions(data, tmp_path):
    X, y, groups = data

    def files(alpha=1.0, C=1.0, X=X, **study):
        sampler, classifier = MixupSampler(alpha=alpha), LogisticRegression(C=C)
        synthetic_data_study(sampler, classifier, X, y, groups=groups, path=tmp_path, **study)
        return len(list(tmp_path.iterdir()))

    n_first = files()
    assert n_first == 3 * 2
    assert files() == n_first
    # A change of the sampler leaves the real rows as they were.
    assert files(alpha=0.3) == n_first + 3
    assert files(n_synthetic=3) == n_first + 6
    assert files(C=0.5) == n_first + 12
    assert files(X=X + 1) == n_first + 18
    assert files(random_state=1) == n_first + 24


def test_repeats_differ_and_arms_share_their_seeds(data):
    X, y, groups = data
    results = synthetic_data_study(
        {"a": MixupSampler(), "b": MixupSampler()}, SeedTeller(), X, y, groups=groups, n_repeats=2
    )
    uar = results.pivot_table(index="repeat", columns=["sampler", "training_data"], values="uar")
    assert uar.loc[0].nunique() == 1
    assert uar.loc[0].iloc[0] != uar.loc[1].iloc[0]


def test_two_processes_give_the_table_of_one(data):
    X, y, groups = data
    arguments = (MixupSampler(), MLPSER(max_epochs=2), X, y)
    one, two = (
        synthetic_data_study(*arguments, groups=groups, n_jobs=n_jobs).drop(columns="seconds")
        for n_jobs in (None, 2)
    )
    pd.testing.assert_frame_equal(one, two)


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
def test_a_pipeline_gives_rows_in_the_units_of_X(data):
    X, y, groups = data
    scale = np.array([1e-3, 1e3, 1.0, 10.0, 1e6])
    smote = make_pipeline(StandardScaler(), SMOTE(k_neighbors=2))
    for factor in (1.0, scale):
        synthetic_data_study(
            smote, SpyingClassifier(), X * factor, y, groups=groups, training_data=["synthetic"]
        )
    plain, scaled = FITTED[:3], FITTED[3:]
    for small, large in zip(plain, scaled, strict=True):
        assert_allclose(large, small * scale, rtol=1e-6)


def test_labels_may_be_of_any_type(data):
    X, y, groups = data
    uar = [
        synthetic_data_study(MixupSampler(), LogisticRegression(), X, labels, groups=groups)["uar"]
        for labels in (y, pd.Series(y), y.astype(object), np.unique(y, return_inverse=True)[1])
    ]
    for other in uar[1:]:
        assert_array_equal(other, uar[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"samplers": StandardScaler()}, "no over-sampler"),
        ({"samplers": {"none": MixupSampler()}}, "is taken by the real rows"),
        ({"samplers": Mover()}, "removes or changes original rows"),
        ({"training_data": ["fake"]}, "training_data=.*fake"),
        ({"training_data": "real"}, "must be a list"),
        ({"n_synthetic": "many"}, "n_synthetic='many'"),
        ({"n_synthetic": 0}, "n_synthetic=0"),
        ({"n_synthetic": "balance"}, "no row of the largest class"),
        ({"y": ["anger", None, ""] * 20}, "40 of 60 utterances have no label.* row 1"),
        ({"test": (np.ones((2, 5)), ["anger", np.nan])}, "1 of 2 utterances have no label"),
        ({"n_repeats": 0}, "n_repeats=0"),
        ({"random_state": None}, "random_state=None"),
        ({"groups": None}, "pass the speakers as groups"),
        ({"test": (np.ones((3, 2)), ["anger", "neutral", "sadness"])}, "5 features.* has 2"),
        ({"test": (np.ones((2, 5)), ["anger", "joy"])}, r"\['joy', 'neutral', 'sadness'\]"),
        ({"test": (np.ones((2, 5)), ["anger", "joy"]), "cv": 3}, "one of the two"),
    ],
)
def test_a_wrong_argument_is_named(data, change, message):
    X, y, groups = data
    samplers = change.pop("samplers", MixupSampler())
    y = change.pop("y", y)
    with pytest.raises(ValueError, match=message):
        synthetic_data_study(
            samplers, LogisticRegression(), X, y, **{"groups": groups} | dict(change)
        )


@pytest.fixture
def results() -> pd.DataFrame:
    kinds = ["real", "synthetic", "real + synthetic"]
    rows = [("none", kinds[0], 0.60), ("none", kinds[0], 0.62)]
    rows += [("gan", kinds[1], 0.50), ("gan", kinds[1], 0.50)]
    rows += [("gan", kinds[2], 0.61), ("gan", kinds[2], 0.65), ("a", kinds[2], 0.7)]
    return pd.DataFrame(rows, columns=["sampler", "training_data", "uar"]).assign(chance=0.25)


def test_table_has_means_and_deviations_in_the_order_of_the_study(results):
    table = tabulate_study(results)
    assert table.index.tolist() == ["gan", "a"]
    assert table.columns.tolist() == ["real", "synthetic", "real + synthetic"]
    deviation = 100 * np.std([0.60, 0.62], ddof=1)
    assert table["real"].tolist() == [f"61.00 ± {deviation:.2f}"] * 2
    assert table["synthetic"].tolist() == ["50.00 ± 0.00", ""]
    assert table["real + synthetic"].tolist() == ["63.00 ± 2.83", "70.00"]


def test_table_of_the_real_rows_alone(results):
    table = tabulate_study(results[:2])
    assert table.index.tolist() == ["none"]
    assert table.columns.tolist() == ["real"]


def test_display_draws_a_bar_a_cell_and_a_line_for_the_real_rows(results):
    display = SyntheticDataDisplay(results).plot()
    heights = sorted(bar.get_height() for bar in display.ax_.patches)
    assert_allclose(heights, [50, 63, 70])
    lines = [line for line in display.ax_.lines if len(set(line.get_ydata())) == 1]
    assert {round(float(line.get_ydata()[0])) for line in lines} >= {61, 25}
    again = SyntheticDataDisplay(results).plot(display.ax_)
    assert again.ax_ is display.ax_
