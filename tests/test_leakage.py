"""Leaks that were planted are found, each of its kind, and clean protocols give none."""

import io

import numpy as np
import pandas as pd
import pytest
import soundfile
import soxr
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from sklearn_ser.datasets import load_emodb, make_emotional_speech
from sklearn_ser.evaluation import check_leakage, confounding_report, find_duplicate_audio
from sklearn_ser.evaluation._fingerprint import fingerprint

RATE = 16000


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> pd.DataFrame:
    """Return utterances of four speakers in a frame of files."""
    folder = tmp_path_factory.mktemp("corpus")
    return make_emotional_speech(
        4, n_utterances=2, duration=1.5, random_state=0, folder=folder
    ).frame


@pytest.fixture
def features() -> tuple[np.ndarray, list[str], np.ndarray]:
    """Return rows in units of their own, emotions and speakers."""
    X = np.random.default_rng(0).normal([1, 20, 300], [1, 5, 90], size=(40, 3))
    return X, ["anger", "neutral"] * 20, np.repeat(["03", "08", "09", "10"], 10)


def _encoded(signal, file_format, subtype, rate=RATE):
    buffer = io.BytesIO()
    soundfile.write(buffer, signal, rate, format=file_format, subtype=subtype)
    buffer.seek(0)
    decoded, rate_there = soundfile.read(buffer, dtype="float32")
    return soxr.resample(decoded, rate_there, RATE)


CONVERSIONS = {
    "fainter": lambda signal: 0.02 * signal,
    "of 8 bits": lambda signal: _encoded(signal, "WAV", "PCM_U8"),
    "clipped": lambda signal: np.clip(3 * signal, -1, 1),
    "later": lambda signal: np.concatenate([np.zeros(1234), signal]),
    "cut": lambda signal: signal[5000:],
    "telephone": lambda signal: _encoded(soxr.resample(signal, RATE, 8000), "WAV", "ULAW", 8000),
    "Vorbis": lambda signal: _encoded(signal, "OGG", "VORBIS"),
    "MP3": lambda signal: _encoded(signal, "MP3", "MPEG_LAYER_III"),
}


@pytest.mark.parametrize("name", CONVERSIONS)
def test_a_converted_copy_is_found_and_nothing_else(corpus, tmp_path, name):
    files = corpus["file"].tolist()
    for i in range(3):
        signal, _ = soundfile.read(files[10 * i])
        files.append(str(tmp_path / f"{i}.wav"))
        soundfile.write(files[-1], CONVERSIONS[name](signal), RATE, subtype="FLOAT")
    found = find_duplicate_audio(files)
    assert found[["row", "other_row"]].to_numpy().tolist() == [[0, 32], [10, 33], [20, 34]]
    assert found["bit_error"].max() <= 0.25


def test_overlapping_segments_are_found_with_their_place(corpus):
    signals = [soundfile.read(file, dtype="float32")[0] for file in corpus["file"][:4]]
    whole = np.concatenate(signals)
    X = [whole[:60000], whole[24000:80000], whole[80000:]]
    found = find_duplicate_audio(X)
    assert found[["row", "other_row"]].to_numpy().tolist() == [[0, 1]]
    assert_allclose(found["offset_s"], 24000 / RATE, atol=0.02)


def test_a_waveform_is_a_copy_of_its_file_at_any_rate(corpus):
    files = corpus["file"].tolist()[:3]
    signal, _ = soundfile.read(files[1])
    for rate in (RATE, 22050):
        found = find_duplicate_audio(
            [*files, soxr.resample(signal, RATE, rate)], sampling_rate=rate
        )
        assert found[["row", "other_row"]].to_numpy().tolist() == [[1, 3]]
        assert_allclose(found["offset_s"], 0, atol=0.02)


def test_a_fingerprint_does_not_depend_on_the_gain_and_silence_is_no_copy():
    signal = np.random.default_rng(0).normal(size=16000)
    assert_array_equal(fingerprint(signal), fingerprint(1e-30 * signal))
    assert fingerprint(signal[:1000]).size == 0
    silent = [np.zeros(16000) for _ in range(40)]
    assert find_duplicate_audio([*silent, signal]).empty


def test_too_short_utterances_are_named():
    signal = np.random.default_rng(0).normal(size=16000)
    with pytest.warns(UserWarning, match=r"1 of 2 utterances are too short.*row 1"):
        assert find_duplicate_audio([signal, signal[:3000]]).empty


