"""Across corpora: trained on one, tested on the other, labels harmonised, speakers apart."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.utils import Bunch

from sklearn_ser.evaluation import CrossCorpusDisplay, SessionSplit, cross_corpus, evaluate
from sklearn_ser.metrics import unweighted_average_recall_score

SEEN: list[tuple[np.ndarray, np.ndarray]] = []


class Spy(LogisticRegression):
    """Notes what it is fitted on."""

    def fit(self, X, y, sample_weight=None):
        """Fit."""
        SEEN.append((np.array(X), np.array(y)))
        return super().fit(X, y, sample_weight)


def _corpus(seed: int, emotions=("anger", "neutral", "sadness"), shift=0.0, n=60):
    rng = np.random.default_rng(seed)
    y = np.array(emotions)[np.arange(n) % len(emotions)]
    X = rng.normal(size=(n, 3)) + (np.arange(n) % len(emotions))[:, None] + shift
    SEEN.clear()
    return X, y, np.repeat(["01", "02", "03"], n // 3)


def test_each_cell_is_trained_on_its_row_and_tested_on_its_column():
    corpora = {"a": _corpus(0), "b": _corpus(1, shift=0.5), "c": _corpus(2, shift=-0.5, n=30)}
    result = cross_corpus(Spy(), corpora)
    # Trained once for all other corpora, and once for each speaker within.
    assert len(SEEN) == 3 * (1 + 3)
    matrix = result.matrix()
    assert matrix.index.tolist() == matrix.columns.tolist() == list(corpora)
    for train, (X, y, speakers) in corpora.items():
        for test, (X_test, y_test, _) in corpora.items():
            if train == test:
                predicted = cross_val_predict(
                    LogisticRegression(), X, y, groups=speakers, cv=LeaveOneGroupOut()
                )
            else:
                predicted = LogisticRegression().fit(X, y).predict(X_test)
            expected = unweighted_average_recall_score(y_test, predicted)
            assert_allclose(matrix[test][train], expected)
    assert set(result.fits["train"]) == set(corpora)
    # The same name in two corpora is not the same speaker.
    assert result.predictions["speaker"].nunique() == 9


def test_labels_are_harmonised():
    corpora = {
        "one": _corpus(0, ("Wut", "neutral", "Ekel")),
        "other": _corpus(1, ("anger", "excited", "neutral")),
    }
    with pytest.raises(ValueError, match=r"share the emotions \['neutral'\]"):
        cross_corpus(GaussianNB(), corpora)
    with pytest.raises(ValueError, match=r"of which \['angre'\] are not"):
        cross_corpus(GaussianNB(), corpora, emotions=["neutral", "angre"])
    with pytest.raises(TypeError, match="corpora is a list: give a dict"):
        cross_corpus(GaussianNB(), list(corpora.values()))  # type: ignore[arg-type]
    label_map = {"Wut": "anger", "excited": None}
    counts = cross_corpus(GaussianNB(), corpora, label_map=label_map).counts
    assert counts.to_dict("index") == {
        "one": {"anger": 20, "neutral": 20},
        "other": {"anger": 20, "neutral": 20},
    }
    by_corpus = {"one": {"Wut": "anger", "Ekel": "other"}, "other": {"excited": "other"}}
    counts = cross_corpus(GaussianNB(), corpora, label_map=by_corpus).counts
    assert counts.columns.tolist() == ["anger", "neutral", "other"]
    result = cross_corpus(GaussianNB(), corpora, label_map=by_corpus, emotions=["anger", "other"])
    assert result.counts.columns.tolist() == ["anger", "other"]
    with pytest.raises(ValueError, match=r"for the corpora \['third'\]"):
        cross_corpus(GaussianNB(), corpora, label_map={"third": {}})


@pytest.mark.parametrize("missing", [None, np.nan, ""])
def test_a_missing_label_is_no_emotion(missing):
    corpora = {}
    for seed, name in enumerate("ab"):
        X, y, speakers = _corpus(seed)
        corpora[name] = X, [missing if label == "sadness" else label for label in y], speakers
    counts = cross_corpus(GaussianNB(), corpora, within=False).counts
    assert counts.to_dict("index") == {name: {"anger": 20, "neutral": 20} for name in "ab"}


def test_a_frame_of_features_gives_what_its_array_gives():
    arrays = {"a": _corpus(0), "b": _corpus(1)}
    frames = {
        name: (pd.DataFrame(X, index=pd.Index(range(60), name="id")), y, speakers)
        for name, (X, y, speakers) in arrays.items()
    }
    one, other = (cross_corpus(GaussianNB(), corpora).matrix() for corpora in (arrays, frames))
    assert_allclose(one, other)


def test_development_and_test_part_are_stratified_and_the_same_wherever_tested():
    corpora = {"a": _corpus(0), "b": _corpus(1)}
    result = cross_corpus({"x": GaussianNB()}, corpora, development=0.3)
    predictions = result.predictions
    sizes = predictions.groupby(["train", "test", "part", "y_true"]).size().unstack("part")
    assert (sizes["development"] == 6).all()
    assert (sizes["test"] == 14).all()
    parts = predictions.groupby("row")["part"].nunique()
    assert (parts == 1).all()
    chosen = predictions[(predictions["train"] == "a") & (predictions["test"] == "b")]
    chosen = chosen[chosen["part"] == "development"]
    expected = unweighted_average_recall_score(chosen["y_true"], chosen["y_pred"])
    assert_allclose(result.matrix("x", part="development")["b"]["a"], expected)
    other = cross_corpus({"x": GaussianNB()}, corpora, development=0.3, random_state=1)
    assert (other.predictions["part"] != predictions["part"]).any()


def test_frames_and_bunches_keep_what_the_pipeline_reads():
    frames = {}
    for seed, name in enumerate("ab"):
        X, y, speakers = _corpus(seed)
        data = pd.DataFrame(X, columns=list("xyz")).assign(file="a.wav", speaker=speakers)
        frames[name] = Bunch(data=data, target=y, speaker=speakers)

    class NeedsSpeaker(GaussianNB):
        def fit(self, X, y):
            """Fit."""
            assert X["speaker"].str.match("[ab]:0[123]").all()
            return super().fit(X[["x", "y", "z"]], y)

        def predict(self, X):
            """Predict."""
            return super().predict(X[["x", "y", "z"]])

    by_frame = cross_corpus(NeedsSpeaker(), frames).matrix()
    by_array = cross_corpus(GaussianNB(), {"a": _corpus(0), "b": _corpus(1)}).matrix()
    assert_allclose(by_frame, by_array)


def test_without_the_diagonal_and_with_several_pipelines(tmp_path):
    corpora = {"a": _corpus(0), "b": _corpus(1)}
    pipelines = {"Bayes": GaussianNB(), "regression": LogisticRegression()}
    result = cross_corpus(pipelines, corpora, within=False, n_repeats=2, path=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2 * 2 * 2
    assert np.isnan(np.diagonal(result.matrix("Bayes"))).all()
    assert len(result.scores) == 2 * 2 * 2
    with pytest.raises(ValueError, match=r"pipeline=None .* \['Bayes', 'regression'\]"):
        result.matrix()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"corpora": {"a": _corpus(0)}}, "There are 1 corpora"),
        ({"corpora": {"a": _corpus(0), "b": 1}}, "'b' is a int"),
        ({"corpora": {"a": _corpus(0), "b": (_corpus(0)[0][:, :2], *_corpus(0)[1:])}}, "width"),
        ({"corpora": {"a": _corpus(0), "b": (["f"] * 60, *_corpus(0)[1:])}}, "of one kind"),
        ({"corpora": {"a": _corpus(0), "b": _corpus(0)[:2]}}, "pass the speakers"),
        ({"emotions": ["anger", "joy"]}, "anger"),
        ({"development": 1}, "development=1"),
    ],
)
def test_a_wrong_argument_is_named(change, message):
    settings = {"corpora": {"a": _corpus(0), "b": _corpus(1)}} | change
    with pytest.raises(ValueError, match=message):
        cross_corpus(GaussianNB(), **settings)


def test_display_shows_the_matrix():
    corpora = {"a": _corpus(0), "b": _corpus(1)}
    display = CrossCorpusDisplay.from_estimator(GaussianNB(), corpora, within=False)
    texts = [text.get_text() for text in display.ax_.texts]
    matrix = 100 * display.matrix
    assert texts == ["", f"{matrix['b']['a']:.1f}", f"{matrix['a']['b']:.1f}", ""]
    result = cross_corpus({"x": GaussianNB(), "y": Spy()}, corpora)
    again = CrossCorpusDisplay.from_predictions(result.predictions, pipeline="y", ax=None)
    pd.testing.assert_frame_equal(again.matrix, result.matrix("y"))


def test_leaving_a_corpus_out_is_leaving_a_group_out():
    X, y, _ = _corpus(0)
    corpus = np.repeat(["a", "b", "c"], 20)
    speakers = np.arange(60) % 6 + 10 * np.repeat([0, 1, 2], 20)
    evaluation = evaluate(GaussianNB(), X, y, groups=corpus, speakers=speakers)
    by_fold = evaluation.predictions.groupby("fold")["row"]
    for (_, rows), (_, test) in zip(by_fold, LeaveOneGroupOut().split(X, y, corpus), strict=True):
        assert_array_equal(rows, test)
    assert evaluation.summary["n_speakers"].item() == 18


@pytest.mark.parametrize(("n_sessions", "n_folds"), [(5, 10), (6, 12)])
def test_session_protocol_has_the_folds_of_the_literature(n_sessions, n_folds):
    session_of = {f"{s}{g}": f"Session{s}" for s in range(n_sessions) for g in "FM"}
    speakers = np.random.default_rng(0).permutation(np.repeat(list(session_of), 5))
    splitter = SessionSplit(session_of)
    assert splitter.get_n_splits(groups=speakers) == n_folds
    folds = list(splitter.split_development(speakers, groups=speakers))
    assert len(folds) == n_folds
    for train, development, test in folds:
        [tested], [developed] = np.unique(speakers[test]), np.unique(speakers[development])
        assert tested != developed
        assert session_of[tested] == session_of[developed]
        assert session_of[tested] not in {session_of[name] for name in speakers[train]}
        assert len(train) + len(development) + len(test) == len(speakers)
    assert_array_equal(
        np.sort(np.concatenate([test for *_, test in folds])), np.arange(5 * n_folds)
    )
    for (train, test), (train_too, _, test_too) in zip(
        splitter.split(speakers, groups=speakers), folds, strict=True
    ):
        assert_array_equal(train, train_too)
        assert_array_equal(test, test_too)


def test_session_protocol_serves_scikit_learn_and_evaluate():
    X, y, _ = _corpus(0)
    speakers = np.arange(60) // 15 + 1
    splitter = SessionSplit({1: "a", 2: "a", 3: "b", 4: "b"})
    expected = cross_val_predict(GaussianNB(), X, y, groups=speakers, cv=splitter)
    evaluation = evaluate(GaussianNB(), X, y, groups=speakers, cv=splitter)
    assert_array_equal(evaluation.predictions.sort_values("row")["y_pred"], expected)
    assert evaluation.folds["n_train"].tolist() == [30] * 4


def test_session_protocol_gets_its_groups_under_metadata_routing():
    X, y, _ = _corpus(0)
    speakers = np.arange(60) // 15 + 1
    splitter = SessionSplit({1: "a", 2: "a", 3: "b", 4: "b"})
    expected = cross_val_predict(GaussianNB(), X, y, groups=speakers, cv=splitter)
    with config_context(enable_metadata_routing=True):
        routed = cross_val_predict(GaussianNB(), X, y, params={"groups": speakers}, cv=splitter)
    assert_array_equal(routed, expected)


@pytest.mark.parametrize(
    ("session_of", "groups", "message"),
    [
        ({"1": 1}, None, "needs the speakers"),
        ({"1": 1}, ["1", "2"], r"no session for the speakers \['2'\]"),
        ({"1": 1, "2": 1}, ["1", "2"], "the session 1 only"),
        ({"1": 1, "2": 1, "3": 2}, ["1", "2", "3"], "session 2 has the speaker 3 only"),
    ],
)
def test_session_protocol_refuses_what_it_cannot_split(session_of, groups, message):
    with pytest.raises(ValueError, match=message):
        next(SessionSplit(session_of).split(["x"] * 3, groups=groups))
