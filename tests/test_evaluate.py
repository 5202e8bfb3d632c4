"""Evaluation by protocol: the right rows, the right figures, nothing lost and nothing stale."""

import multiprocessing
import pickle
import subprocess
import sys
import time
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, f1_score
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    cross_val_predict,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state

from sklearn_ser import AdversarialAutoencoderSER
from sklearn_ser.evaluation import Evaluation, evaluate, score_predictions

SECONDS = ["fit_seconds", "predict_seconds"]


class Guesser(ClassifierMixin, BaseEstimator):
    """Predicts by its seed alone, slowly if wanted; takes any X."""

    def __init__(self, random_state=None, pause=0.0, verbose=0):
        self.random_state = random_state
        self.pause = pause
        self.verbose = verbose

    def fit(self, X, y, known=None):
        """Fit."""
        if known is not None and len(known) != len(y):
            raise ValueError("lengths differ")
        time.sleep(self.pause)
        self.n_known_ = None if known is None else len(known)
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        """Predict."""
        return np.random.RandomState(self.random_state).choice(self.classes_, len(X))


class Stranger(Guesser):
    """Predicts what is no class."""

    def predict(self, X):
        """Predict."""
        return np.full(len(X), "surprise")


@pytest.fixture
def data() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return features, emotions, and speakers of which one lacks an emotion."""
    rng = np.random.default_rng(0)
    groups = np.repeat(["03", "08", "10"], 20)
    y = np.tile(np.repeat(["anger", "neutral", "sadness"], [10, 6, 4]), 3)
    y[(groups == "08") & (y == "sadness")] = "anger"
    loc = {"anger": 1.0, "neutral": 0.0, "sadness": -1.0}
    X = rng.normal(size=(60, 5)) + np.array([loc[label] for label in y])[:, None]
    return X, y, groups


def _same(one: Evaluation, other: Evaluation) -> None:
    pd.testing.assert_frame_equal(one.predictions, other.predictions)
    pd.testing.assert_frame_equal(
        one.summary.drop(columns=SECONDS), other.summary.drop(columns=SECONDS)
    )


def test_predictions_are_those_of_cross_val_predict(data):
    X, y, groups = data
    pipelines = {
        "regression": make_pipeline(StandardScaler(), LogisticRegression()),
        "copies": make_pipeline(RandomOverSampler(), GaussianNB()),
    }
    evaluation = evaluate(pipelines, X, y, groups=groups)
    for name in pipelines:
        chosen = evaluation.predictions.query("pipeline == @name").sort_values("row")
        assert_array_equal(chosen["row"], np.arange(len(y)))
        assert_array_equal(chosen["speaker"], groups)
        assert_array_equal(chosen["y_true"], y)
        if name == "regression":
            expected = cross_val_predict(
                pipelines[name], X, y, groups=groups, cv=LeaveOneGroupOut()
            )
            assert_array_equal(chosen["y_pred"], expected)


def test_scores_are_those_of_scikit_learn(data):
    X, y, groups = data
    evaluation = evaluate(GaussianNB(), X, y, groups=groups)
    predicted = cross_val_predict(GaussianNB(), X, y, groups=groups, cv=LeaveOneGroupOut())
    pooled = evaluation.summary.iloc[0]
    assert pooled["pipeline"] == "GaussianNB"
    assert_allclose(pooled["uar"], balanced_accuracy_score(y, predicted))
    assert_allclose(pooled["wa"], np.mean(y == predicted))
    assert_allclose(pooled["macro_f1"], f1_score(y, predicted, average="macro"))
    assert_allclose(pooled["chance"], 1 / 3)
    counts = evaluation.confusions.pivot_table(index="y_true", columns="y_pred", values="n")
    assert_array_equal(counts, confusion_matrix(y, predicted))
    for row in evaluation.speakers.to_dict("records"):
        own = groups == row["speaker"]
        # A speaker is scored on the emotions that the speaker shows: 08 has no sadness.
        recalls = [np.mean(predicted[own & (y == k)] == k) for k in np.unique(y[own])]
        assert_allclose(row["uar"], np.mean(recalls))
        assert row["n_classes"] == len(recalls)
        assert_allclose(row["macro_f1"], f1_score(y[own], predicted[own], average="macro"))
    assert evaluation.speakers["n_classes"].tolist() == [3, 2, 3]
    # The folds are the speakers here; the mean over them is another figure than the pooled one.
    assert_allclose(pooled["uar_of_folds"], evaluation.speakers["uar"].mean())
    assert abs(pooled["uar_of_folds"] - pooled["uar"]) > 1e-3
    assert evaluation.folds["n_train"].tolist() == [40, 40, 40]
    assert (evaluation.folds[SECONDS] > 0).all(axis=None)
    assert "0.3" in repr(evaluation)


def test_scores_of_a_class_that_is_only_predicted_and_of_one_that_never_occurs():
    predictions = pd.DataFrame({"run": 0, "y_true": ["a", "a", "b"], "y_pred": ["a", "c", "c"]})
    other = pd.DataFrame({"run": 1, "y_true": ["d"], "y_pred": ["d"]})
    scores = score_predictions(pd.concat([predictions, other]), ["run"])
    same = score_predictions(pd.concat([predictions, other]), "run")  # a name, not its letters
    pd.testing.assert_frame_equal(same, scores)
    assert_allclose(scores["uar"], [0.25, 1])
    assert_allclose(scores["macro_f1"], [(2 / 3 + 0 + 0) / 3, 1])
    assert scores["n_classes"].tolist() == [2, 1]
    with pytest.raises(ValueError, match=r"lack the columns \['speaker'\]"):
        score_predictions(predictions, ["speaker"])
    with pytest.raises(ValueError, match="attribute `predictions`"):
        score_predictions([1], ["run"])  # type: ignore[arg-type]


def test_speakers_come_from_the_frame_and_groups_may_be_sessions(data):
    X, y, speakers = data
    frame = pd.DataFrame({"x": X[:, 0]}, index=pd.Index(speakers, name="speaker"))
    assert evaluate(Guesser(), frame, y).summary["n_speakers"].item() == 3
    sessions = np.where(speakers == "03", "a", "b")
    evaluation = evaluate(Guesser(), frame, y, groups=sessions)
    assert evaluation.folds["n_samples"].tolist() == [20, 40]
    assert evaluation.speakers["speaker"].tolist() == ["03", "08", "10"]


def test_speakers_among_the_features_are_refused(data):
    X, y, speakers = data
    frame = pd.DataFrame(X).assign(speaker=speakers)
    frame.columns = frame.columns.astype(str)
    for settings in ({}, {"groups": speakers}, {"speakers": speakers}):
        with pytest.raises(ValueError, match=r"'speaker' among its features.*pass speakers="):
            evaluate(GaussianNB(), frame, y, **settings)
    beside = evaluate(GaussianNB(), frame.set_index("speaker"), y)
    _same(beside, evaluate(GaussianNB(), X, y, groups=speakers))


@pytest.mark.parametrize("kind", ["list", "frame", "sequences", "index"])
def test_any_kind_of_X(data, kind):
    _, y, speakers = data
    files = [f"{i}.wav" for i in range(len(y))]
    X = {
        "list": files,
        "frame": pd.DataFrame({"file": files, "speaker": speakers}, index=range(5, 65)),
        "sequences": np.fromiter((np.ones((i + 1, 2)) for i in range(len(y))), dtype=object),
        "index": pd.Index(files, name="file"),
    }[kind]
    evaluation = evaluate(Guesser(), X, y, groups=speakers)
    assert sorted(evaluation.predictions["row"]) == list(range(len(y)))


def test_an_integer_is_a_number_of_folds_of_whole_speakers(data):
    X, y, groups = data
    two, same = (evaluate(GaussianNB(), X, y, groups=groups, cv=cv) for cv in (2, GroupKFold(2)))
    _same(two, same)


def test_a_speaker_on_both_sides_is_refused_unless_wanted(data):
    X, y, groups = data
    cv = KFold(3, shuffle=True, random_state=0)
    with pytest.raises(ValueError, match="3 speakers in training and test"):
        evaluate(GaussianNB(), X, y, groups=groups, cv=list(cv.split(X)))
    feigned = evaluate(
        GaussianNB(), X, y, groups=groups, cv=list(cv.split(X)), allow_shared_speakers=True
    )
    assert feigned.summary["n_samples"].item() == len(y)


def test_masks_and_rows_that_no_fold_tests(data):
    X, y, groups = data
    masks = [(groups != "03", groups == "03")]
    evaluation = evaluate(GaussianNB(), X, y, groups=groups, cv=masks)
    assert evaluation.summary["n_samples"].item() == 20
    assert evaluation.summary["n_speakers"].item() == 1
    assert np.isnan(evaluation.summary["uar_low"].item())


def test_repeats_differ_and_pipelines_share_their_seeds(data):
    X, y, groups = data
    of_numpy = check_random_state(None)  # the global generator
    before = pickle.dumps(of_numpy.get_state())
    first = Guesser(random_state=7)
    pipelines = {"a": first, "b": make_pipeline(Guesser())}
    evaluation = evaluate(pipelines, X, y, groups=groups, n_repeats=2)
    predicted = evaluation.predictions.pivot_table(
        index="row", columns=["pipeline", "repeat"], values="y_pred", aggfunc="first"
    )
    assert_array_equal(predicted["a"], predicted["b"])
    first_repeat, second_repeat = predicted["a"].to_numpy().T
    assert (first_repeat != second_repeat).any()
    assert evaluation.summary["uar_std"].gt(0).all()
    assert pickle.dumps(of_numpy.get_state()) == before
    _same(evaluation, evaluate(pipelines, X, y, groups=groups, n_repeats=2))
    assert first.random_state == 7


def test_two_processes_give_the_predictions_of_one(data):
    X, y, groups = data
    one, two = (evaluate(Guesser(), X, y, groups=groups, n_jobs=n_jobs) for n_jobs in (None, 2))
    _same(one, two)


def test_fit_parameters_are_cut_to_the_training_rows(data):
    X, y, groups = data
    evaluate({"a": Guesser()}, X, y, groups=groups, fit_params={"a": {"known": np.arange(60)}})
    with pytest.raises(ValueError, match=r"fit_params is for \['b'\]"):
        evaluate({"a": Guesser()}, X, y, groups=groups, fit_params={"b": {}})


def _slow(data, path, pause=0.005) -> Evaluation:
    X, y, _ = data
    pipelines = {"one": Guesser(pause=pause), "other": make_pipeline(StandardScaler(), Guesser())}
    return evaluate(pipelines, X, y, groups=np.arange(60) // 2, path=path)


def test_killed_at_random_moments_it_resumes_and_ends_with_the_same_table(data, tmp_path):
    rng = np.random.default_rng(0)
    context = multiprocessing.get_context("fork")
    kept: list[set[str]] = [set()]
    for _ in range(20):
        process = context.Process(target=_slow, args=(data, tmp_path))
        process.start()
        wanted = len(kept[-1]) + rng.integers(4)
        while len(list(tmp_path.glob("*.json"))) < wanted and process.is_alive():
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.01))
        process.kill()
        process.join()
        kept.append({file.name for file in tmp_path.glob("*.json")})
    assert all(earlier <= later for earlier, later in pairwise(kept))
    assert kept[-1]
    continued = _slow(data, tmp_path)
    assert len(list(tmp_path.glob("*.json"))) == 60
    _same(continued, _slow(data, None, pause=0))


def test_another_process_finds_what_is_there(tmp_path):
    code = f"""