@pytest.mark.corpus
def test_the_actors_of_a_real_corpus_said_it_anew_each_time(corpus_dir):
    X, _ = load_emodb(corpus_dir("emodb"), return_X_y=True)
    assert find_duplicate_audio(X[X["speaker"].isin(["03", "08"])]).empty


def test_a_clean_protocol_shares_nothing_but_sentences(corpus):
    found = check_leakage(corpus, corpus["emotion"])
    assert set(found["leak"]) == {"sentence"}
    assert found["fold"].tolist() == [0, 1, 2, 3]
    assert found["share"].tolist() == [1, 1, 1, 1]
    assert found["names"][0] == sorted(corpus["text_id"].unique())
    by_text = check_leakage(corpus, corpus["emotion"], groups=corpus["text_id"])
    assert set(by_text["leak"]) == {"speaker"}


def test_shared_speakers_are_named(features):
    X, y, speakers = features
    splits = [(np.arange(25), np.arange(25, 40)), (np.arange(10, 40), np.arange(10))]
    found = check_leakage(X, y, groups=speakers, cv=splits)
    assert found[["leak", "fold", "n_test"]].to_numpy().tolist() == [["speaker", 0, 5]]
    assert found["names"][0] == ["09"]
    assert_allclose(found["share"], 1 / 3)


def test_a_copy_under_another_name_is_found_across_the_split_only(corpus, tmp_path):
    signal, rate = soundfile.read(corpus["file"][3])
    copy = corpus.iloc[[3]].assign(file=str(tmp_path / "copy.flac"), speaker="99")
    soundfile.write(copy["file"].item(), 0.3 * signal[2000:], rate)
    frame = pd.concat([corpus.drop(columns="text_id"), copy], ignore_index=True)
    found = check_leakage(frame, frame["emotion"])
    assert found["leak"].tolist() == ["audio", "audio"]
    assert found["names"].tolist() == [["3 = 32"], ["32 = 3"]]
    # With both on the same side nothing leaks.
    speaker = frame["speaker"].replace("99", frame["speaker"][3])
    assert check_leakage(frame.assign(speaker=speaker), frame["emotion"]).empty


@pytest.mark.parametrize("kind", ["array", "frame", "float32", "sequences", "list"])
def test_equal_rows_are_found_in_any_container(features, kind):
    X, y, speakers = features
    X[35] = X[4]
    X[34] = X[33]  # of one speaker
    X = {
        "array": X,
        "frame": pd.DataFrame(X, columns=list("abc")),
        "float32": X.astype(np.float32),
        "sequences": np.fromiter((np.tile(row, (i % 3 + 1, 1)) for i, row in enumerate(X)), object),
        "list": X.tolist(),
    }[kind]
    if kind == "sequences":
        X[35] = X[4].copy()
    found = check_leakage(X, y, groups=speakers)
    assert found["leak"].tolist() == ["features", "features"]
    assert found["fold"].tolist() == [0, 3]
    assert found["names"].tolist() == [["4 = 35"], ["35 = 4"]]


@pytest.mark.parametrize(
    ("scale", "name"),
    [
        (StandardScaler().fit_transform, "mean 0, deviation 1"),
        (lambda X: (X - X.mean(0)) / X.std(0, ddof=1), "mean 0, deviation 1"),
        (lambda X: StandardScaler().fit_transform(X).astype(np.float32), "mean 0, deviation 1"),
        (StandardScaler(with_std=False).fit_transform, "mean 0"),
        (MinMaxScaler().fit_transform, "minimum 0, maximum 1"),
        (MinMaxScaler((-1, 1)).fit_transform, "minimum -1, maximum 1"),
    ],
)
def test_scaling_before_the_split_is_found(features, scale, name):
    X, y, speakers = features
    assert check_leakage(X, y, groups=speakers).empty
    found = check_leakage(scale(X), y, groups=speakers)
    assert set(found["leak"]) == {"scaled over all rows"}
    assert {name for names in found["names"] for name in names} == {name}
    assert len(found) >= 3


def test_scaling_on_the_training_rows_is_none(features):
    X, y, speakers = features
    train, test = np.arange(30), np.arange(30, 40)
    for scaler in (StandardScaler(), MinMaxScaler()):
        scaled = scaler.fit(X[train]).transform(X)
        assert check_leakage(scaled, y, groups=speakers, cv=[(train, test)]).empty
    # Dummy variables have these bounds by nature.
    dummies = np.eye(3)[np.arange(40) % 3] + 0.0
    found = check_leakage(dummies, y, groups=speakers, cv=[(train, test)])
    assert set(found["leak"]) == {"features"}


