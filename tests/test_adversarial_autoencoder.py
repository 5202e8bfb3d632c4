"""AdversarialAutoencoderSER: labels with gaps, metadata, switches and routing."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import Pipeline as SamplingPipeline
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.model_selection import GridSearchCV, LeaveOneGroupOut, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_ser import AdversarialAutoencoderSER
from sklearn_ser.neural_network._partly_labelled import PartlyLabelledDataset
from sklearn_ser.neural_network._semi_supervised import is_like_labelled

SINGLE_TASK = {"reconstruction_weight": 0, "adversarial": False, "consistency_weight": 0}
NO_DROPOUT = {"input_dropout": 0, "dropout": 0}
SMALL = {"hidden_sizes": (16,), "code_size": 4, "batch_size": 32, "random_state": 0}


def _model(**params):
    return AdversarialAutoencoderSER(**{**SMALL, "max_epochs": 2, **params})


@pytest.fixture(scope="module")
def corpus():
    """Return four speakers, two genders and three emotions, all easily told."""
    rng = np.random.default_rng(0)
    emotion = np.tile(["anger", "neutral", "sadness"], 20)
    speaker = np.repeat(["01", "02", "03", "04"], 15)
    gender = np.where(np.isin(speaker, ["01", "03"]), "female", "male")
    X = rng.normal(scale=0.5, size=(60, 8))
    X[:, 0] += 3 * (emotion == "anger") - 3 * (emotion == "sadness")
    X[:, 1] += 3 * (gender == "male")
    X[:, 2] += 3 * speaker.astype(int)
    y = np.where(np.arange(60) % 4 == 0, emotion, "")
    return {"X": X, "y": y, "emotion": emotion, "speaker": speaker, "gender": gender}


def _same(one, other, X):
    assert_array_equal(one.predict_proba(X), other.predict_proba(X))


def test_it_learns_emotion_speaker_and_gender_from_few_labels(corpus):
    X, speaker, gender = corpus["X"], corpus["speaker"], corpus["gender"]
    weights = {"speaker_weight": 1, "gender_weight": 1, "code_size": 16}
    model = _model(auxiliary=["speaker", "gender"], max_epochs=15, lr=1e-2, **NO_DROPOUT, **weights)
    model.fit(X, corpus["y"], speaker=speaker, gender=gender)
    assert model.score(X, corpus["emotion"]) > 0.7  # chance is a third
    assert np.mean(model.predict_auxiliary(X, "speaker") == speaker) > 0.8
    assert np.mean(model.predict_auxiliary(X, "gender") == gender) > 0.9
    first, last = model.history_[0], model.history_[-1]
    for name in ("emotion", "reconstruction", "speaker", "gender"):
        assert last[f"{name}_loss"] < first[f"{name}_loss"]
    assert {"adversarial_loss", "categorical_loss", "discriminator_loss"}.issubset(last)


def test_adversarial_speaker_mode_hides_speakers(corpus):
    X, speaker = corpus["X"], corpus["speaker"]
    accuracy = {}
    for mode in ("auxiliary", "adversarial"):
        model = _model(
            auxiliary=["speaker"],
            speaker_mode=mode,
            max_epochs=15,
            speaker_weight=1,
            **NO_DROPOUT,
            **SINGLE_TASK,
        )
        model.fit(X, corpus["y"], speaker=speaker)
        accuracy[mode] = np.mean(model.predict_auxiliary(X, "speaker") == speaker)
    assert accuracy["adversarial"] < accuracy["auxiliary"] - 0.2


@pytest.mark.parametrize("missing", ["", None, np.nan, -1])
def test_missing_metadata_are_masked_whatever_they_are(corpus, missing):
    some = np.arange(60) % 3 == 0
    models = []
    for value in ("", missing):
        speaker = corpus["speaker"].astype(object)
        speaker[some] = value
        model = _model(auxiliary=["speaker"])
        models.append(model.fit(corpus["X"], corpus["y"], speaker=pd.Series(speaker)))
    assert models[1].auxiliary_classes_["speaker"].tolist() == ["01", "02", "03", "04"]
    _same(models[0], models[1], corpus["X"])


def test_passing_what_is_switched_off_changes_nothing(corpus):
    X, y = corpus["X"], corpus["y"]
    plain = _model().fit(X, y)
    told = _model().fit(X, y, speaker=corpus["speaker"], gender=corpus["gender"])
    _same(plain, told, X)
    assert told.auxiliary_classes_ == {}


@pytest.mark.parametrize("name", ["speaker", "gender"])
def test_asking_for_a_task_without_its_argument_names_the_remedy(corpus, name):
    with pytest.raises(ValueError, match=rf"needs the {name} .* set_fit_request\({name}=True\)"):
        _model(auxiliary=[name]).fit(corpus["X"], corpus["y"])


def test_unknown_task_is_named(corpus):
    with pytest.raises(ValueError, match=r"\['speaker', 'gender'\], got \['age'\]"):
        _model(auxiliary=["age"]).fit(corpus["X"], corpus["y"])


def test_task_without_any_known_class_is_named(corpus):
    with pytest.raises(ValueError, match="gender is missing for all utterances"):
        _model(auxiliary=["gender"]).fit(corpus["X"], corpus["y"], gender=[""] * 60)


def test_task_that_was_not_learned_is_named(corpus):
    model = _model(**SINGLE_TASK).fit(corpus["X"], corpus["y"])
    with pytest.raises(ValueError, match="'gender' was not learned"):
        model.predict_auxiliary(corpus["X"], "gender")


def test_marks_of_the_unlabelled(corpus):
    X, y = corpus["X"], corpus["y"]
    _, numbers = np.unique(np.where(y == "", "a", y), return_inverse=True)
    numbers = np.where(y == "", -1, numbers)
    by_string = _model().fit(X, y)
    assert by_string.classes_.tolist() == ["anger", "neutral", "sadness"]
    _same(by_string, _model(unlabeled="?").fit(X, np.where(y == "", "?", y)), X)
    by_number = _model().fit(X, numbers)
    assert -1 not in by_number.classes_
    _same(by_string, by_number, X)


def test_no_label_at_all_is_an_error(corpus):
    with pytest.raises(ValueError, match="No utterance has an emotion"):
        _model().fit(corpus["X"], np.full(60, ""))


def test_single_task_drops_the_unlabelled_rows(corpus):
    X, y = corpus["X"], corpus["y"]
    dropped = _model(**SINGLE_TASK).fit(X, y)
    _same(dropped, _model(**SINGLE_TASK).fit(X[y != ""], y[y != ""]), X)
    assert_array_equal(dropped.scaler_.mean_, X[y != ""].mean(axis=0))


@pytest.mark.parametrize(
    "params",
    [
        {"reconstruction_weight": 1},
        {"adversarial": True},
        {"consistency_weight": 1},
        {"auxiliary": ["gender"]},
    ],
)
def test_each_other_loss_learns_from_the_unlabelled_rows(corpus, params):
    X, y, gender = corpus["X"], corpus["y"], corpus["gender"]
    few = y != ""
    model = _model(**{**SINGLE_TASK, **params})
    with_rest = model.fit(X, y, gender=gender).predict_proba(X)
    without = model.fit(X[few], y[few], gender=gender[few]).predict_proba(X)
    assert not np.allclose(with_rest, without)


def test_rows_of_weight_zero_are_left_out(corpus):
    X, y, speaker = corpus["X"], corpus["y"], corpus["speaker"]
    kept = np.arange(60) < 45
    model = _model(auxiliary=["speaker"])
    weighted = model.fit(X, y, sample_weight=kept.astype(float), speaker=speaker)
    proba = weighted.predict_proba(X)
    assert_array_equal(proba, model.fit(X[kept], y[kept], speaker=speaker[kept]).predict_proba(X))
    assert weighted.auxiliary_classes_["speaker"].tolist() == ["01", "02", "03"]


def test_nothing_is_assumed_of_speakers_without_labels():
    speaker, labelled = np.array([0, 0, 1, 1, -1, -1]), np.array([1, 0, 0, 0, 0, 1], dtype=bool)
    assert is_like_labelled(speaker, labelled).tolist() == [1, 1, 0, 0, 0, 1]


def test_sampler_in_front_is_named(corpus):
    labelled = corpus["y"] != ""
    X, y, speaker = (corpus[name][labelled] for name in ("X", "y", "speaker"))
    with sklearn.config_context(enable_metadata_routing=True):
        model = _model(auxiliary=["speaker"]).set_fit_request(speaker=True)
        pipe = SamplingPipeline(
            [("sampler", RandomOverSampler(sampling_strategy={"anger": 9})), ("model", model)]
        )
        with pytest.raises(ValueError, match=r"speaker has 15 .* sampler .* fit without speaker"):
            pipe.fit(X, y, speaker=speaker)


def test_metadata_are_routed_and_no_test_speaker_is_known(corpus):
    X, y, speaker, gender = (corpus[name] for name in ("X", "y", "speaker", "gender"))
    with sklearn.config_context(enable_metadata_routing=True):
        model = _model(auxiliary=["speaker", "gender"])
        model.set_fit_request(speaker=True, gender=True, groups=False)
        pipe = make_pipeline(StandardScaler(), model)
        results = cross_validate(
            pipe,
            X,
            y,
            cv=LeaveOneGroupOut(),
            params={"speaker": speaker, "gender": gender, "groups": speaker},
            return_estimator=True,
        )
        search = GridSearchCV(
            pipe, {"adversarialautoencoderser__code_size": [3, 5]}, cv=LeaveOneGroupOut()
        )
        search.fit(X, y, speaker=speaker, gender=gender, groups=speaker)
    for held_out, fitted in zip(np.unique(speaker), results["estimator"], strict=True):
        known = fitted[-1].auxiliary_classes_
        assert known["speaker"].tolist() == sorted({"01", "02", "03", "04"} - {held_out})
        assert known["gender"].tolist() == ["female", "male"]
    assert len(search.best_estimator_[-1].auxiliary_classes_["speaker"]) == 4


def test_every_batch_has_labelled_rows_and_every_other_row_comes_once():
    labelled = np.zeros(103, dtype=bool)
    labelled[[5, 50, 99]] = True
    data = PartlyLabelledDataset(
        np.zeros((103, 2)), {"weight": labelled.astype("float32")}, labeled_fraction=0.25
    )
    sampler = data.batch_sampler(16)
    batches = list(sampler.batches)
    assert len(batches) == len(sampler.batches) == 9
    assert len(list(sampler)) == len(sampler) == 18  # two passes, lest there be fewer than ten
    rows = np.concatenate(batches)
    assert all(labelled[batch].sum() == 4 for batch in batches)
    assert np.sort(rows[~labelled[rows]]).tolist() == np.flatnonzero(~labelled).tolist()
    assert np.bincount(rows)[labelled].tolist() == [12, 12, 12]


def test_many_labels_keep_their_share_of_the_batches():
    labelled = np.arange(100) < 80
    data = PartlyLabelledDataset(
        np.zeros((100, 2)), {"weight": labelled.astype("float32")}, labeled_fraction=0.25
    )
    assert {int(labelled[batch].sum()) for batch in data.batch_sampler(10)} == {8}


def test_early_stopping_trains_on_no_utterance_of_its_speakers(corpus):
    model = _model(early_stopping=True, validation_fraction=0.25, max_epochs=3)
    code = np.where(corpus["y"] == "", -1, 0)
    train, valid = model._split_validation(60, corpus["speaker"], code, seed=0)
    assert not set(corpus["speaker"][train]) & set(corpus["speaker"][valid])
    assert (corpus["y"][valid] != "").all()
    assert (corpus["y"][train] == "").any()
    model.fit(corpus["X"], corpus["y"], groups=corpus["speaker"])
    assert "valid_loss" in model.history_[-1]


def test_transform_gives_codes_with_names(corpus):
    model = _model().set_output(transform="pandas")
    codes = model.fit(corpus["X"], corpus["y"]).transform(corpus["X"])
    assert list(codes.columns) == [f"adversarialautoencoderser{i}" for i in range(4)]
    head = model.module_.emotion_head[-1]
    weight, bias = head.weight.detach().numpy(), head.bias.detach().numpy()
    logits = np.maximum(codes.to_numpy(), 0) @ weight.T + bias
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert_allclose(model.predict_proba(corpus["X"]), expected, rtol=1e-4)


def test_prior_of_the_classes(corpus):
    y = corpus["y"].copy()
    y[:12] = np.where(y[:12] == "sadness", "", y[:12])
    shares = pd.Series(y[y != ""]).value_counts(normalize=True).sort_index()
    model = _model(class_prior="labeled").fit(corpus["X"], y)
    assert_allclose(model.module_.class_prior, shares)
    assert_allclose(_model().fit(corpus["X"], y).module_.class_prior, 1 / 3, rtol=1e-6)


def test_later_speakers_count_as_unknown(corpus):
    X, y, speaker = corpus["X"], corpus["y"], corpus["speaker"]
    first = np.isin(speaker, ["01", "02"])
    model = _model(auxiliary=["speaker"])
    classes = ["anger", "neutral", "sadness"]
    model.partial_fit(X[first], y[first], classes=classes, speaker=speaker[first])
    model.partial_fit(X[~first], y[~first], speaker=speaker[~first])
    assert model.auxiliary_classes_["speaker"].tolist() == ["01", "02"]
    assert model.history_[-1]["speaker_loss"] == 0
    assert model.n_iter_ == 2


def test_divergence_is_an_error(corpus):
    model = _model(lr=1e30, max_grad_norm=None, max_epochs=5)
    with pytest.raises(ValueError, match="no longer finite"):
        model.fit(corpus["X"], corpus["y"])


@pytest.mark.parametrize("tasks", [(), ("gender",)])
def test_other_tasks_need_another_net(corpus, tasks):
    X, y = corpus["X"], corpus["y"]
    known = {"speaker": corpus["speaker"], "gender": corpus["gender"]}
    model = _model(auxiliary=("speaker", "gender"), warm_start=True).fit(X, y, **known)
    with pytest.raises(ValueError, match=r"\['gender', 'speaker'\].*warm_start=False"):
        model.set_params(auxiliary=tasks).fit(X, y, **known)
