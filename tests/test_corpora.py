"""The loaders, on generated folders of the documented names and on real corpora."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from sklearn.model_selection import GroupKFold

from sklearn_ser.datasets import load_emodb, load_emotale, load_index, load_ravdess
from tests.noise_files import write_noise

EMODB = {
    "16b10Wb": ("16", "female", "b10", "anger"),
    "03a01Fa": ("03", "male", "a01", "happiness"),
    "03a01Nc": ("03", "male", "a01", "neutral"),
    "08a02Ac": ("08", "female", "a02", "fear"),
    "09a02La": ("09", "female", "a02", "boredom"),
    "10b03Ta": ("10", "male", "b03", "sadness"),
    "11a05Ed": ("11", "male", "a05", "disgust"),
}
RAVDESS = {
    "03-01-06-01-02-01-12": ("12", "female", "02", "fear"),
    "03-01-01-01-01-02-01": ("01", "male", "01", "neutral"),
    "03-01-02-02-01-01-24": ("24", "female", "01", "calm"),
    "03-01-03-01-01-01-03": ("03", "male", "01", "happiness"),
    "03-01-04-01-01-01-03": ("03", "male", "01", "sadness"),
    "03-01-05-01-01-01-03": ("03", "male", "01", "anger"),
    "03-01-07-01-01-01-03": ("03", "male", "01", "disgust"),
    "03-01-08-01-01-01-03": ("03", "male", "01", "surprise"),
}
EMOTALE = {
    "DK_004_A_5": ("004", "male", "DK5", "anger"),
    "EN_001_B_1": ("001", "female", "EN1", "boredom"),
    "DK_001_H_1": ("001", "female", "DK1", "happiness"),
    "DK_016_N_2": ("016", "female", "DK2", "neutral"),
    "EN_005_S_3": ("005", "male", "EN3", "sadness"),
}
CORPORA = [(load_emodb, EMODB), (load_ravdess, RAVDESS), (load_emotale, EMOTALE)]
LOADERS = [load_emodb, load_ravdess, load_emotale, load_index]


@pytest.mark.parametrize(("load", "names"), CORPORA)
@pytest.mark.parametrize("suffix", [".wav", ".flac", ".WAV"])
def test_names_are_parsed_in_any_layout(load, names, suffix, tmp_path):
    """Speaker, gender, text and emotion come from the name, wherever the file lies."""
    places = ["", "wav/", "deep/er/", "Actor 1/"]
    write_noise(tmp_path, [places[k % 4] + name + suffix for k, name in enumerate(names)])
    (tmp_path / "readme.txt").write_text("not audio")
    write_noise(tmp_path, ["other.wav", "wav/._03a01Fa.wav"])
    corpus = load(tmp_path)
    columns = ["speaker", "gender", "text_id", "emotion"]
    stems = [Path(file).stem for file in corpus.data["file"]]
    assert stems == sorted(names)
    rows = corpus.frame[columns].itertuples(index=False, name=None)
    assert dict(zip(stems, rows, strict=True)) == names
    assert all(Path(file).is_absolute() for file in corpus.data["file"])


@pytest.mark.parametrize(("load", "names"), CORPORA)
def test_bunch(load, names, tmp_path):
    """The Bunch is complete, X holds no label, and (X, y) is the same."""
    write_noise(tmp_path, [f"{name}.wav" for name in names])
    corpus = load(tmp_path)
    X, y = load(str(tmp_path), return_X_y=True)
    pd.testing.assert_frame_equal(X, corpus.data)
    assert list(X.columns) == ["file", "speaker", "gender", "language", "text_id", "duration_s"]
    assert type(y) is np.ndarray
    assert y.dtype.kind == "U"
    np.testing.assert_array_equal(y, corpus.target)
    np.testing.assert_array_equal(corpus.frame["emotion"], y)
    np.testing.assert_array_equal(corpus.speaker, X["speaker"])
    np.testing.assert_array_equal(corpus.target_names, sorted(set(y)))
    assert "Licence:" in corpus.DESCR
    assert "Citation:" in corpus.DESCR
    lengths = [soundfile.info(file).duration for file in X["file"]]
    np.testing.assert_allclose(X["duration_s"], lengths)


@pytest.mark.parametrize("load", LOADERS)
def test_wrong_folder(load, tmp_path):
    """One error names the folder and what was looked for in it."""
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load(tmp_path / "nowhere")
    write_noise(tmp_path, ["unknown.wav"])
    with pytest.raises(FileNotFoundError, match=r"\.wav or \.flac|index\.csv"):
        load(tmp_path)


@pytest.mark.parametrize(("load", "names"), CORPORA)
def test_copies(load, names, tmp_path):
    """Identical copies count once; different recordings of one name are an error."""
    write_noise(tmp_path / "a", [f"{name}.wav" for name in names])
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    corpus = load(tmp_path)
    assert len(corpus.data) == len(names)
    assert {Path(file).parent.name for file in corpus.data["file"]} == {"a"}
    write_noise(tmp_path / "c", [f"{next(iter(names))}.flac"])
    with pytest.raises(ValueError, match=f"{next(iter(names))}.*twice.*one copy"):
        load(tmp_path)


def test_files_that_are_not_audio(tmp_path):
    """An empty file and a text under an audio name are named."""
    (tmp_path / "03a01Fa.wav").write_bytes(b"")
    with pytest.raises(ValueError, match=r"03a01Fa\.wav.*cannot be read as audio"):
        load_emodb(tmp_path)


def test_emodb_cut_copy_warns(tmp_path):
    """The copy whose long files were cut to one length does not pass for the original."""
    lengths = [24000, *[32000] * 6]
    for name, length in zip(EMODB, lengths, strict=True):
        soundfile.write(tmp_path / f"{name}.wav", np.zeros(length), 16000)
    with pytest.warns(UserWarning, match="6 of 7 files are 2 s long"):
        load_emodb(tmp_path)


@pytest.mark.parametrize(("load", "names"), CORPORA)
def test_four_emotions(load, names, tmp_path):
    """The four common emotions are a choice, and a wrong choice is named."""
    write_noise(tmp_path, [f"{name}.wav" for name in names])
    four = load(tmp_path, emotions="four")
    kept = [k for k in sorted(names) if names[k][3] in {"anger", "happiness", "neutral", "sadness"}]
    assert [Path(file).stem for file in four.data["file"]] == kept
    assert four.data.index.tolist() == list(range(len(kept)))
    assert four.gender.tolist() == [names[name][1] for name in kept]
    assert four.name == load.__name__.removeprefix("load_")
    with pytest.raises(ValueError, match="emotions must be 'all' or 'four', got 'six'"):
        load(tmp_path, emotions="six")


def test_ravdess_song_and_speech_are_apart(tmp_path):
    """Speech is the default, song a choice, video files are not audio-only."""
    song, video = "03-02-06-01-02-01-12.wav", "01-01-06-01-02-01-12.wav"
    write_noise(tmp_path, ["03-01-06-01-02-01-12.wav", song, video])
    assert [Path(f).name for f in load_ravdess(tmp_path).data["file"]] == [
        "03-01-06-01-02-01-12.wav"
    ]
    sung = load_ravdess(tmp_path, vocal_channel="song")
    assert [Path(f).name for f in sung.data["file"]] == [song]
    with pytest.raises(ValueError, match="vocal_channel must be"):
        load_ravdess(tmp_path, vocal_channel="both")


def test_emotale_scores(tmp_path):
    """Arousal, valence and dominance are the raters' means, in frame only."""
    names = list(EMOTALE)
    write_noise(tmp_path, [f"audio/{name}.flac" for name in names])
    scores = pd.DataFrame({"file": [f"{name}.wav" for name in names[::-1]]})
    for rater, shift in (("a1", 0.0), ("a2", 0.5), ("a3", 1.0)):
        for letter, start in (("A", 1.0), ("V", 2.0), ("D", 3.0)):
            scores[f"{rater}_{letter}"] = start + shift + np.arange(5)[::-1] / 10
        scores[f"{rater}_cat"] = "A"
    scores.to_csv(tmp_path / "annotations.csv", index=False)
    corpus = load_emotale(tmp_path)
    stems = [Path(file).stem for file in corpus.data["file"]]
    expected = np.array([names.index(stem) for stem in stems]) / 10
    np.testing.assert_allclose(corpus.frame["arousal"], 1.5 + expected)
    np.testing.assert_allclose(corpus.frame["valence"], 2.5 + expected)
    np.testing.assert_allclose(corpus.frame["dominance"], 3.5 + expected)
    assert not {"arousal", "valence", "dominance", "a1_cat"} & set(corpus.data.columns)
    scores[:3].to_csv(tmp_path / "annotations.csv", index=False)
    with pytest.raises(ValueError, match="has no scores of"):
        load_emotale(tmp_path)