def test_scaling_of_each_speaker_is_called_transductive(features):
    X, y, speakers = features
    for name in np.unique(speakers):
        X[speakers == name] = StandardScaler().fit_transform(X[speakers == name])
    found = check_leakage(X, y, groups=speakers)
    assert set(found["leak"]) == {"scaled by speaker"}
    assert "Transductive" in found["note"][0]


def test_features_beside_their_utterances_are_checked(corpus):
    X = StandardScaler().fit_transform(np.random.default_rng(0).normal(size=(len(corpus), 4)))
    found = check_leakage(corpus, corpus["emotion"], features=X)
    assert set(found["leak"]) == {"sentence", "scaled over all rows"}
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        check_leakage(corpus, corpus["emotion"], features=X[1:])


def test_an_index_of_segments_is_read_as_its_frame(corpus):
    index = pd.MultiIndex.from_arrays(
        [corpus["file"], pd.to_timedelta([0] * 32, "s"), pd.to_timedelta([1.0] * 32, "s")],
        names=["file", "start", "end"],
    )
    assert check_leakage(index, corpus["emotion"], groups=corpus["speaker"]).empty
    with pytest.raises(ValueError, match="1 of 32 labels are missing, first of them row 0"):
        check_leakage(index, [None, *corpus["emotion"][1:]], groups=corpus["speaker"])


def test_two_training_rows_tell_nothing_of_a_scaler(features):
    X, y, _ = features
    X = StandardScaler().fit_transform(X)
    splits = [(np.arange(2), np.arange(2, 40))]
    assert check_leakage(X, y, groups=np.arange(40), cv=splits, speakers=np.arange(40)).empty


def _frame(emotions_of: dict[str, list[str]], corpus: str = "one") -> pd.DataFrame:
    pairs = [(speaker, emotion) for speaker, own in emotions_of.items() for emotion in own]
    return pd.DataFrame(pairs, columns=["speaker", "emotion"]).assign(corpus=corpus)


def test_a_corpus_whose_speakers_have_one_emotion_each_is_confounded():
    # As in URDU: most speakers have one emotion, one has nearly one, one has all.
    confounded = {f"SM{i}": [emotion] * 20 for i, emotion in enumerate(["a", "h", "n", "s"] * 2)}
    confounded |= {"SM8": ["n"] * 18 + ["h"] * 2, "SM9": ["a", "h", "n", "s"] * 3}
    balanced = {f"{i}": ["a", "h", "n", "s"] * 5 for i in range(10)}
    balanced["9"] = ["a", "h", "n"] * 5
    frame = pd.concat([_frame(confounded), _frame(balanced, "other")])
    report = confounding_report(frame).set_index("corpus")
    assert report["confounded"].to_dict() == {"one": True, "other": False}
    assert report["n_one_emotion"].to_dict() == {"one": 8, "other": 0}
    assert report.loc["one", "one_emotion"] == [f"SM{i}" for i in range(8)]
    assert report.loc["one", "n_lacking"] == 9
    assert report.loc["other", "lacking"] == ["9: s"]
    assert report["speaker_uar"].tolist()[0] > 0.9
    assert report["excess"].tolist()[0] > 0.8
    assert report["excess"].tolist()[1] < 0.05


def test_recall_of_the_speaker_is_what_the_best_table_by_speaker_reaches():
    frame = _frame({"1": ["a"] * 3 + ["b"], "2": ["b"] * 2 + ["a"] * 2})
    report = confounding_report(frame).iloc[0]
    # "1" is taken for a, 3 of 5; "2" for b, 2 of 3.
    assert_allclose(report["speaker_uar"], (3 / 5 + 2 / 3) / 2)


def test_labels_drawn_without_regard_to_the_speaker_have_no_excess():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"who": rng.integers(12, size=600), "label": rng.integers(4, size=600)})
    report = confounding_report(frame, label="label", speaker="who").iloc[0]
    assert abs(report["excess"]) < 0.03
    assert not report["confounded"]


def test_a_missing_speaker_is_called_a_speaker():
    frame = pd.DataFrame({"emotion": ["a", "b"], "speaker": ["1", None]})
    with pytest.raises(ValueError, match="1 of 2 utterances have no speaker"):
        confounding_report(frame)


def test_a_frame_without_speakers_is_refused():
    with pytest.raises(ValueError, match=r"lacks the columns \['speaker'\]"):
        confounding_report(pd.DataFrame({"emotion": ["a"]}))
