"""SpeakerNormalizer against the formulas, and against every way to skip it in silence."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from sklearn_ser.features import OpenSmileFeatures
from sklearn_ser.preprocessing import SpeakerNormalizer
from sklearn_ser.utils.estimator_checks import check_utterance_transformer


class Columns(TransformerMixin, BaseEstimator):
    """Stands for an extractor: the numeric columns of the frame are the features."""

    def fit(self, X, y=None):
        """Find the columns."""
        self.names_ = [name for name in X.columns if name.startswith("f")]
        return self

    def transform(self, X):
        """Select the columns."""
        return X[self.names_].to_numpy()

    def get_feature_names_out(self, input_features=None):
        """Give the names of the columns."""
        return np.array(self.names_, dtype=object)


class Sequences(Columns):
    """Each utterance is a sequence whose frames scatter around its features."""

    def transform(self, X):
        """Turn each row into a few frames."""
        sequences = np.empty(len(X), dtype=object)
        for row, features in enumerate(super().transform(X)):
            offsets = np.linspace(-1, 1, 5 + int(abs(features[0])) % 7)[:, np.newaxis]
            sequences[row] = (features + offsets).astype(np.float32)
        return sequences


def corpus(n_speakers=12, n_utterances=20, n_features=4, offset=8.0, seed=0):
    """Two emotions that speakers express on top of their own offset and range."""
    rng = np.random.default_rng(seed)
    n = n_speakers * n_utterances
    codes = np.repeat(np.arange(n_speakers), n_utterances)
    emotion = np.tile([0, 1], n // 2)
    voice = rng.normal(scale=offset, size=(n_speakers, n_features))
    spread = rng.uniform(0.5, 2, size=(n_speakers, n_features))
    features = voice[codes] + spread[codes] * (
        rng.normal(size=(n, n_features)) + 2 * emotion[:, np.newaxis]
    )
    frame = pd.DataFrame(features, columns=[f"f{column}" for column in range(n_features)])
    frame["speaker"] = [f"{code:02d}" for code in codes]
    return frame, np.where(emotion == 1, "anger", "neutral")


def by_speaker(frame):
    columns = frame.drop(columns="speaker")
    return columns.groupby(frame["speaker"]).transform(lambda x: (x - x.mean()) / x.std(ddof=0))


def test_plain_standardisation_is_the_formula():
    frame, _ = corpus()
    actual = SpeakerNormalizer(Columns(), min_utterances=0).fit_transform(frame)
    np.testing.assert_allclose(actual, by_speaker(frame), rtol=1e-9, atol=1e-9)


def test_many_utterances_approach_plain_standardisation():
    frame, _ = corpus(n_utterances=400)
    actual = SpeakerNormalizer(Columns()).fit_transform(frame)
    np.testing.assert_allclose(actual, by_speaker(frame), atol=5e-3)


def test_one_utterance_of_a_corpus_without_speaker_effects_keeps_its_place():
    frame, _ = corpus(n_utterances=200, offset=0.0)
    normalizer = SpeakerNormalizer(Columns()).fit(frame)
    np.testing.assert_allclose(normalizer.mean_, frame.drop(columns="speaker").mean())
    one = frame[:1].assign(speaker="new")
    expected = (one.drop(columns="speaker") - normalizer.mean_) / normalizer.scale_
    # The own mean counts 1 / 65 when there is one utterance.
    np.testing.assert_allclose(normalizer.transform(one), expected, rtol=0.1, atol=0.1)


@pytest.mark.parametrize("n_pairs", [0, 1, 5])
@pytest.mark.parametrize("n_features", [4, 60])
def test_an_utterance_each_leaves_the_features_to_tell_emotions(n_pairs, n_features):
    frame, _ = corpus(n_speakers=40, n_utterances=1, n_features=n_features, offset=0.0)
    frame.loc[40 - n_pairs :, "speaker"] = frame["speaker"][:n_pairs].to_numpy()
    normalizer = SpeakerNormalizer(Columns())
    actual, columns = normalizer.fit_transform(frame), frame.drop(columns="speaker")
    alone = np.arange(n_pairs, 40 - n_pairs)
    expected = ((columns - columns.mean()) / columns.std()).to_numpy()
    # A voice that was learned from one utterance would take all that is particular of it away.
    agreement = [np.corrcoef(actual[row], expected[row])[0, 1] for row in alone]
    assert np.median(agreement) > 0.7
    assert 0.5 < np.median(actual[alone].std(axis=0)) < 1.5


def test_learned_statistics():
    frame, _ = corpus()
    normalizer = SpeakerNormalizer(Columns()).fit(frame)
    columns = frame.drop(columns="speaker")
    np.testing.assert_allclose(normalizer.mean_, columns.mean())
    residuals = columns - columns.groupby(frame["speaker"]).transform("mean")
    within = np.sqrt((residuals**2).sum() / (len(frame) - 12))
    np.testing.assert_allclose(normalizer.scale_, within)


@pytest.mark.parametrize("extractor", [Columns(), Sequences()])
def test_order_and_company_do_not_matter(extractor):
    frame, _ = corpus()
    normalizer = SpeakerNormalizer(extractor).fit(frame)
    expected = normalizer.transform(frame)
    order = np.random.default_rng(1).permutation(len(frame))
    shuffled = normalizer.transform(frame.iloc[order])
    one_speaker = normalizer.transform(frame[frame["speaker"] == "03"])
    for actual, rows in ((shuffled, order), (one_speaker, np.flatnonzero(frame.speaker == "03"))):
        for one, row in zip(actual, rows, strict=True):
            np.testing.assert_allclose(one, expected[row], rtol=1e-6, atol=1e-6)
    refitted = SpeakerNormalizer(extractor).fit(frame.iloc[order]).transform(frame)
    for one, other in zip(refitted, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6)


def test_sequences_are_standardised_over_all_frames_of_a_speaker():
    frame, _ = corpus()
    normalized = SpeakerNormalizer(Sequences(), min_utterances=0).fit_transform(frame)
    assert normalized.shape == (len(frame),)
    assert normalized[0].dtype == np.float32
    for speaker in frame["speaker"].unique():
        frames = np.concatenate(normalized[(frame["speaker"] == speaker).to_numpy()])
        np.testing.assert_allclose(frames.mean(axis=0), 0, atol=1e-5)
        np.testing.assert_allclose(frames.std(axis=0), 1, rtol=1e-5)


def test_sequences_of_one_frame_equal_features():
    class OneFrame(Columns):
        def transform(self, X):
            features = super().transform(X)
            sequences = np.empty(len(features), dtype=object)
            sequences[:] = list(features[:, np.newaxis])
            return sequences

    frame, _ = corpus()
    sequences = SpeakerNormalizer(OneFrame()).fit_transform(frame)
    features = SpeakerNormalizer(Columns()).fit_transform(frame)
    np.testing.assert_allclose(np.concatenate(sequences), features, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("scoring", [None, "accuracy", "balanced_accuracy"])
def test_no_path_of_model_selection_skips_it(scoring):
    # Fed by metadata routing, a scorer or cross_val_predict would drop the normalisation without
    # a word.
    frame, y = corpus()
    groups = frame["speaker"]
    pipeline = make_pipeline(SpeakerNormalizer(Columns()), LogisticRegression())
    cv = GroupKFold(4)
    by_hand = [
        balanced_accuracy_score(
            y[test], clone(pipeline).fit(frame.iloc[train], y[train]).predict(frame.iloc[test])
        )
        for train, test in cv.split(frame, y, groups)
    ]
    assert np.mean(by_hand) > 0.85
    unnormalised = make_pipeline(Columns(), StandardScaler(), LogisticRegression())
    assert cross_val_score(unnormalised, frame, y, groups=groups, cv=cv).mean() < 0.75

    scores = cross_val_score(pipeline, frame, y, groups=groups, cv=cv, scoring=scoring)
    np.testing.assert_allclose(scores, by_hand)
    search = GridSearchCV(
        pipeline, {"speakernormalizer__min_utterances": [8]}, cv=cv, scoring=scoring
    ).fit(frame, y, groups=groups)
    np.testing.assert_allclose(search.best_score_, np.mean(by_hand))
    predicted = cross_val_predict(pipeline, frame, y, groups=groups, cv=cv)
    np.testing.assert_allclose(balanced_accuracy_score(y, predicted), np.mean(by_hand))


@pytest.mark.parametrize("n_own", [1, 2, 3, 5])
def test_few_utterances_do_no_harm(n_own):
    firsts = {
        "plain": SpeakerNormalizer(Columns(), min_utterances=0),
        "shrunk": SpeakerNormalizer(Columns()),
        "corpus": make_pipeline(Columns(), StandardScaler()),
    }
    scores: dict[str, list[float]] = {name: [] for name in firsts}
    for seed in range(4):
        frame, y = corpus(n_speakers=16, n_utterances=40, offset=1.0, n_features=6, seed=seed)
        train = (frame["speaker"] < "12").to_numpy()
        order = np.random.default_rng(seed).permutation(np.flatnonzero(~train))
        rows = order[np.argsort(frame["speaker"].to_numpy()[order], kind="stable")]
        # Every n_own utterances of a test speaker count as a speaker.
        chunks = frame.iloc[rows].assign(speaker=[f"t{i // n_own}" for i in range(len(rows))])
        for name, first in firsts.items():
            model = make_pipeline(first, LogisticRegression()).fit(frame[train], y[train])
            scores[name].append(balanced_accuracy_score(y[rows], model.predict(chunks)))
    mean = {name: np.mean(values) for name, values in scores.items()}
    assert mean["shrunk"] > mean["corpus"] - 0.02
    assert mean["shrunk"] > mean["plain"]


@pytest.mark.parametrize("make", ["column", "level"])
def test_speaker_from_column_or_index_level(make):
    frame, _ = corpus()
    expected = SpeakerNormalizer(Columns()).fit_transform(frame)
    X = frame if make == "column" else frame.set_index("speaker")
    np.testing.assert_array_equal(SpeakerNormalizer(Columns()).fit_transform(X), expected)


@pytest.mark.parametrize("missing", [np.nan, None, "", pd.NA])
def test_missing_speaker_raises(missing):
    frame, _ = corpus()
    normalizer = SpeakerNormalizer(Columns()).fit(frame)
    with pytest.raises(ValueError, match=r"no column or index level 'speaker'.*missing='corpus'"):
        normalizer.transform(frame.drop(columns="speaker"))
    with pytest.raises(ValueError, match="no column or index level 'speaker'"):
        clone(normalizer).fit(frame.drop(columns="speaker"))
    frame["speaker"] = frame["speaker"].astype(object)
    frame.loc[[5, 9], "speaker"] = missing
    for method in (normalizer.transform, clone(normalizer).fit):
        with pytest.raises(ValueError, match=r"2 of 240 utterances have no speaker.*row 5"):
            method(frame)


def test_missing_speaker_takes_the_corpus():
    frame, _ = corpus()
    bare = frame.drop(columns="speaker")
    normalizer = SpeakerNormalizer(Columns(), missing="corpus").fit(frame)
    expected = (bare - normalizer.mean_) / normalizer.scale_
    np.testing.assert_allclose(normalizer.transform(bare), expected)
    some = frame.assign(speaker=frame["speaker"].where(frame["speaker"] != "03", ""))
    actual = normalizer.transform(some)
    unknown = (frame["speaker"] == "03").to_numpy()
    np.testing.assert_allclose(actual[unknown], expected[unknown])
    np.testing.assert_allclose(actual[~unknown], normalizer.transform(frame)[~unknown])
    no_speakers = SpeakerNormalizer(Columns(), missing="corpus").fit_transform(bare)
    np.testing.assert_allclose(
        no_speakers, StandardScaler().fit_transform(bare) * np.sqrt(1 - 1 / len(bare))
    )


def test_missing_speaker_counts_as_one():
    frame, _ = corpus()
    normalizer = SpeakerNormalizer(Columns(), missing="one_speaker").fit(frame)
    bare = frame.drop(columns="speaker")
    np.testing.assert_allclose(
        normalizer.transform(bare), normalizer.transform(frame.assign(speaker="x"))
    )


def test_numbers_and_strings_as_speakers():
    frame, _ = corpus(n_speakers=3)
    expected = SpeakerNormalizer(Columns()).fit_transform(frame)
    mixed = frame.assign(speaker=frame["speaker"].map({"00": 7, "01": "b", "02": 2.5}))
    np.testing.assert_allclose(SpeakerNormalizer(Columns()).fit_transform(mixed), expected)


def test_constant_and_huge_features():
    frame, _ = corpus()
    own_constant = frame["speaker"].astype(float)
    frame = frame.assign(f4=0.1, f5=7e12, f6=own_constant, f7=7e12 * frame["f0"])
    for min_utterances in (0, 8):
        normalizer = SpeakerNormalizer(Columns(), min_utterances=min_utterances)
        normalized = normalizer.fit_transform(frame)
        assert normalized.dtype == np.float64
        np.testing.assert_allclose(normalized[:, 4:6], 0, atol=1e-2)
        np.testing.assert_allclose(normalized[:, 7], normalized[:, 0], rtol=1e-3, atol=1e-3)
        one = frame[:1].assign(speaker="new")
        for values in (normalized, normalizer.transform(one), normalizer.transform(frame[:3])):
            assert np.isfinite(values).all()
            assert np.abs(values).max() < 100


@pytest.mark.parametrize("n_speakers", [1, 2])
@pytest.mark.parametrize("n_utterances", [1, 2])
def test_tiny_corpora_stay_finite(n_speakers, n_utterances):
    frame, _ = corpus(n_speakers=2, n_utterances=2)
    frame = frame.groupby("speaker").head(n_utterances)
    frame = frame[frame["speaker"] < f"{n_speakers:02d}"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for extractor in (Columns(), Sequences()):
            for values in SpeakerNormalizer(extractor).fit_transform(frame):
                assert np.isfinite(values).all()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"missing": "skip"}, "missing='skip' is unknown.*raise, corpus, one_speaker"),
        ({"min_utterances": -1}, "min_utterances=-1"),
        ({"min_utterances": 2.5}, "min_utterances=2.5"),
    ],
)
def test_bad_parameters(parameters, message):
    with pytest.raises(ValueError, match=message):
        SpeakerNormalizer(Columns(), **parameters).fit(corpus()[0])


@pytest.mark.parametrize("extractor", [Columns(), Sequences()])
def test_nan_of_the_extractor_is_refused(extractor):
    frame, _ = corpus()
    frame.loc[7, "f1"] = np.nan
    with pytest.raises(ValueError, match=r"1 of 240 utterances, .* row 7\..*short='pad'"):
        SpeakerNormalizer(extractor).fit(frame)


def test_parameters_clone_pickle_and_output():
    frame, _ = corpus()
    normalizer = SpeakerNormalizer(OpenSmileFeatures())
    normalizer.set_params(extractor__feature_set="IS09")
    assert clone(normalizer).extractor.feature_set == "IS09"

    extractor = Columns()
    normalizer = SpeakerNormalizer(extractor).fit(frame)
    assert normalizer.extractor is extractor
    assert not hasattr(extractor, "names_")
    expected = normalizer.transform(frame)
    again = pickle.loads(pickle.dumps(normalizer))
    np.testing.assert_array_equal(again.transform(frame), expected)
    np.testing.assert_array_equal(clone(normalizer).fit_transform(frame), expected)

    named = normalizer.set_output(transform="pandas").transform(frame[5:])
    assert list(named.columns) == ["f0", "f1", "f2", "f3"]
    assert list(named.index) == list(frame.index[5:])
    sequences = make_pipeline(SpeakerNormalizer(Sequences())).set_output(transform="pandas")
    assert sequences.fit_transform(frame).shape == (len(frame),)


def test_a_pipeline_as_extractor():
    frame, y = corpus()
    extractor = make_pipeline(Columns(), StandardScaler())
    actual = SpeakerNormalizer(extractor, min_utterances=0).fit_transform(frame, y)
    np.testing.assert_allclose(actual, by_speaker(frame), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "normalizer",
    [
        SpeakerNormalizer(OpenSmileFeatures("IS09")),
        SpeakerNormalizer(OpenSmileFeatures("IS09", level="lld"), missing="one_speaker"),
    ],
    ids=["features", "sequences"],
)
def test_common_checks(normalizer):
    check_utterance_transformer(normalizer)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check_estimator(normalizer)