def _index(folder, **columns):
    frame = pd.DataFrame(
        {"file": ["b/2.wav", "b/10.wav", "a/1.wav"], "speaker": ["007", "1e5", "NA"]}
        | {"emotion": ["anger", "None", ""]}
        | columns
    )
    write_noise(folder, frame["file"].tolist())
    frame.to_csv(folder / "index.csv", index=False)
    return frame


def test_index_reads_strings_as_they_are(tmp_path):
    """Ids keep leading zeros, nothing turns into NaN, numbers turn into floats."""
    _index(tmp_path, text_id=["001", "1.0", "nan"], arousal=["3", "", "1.5"], a1_cat=["x"] * 3)
    corpus = load_index(tmp_path)
    assert corpus.data["speaker"].tolist() == ["NA", "1e5", "007"]
    assert corpus.data["text_id"].tolist() == ["nan", "1.0", "001"]
    assert corpus.target.tolist() == ["", "None", "anger"]
    np.testing.assert_array_equal(corpus.frame["arousal"], [1.5, np.nan, 3.0])
    assert list(corpus.data.columns) == ["file", "speaker", "text_id"]
    assert corpus.data["file"].tolist() == [
        str(tmp_path.resolve() / name) for name in ("a/1.wav", "b/10.wav", "b/2.wav")
    ]