import numpy as np, pandas as pd
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC
from sklearn_ser.evaluation import evaluate
speakers = pd.Index(list("11223344"), name="speaker")
frame = pd.DataFrame({{"x": np.arange(8.0), "z": 1.0}}, index=speakers)
without_z = FunctionTransformer(pd.DataFrame.drop, kw_args={{"columns": "z"}})
pipe = make_pipeline(without_z, SVC())
evaluate({{"SVC": pipe}}, frame, list("abababab"), path={str(tmp_path)!r})
"""
    exec(code, {})
    here = sorted((file.name, file.stat().st_mtime_ns) for file in tmp_path.iterdir())
    subprocess.run([sys.executable, "-c", code], check=True)
    there = sorted((file.name, file.stat().st_mtime_ns) for file in tmp_path.iterdir())
    assert len(here) == 4
    assert here == there


def test_what_has_changed_is_computed_anew_and_the_rest_is_not(data, tmp_path):
    X, y, groups = data

    def n_files(X=X, y=y, estimator=None, **settings) -> int:
        settings = {"groups": groups} | settings
        evaluate({"a": estimator or GaussianNB()}, X, y, path=tmp_path, **settings)
        return len(list(tmp_path.iterdir()))

    assert n_files() == 3
    assert n_files() == 3
    assert n_files(X=np.asfortranarray(X)) == 3
    assert n_files(X + 1) == 6
    assert n_files(y=np.where(y == "anger", "fear", y)) == 9
    assert n_files(estimator=GaussianNB(priors=[0.5, 0.3, 0.2])) == 12
    assert n_files(estimator=Guesser()) == 15
    assert n_files(estimator=Guesser(verbose=1)) == 15
    assert n_files(estimator=Guesser(), fit_params={"a": {"known": np.arange(60)}}) == 18
    assert n_files(random_state=1) == 21
    # The repeat that was there has its seeds.
    assert n_files(n_repeats=2) == 24
    # One of the two folds has been there.
    assert n_files(cv=GroupKFold(2)) == 25
    assert n_files(groups=np.roll(groups, 20)) > 25


def test_audio_that_has_changed_is_not_mistaken_for_what_it_was(tmp_path):
    files = []
    for i in range(8):
        files.append(tmp_path / f"{i}.wav")
        files[-1].write_bytes(b"sound")
    frame = pd.DataFrame({"file": list(map(str, files)), "speaker": list("11223344")})
    folder = tmp_path / "results"
    for n_files, content in ((4, b"sound"), (8, b"other")):
        files[0].write_bytes(content) if content == b"other" else None
        evaluate(Guesser(), frame, list("abababab"), path=folder)
        assert len(list(folder.iterdir())) == n_files


def test_waveforms_in_a_list_are_kept_under_their_content(tmp_path):
    X = [np.ones(n) for n in range(5, 13)]
    for n_files, first in ((4, 1.0), (4, 1.0), (8, 2.0)):
        X[0] = np.full(5, first)
        evaluate(Guesser(), X, list("abababab"), groups=list("11223344"), path=tmp_path)
        assert len(list(tmp_path.iterdir())) == n_files


def test_a_damaged_file_is_computed_anew(data, tmp_path):
    X, y, groups = data
    first = evaluate(GaussianNB(), X, y, groups=groups, path=tmp_path)
    files = sorted(tmp_path.iterdir())
    files[0].write_bytes(b"")
    files[1].write_text("[1", encoding="utf-8")
    _same(first, evaluate(GaussianNB(), X, y, groups=groups, path=tmp_path))
    assert all(file.stat().st_size > 10 for file in files)


def test_what_cannot_be_named_is_not_kept(data, tmp_path):
    X, y, groups = data
    pipe = GaussianNB(priors=lambda: None)
    with pytest.raises(ValueError, match=r"function of a module instead of a lambda.*path=None"):
        evaluate(pipe, X, y, groups=groups, path=tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pipelines": {}}, "pipelines is empty"),
        ({"pipelines": StandardScaler()}, "StandardScaler.* is no classifier"),
        ({"pipelines": LinearRegression()}, "LinearRegression.* is no classifier"),
        ({"pipelines": Stranger()}, "predicted 'surprise' in fold 0, but the classes are"),
        ({"groups": None}, "pass the speakers as groups"),
        ({"groups": [""] * 60}, "60 of 60 utterances have no speaker"),
        ({"y": ["anger", ""] * 30}, "30 of 60 utterances have no label, first of them row 1"),
        ({"y": np.linspace(0, 1, 60)}, "which are no classes"),
        ({"y": ["anger"] * 59}, "inconsistent numbers of samples"),
        ({"n_repeats": 0}, "n_repeats=0"),
        ({"random_state": None}, "random_state=None"),
    ],
)
def test_a_wrong_argument_is_named(data, change, message):
    X, y, groups = data
    settings = {"pipelines": GaussianNB(), "X": X, "y": y, "groups": groups} | change
    with pytest.raises(ValueError, match=message):
        evaluate(**settings)


def test_utterances_without_an_emotion_train_those_who_learn_from_them_and_test_none(data):
    X, y, groups = data
    y = np.where(np.arange(60) % 3 == 0, "", y)
    y[groups == "10"] = ""  # a speaker of read speech: no fold tests it
    seen: dict[str, list[np.ndarray]] = {}

    class Learner(Guesser):
        unlabeled = None

        def fit(self, X, y, known=None):
            seen.setdefault(type(self).__name__, []).append(y)
            return super().fit(X, y[~np.isin(y.astype(str), ["", "-1"])])

    class Supervised(Guesser):
        def fit(self, X, y, known=None):
            seen.setdefault(type(self).__name__, []).append(y)
            return super().fit(X, y)

    result = evaluate({"a": Learner(), "b": make_pipeline(Supervised())}, X, y, groups=groups)
    rows = [(groups != speaker) for speaker in ("03", "08")]
    for i, train in enumerate(rows):
        assert_array_equal(seen["Learner"][i], y[train])
        assert_array_equal(seen["Supervised"][i], y[train & (y != "")])
    assert set(result.predictions["row"]) == set(np.flatnonzero(y != ""))
    assert "" not in set(result.predictions["y_pred"])
    assert_allclose(result.summary["chance"], 1 / 3)
    # Among numbers it is -1; where none learns from it, -1 is a class as any other.
    codes = np.where(y == "", -1, np.unique(y, return_inverse=True)[1])
    assert_allclose(evaluate(Learner(), X, codes, groups=groups).summary["chance"], 1 / 3)
    assert_allclose(evaluate(Guesser(), X, codes, groups=groups).summary["chance"], 1 / 4)


def test_a_mark_is_that_of_the_estimator(data):
    X, y, groups = data
    codes = np.unique(y, return_inverse=True)[1] - 1  # the first emotion is -1
    net = AdversarialAutoencoderSER(max_epochs=1, unlabeled=-99)
    result = evaluate({"net": net, "guesser": Guesser()}, X, codes, groups=groups)
    assert_allclose(result.summary["chance"], 1 / 3)
    codes[:5] = -99
    result = evaluate({"net": net, "guesser": Guesser()}, X, codes.astype(object), groups=groups)
    assert set(result.predictions["y_true"]) == {-1, 0, 1}
    assert (result.summary["n_samples"] == 55).all()
    marks = {"a": "none", "b": "unknown", "c": None}
    nets = {name: AdversarialAutoencoderSER(max_epochs=1, unlabeled=m) for name, m in marks.items()}
    y = y.astype(object)
    y[:4] = ["none", "unknown", "", None]
    result = evaluate(nets, X, y, groups=groups)
    assert (result.summary["n_samples"] == 56).all()
    y[:4] = ""
    with pytest.raises(ValueError, match=r"unlabeled=-99 cannot stand among .* such as 'anger'"):
        evaluate(net, X, y, groups=groups)
    with pytest.raises(ValueError, match="No utterance has an emotion"):
        evaluate(nets, X, [""] * 60, groups=groups)


def test_results_on_disk_are_of_the_same_classes(data, tmp_path):
    X, y, groups = data
    codes = np.unique(y, return_inverse=True)[1]
    codes[groups == "10"] = -1
    cv = [(np.arange(20), np.arange(20, 40))]
    alone = {"nb": GaussianNB()}
    both = {**alone, "net": AdversarialAutoencoderSER(max_epochs=1)}
    expected = evaluate(alone, X, codes, groups=groups, cv=cv)
    evaluate(both, X, codes, groups=groups, cv=cv, path=tmp_path)
    _same(expected, evaluate(alone, X, codes, groups=groups, cv=cv, path=tmp_path))


def test_a_semi_supervised_net_is_evaluated(data):
    X, y, groups = data
    y = np.where(np.arange(60) % 2 == 0, "", y)
    model = AdversarialAutoencoderSER(max_epochs=1)
    search = GridSearchCV(model, {"code_size": [4]}, cv=2)
    result = evaluate({"net": model, "search": search}, X, y, groups=groups)
    assert len(result.predictions) == 2 * (y != "").sum()


def test_an_error_in_a_fold_names_the_fold(data):
    X, y, groups = data
    X = X.copy()
    X[45, 2] = np.nan
    with pytest.raises(ValueError, match="NaN") as caught:
        evaluate({"net": GaussianNB()}, X, y, groups=groups)
    (note,) = caught.value.__notes__
    assert "'net', fold 0: rows are those of the fold, 40 to train and 20 to test" in note