def test_index_of_the_four_emotions(tmp_path):
    """Other emotions and rows without one are left out, an index without any is an error."""
    _index(tmp_path)
    corpus = load_index(tmp_path, emotions="four")
    assert corpus.target.tolist() == ["anger"]
    assert corpus.gender.tolist() == [""]
    assert corpus.name == tmp_path.name
    assert load_index(tmp_path).target_names.tolist() == ["None", "anger"]
    _index(tmp_path, emotion=["fear"] * 3)
    with pytest.raises(ValueError, match=r"holds none of the emotions .*'fear'"):
        load_index(tmp_path, emotions="four")


def test_index_of_segments_elsewhere(tmp_path):
    """An index elsewhere may name several segments of one file."""
    write_noise(tmp_path, ["long.wav"])
    segments = {"file": ["long.wav"] * 2, "speaker": ["1", "2"], "emotion": ["anger", "neutral"]}
    path = tmp_path / "elsewhere" / "segments.csv"
    path.parent.mkdir()
    pd.DataFrame(segments).assign(start=[0.0, 0.005], end=[0.005, 0.01]).to_csv(path, index=False)
    X, y = load_index(tmp_path, path, return_X_y=True)
    assert X["start"].tolist() == [0.0, 0.005]
    assert y.tolist() == ["anger", "neutral"]


def test_index_errors(tmp_path):
    """Each defect of an index has one error that names it."""
    frame = _index(tmp_path)
    path = tmp_path / "index.csv"
    frame.drop(columns="speaker").to_csv(path, index=False)
    with pytest.raises(ValueError, match=r"lacks the columns \['speaker'\]"):
        load_index(tmp_path)
    frame.drop(columns="emotion").to_csv(path, index=False)
    assert set(load_index(tmp_path).target) == {""}
    frame[:0].to_csv(path, index=False)
    with pytest.raises(ValueError, match="no rows"):
        load_index(tmp_path)
    pd.concat([frame, frame[:1]]).to_csv(path, index=False)
    with pytest.raises(ValueError, match=r"b/2\.wav' twice"):
        load_index(tmp_path)
    frame.assign(valence=["1", "high", "2"]).to_csv(path, index=False)
    with pytest.raises(ValueError, match=r"'valence'.*'high' in row 2"):
        load_index(tmp_path)
    frame.to_csv(path, index=False)
    (tmp_path / "a" / "1.wav").unlink()
    with pytest.raises(FileNotFoundError, match=r"1 of the 3 files.*a/1\.wav"):
        load_index(tmp_path)


def test_importing_datasets_loads_no_heavy_library():
    """The corpora need neither torch nor a feature extractor."""
    code = (
        "import sys, sklearn_ser.datasets;"
        "print(sorted({'torch', 'opensmile', 'librosa', 'imblearn', 'skorch'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.corpus
@pytest.mark.parametrize("load", [load_emodb, load_index])
def test_real_emodb(load, corpus_dir):
    """The original EMO-DB has its published counts."""
    corpus = load(corpus_dir("emodb"))
    assert dict(zip(*np.unique(corpus.target, return_counts=True), strict=True)) == {
        "anger": 127,
        "boredom": 81,
        "disgust": 46,
        "fear": 69,
        "happiness": 71,
        "neutral": 79,
        "sadness": 62,
    }
    assert len(load(corpus_dir("emodb"), emotions="four").target) == 127 + 71 + 79 + 62
    known = ["03", "08", "09", "10", "11", "12", "13", "14", "15", "16"]
    assert sorted(set(corpus.speaker)) == known
    assert "disgust" not in corpus.target[corpus.speaker == "08"]
    assert corpus.frame.groupby("gender")["speaker"].nunique().to_dict() == {"female": 5, "male": 5}
    folds = GroupKFold(5).split(corpus.data, corpus.target, groups=corpus.data["speaker"])
    for train, test in folds:
        assert not set(corpus.speaker[train]) & set(corpus.speaker[test])


@pytest.mark.corpus
@pytest.mark.parametrize(("load", "name"), [(load_emodb, "emodb"), (load_emotale, "emotale")])
def test_file_names_agree_with_the_real_index(load, name, corpus_dir):
    """What the names say is what the index says."""
    folder = corpus_dir(name)
    parsed, listed = load(folder).frame, load_index(folder).frame
    listed = listed.sort_values("file", ignore_index=True)
    for column in ("file", "speaker", "gender", "language", "text_id", "emotion"):
        assert parsed[column].tolist() == listed[column].tolist()
    np.testing.assert_allclose(parsed["duration_s"], listed["duration_s"], atol=0.01)
    for column in {"arousal", "valence", "dominance"} & set(listed.columns):
        np.testing.assert_allclose(parsed[column], listed[column], atol=1e-4)


@pytest.mark.corpus
def test_real_emotale(corpus_dir):
    """EmoTale has 160 utterances of each emotion, and scores from 1 to 5."""
    corpus = load_emotale(corpus_dir("emotale"))
    assert np.unique(corpus.target, return_counts=True)[1].tolist() == [160] * 5
    assert len(set(corpus.speaker)) == 18
    assert corpus.frame["arousal"].between(1, 5).all()
