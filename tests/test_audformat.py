"""load_audformat and load_audb, on databases made here."""

import sys
from pathlib import Path

import audb
import audformat
import numpy as np
import pandas as pd
import pytest

from sklearn_ser.datasets import load_audb, load_audformat
from tests.noise_files import write_noise

FILES = ["wav/b.wav", "wav/a.wav", "wav/c.wav", "wav/d.wav"]
SPEAKERS = {"03": {"gender": "male", "age": 31}, "08": {"gender": "female", "age": 30}}


def save_database(folder, segmented=False):
    """Write a database whose labels, speakers and texts are in tables of their own."""
    write_noise(folder, FILES)
    database = audformat.Database(
        "toy",
        source="https://example.org/toy",
        author="A. Author",
        description="Four utterances.",
        license=audformat.define.License.CC_BY_4_0,
    )
    database.schemes["emotion"] = audformat.Scheme(labels=["angry", "joy", "neutral", "bored"])
    database.schemes["speaker"] = audformat.Scheme(labels=SPEAKERS)
    database.schemes["transcription"] = audformat.Scheme("str")
    database.schemes["arousal"] = audformat.Scheme("float")
    if segmented:
        ends = pd.to_timedelta([0.004, 0.009, pd.NaT, 0.008], unit="s")
        starts = pd.to_timedelta([0.0, 0.004, 0.001, 0.002], unit="s")
        index = audformat.segmented_index([FILES[0], *FILES[:3]], starts, ends)
    else:
        index = audformat.filewise_index(FILES)
    _fill(database, "emotion", index, emotion=["angry", "joy", "bored", None])
    database["emotion"]["arousal"] = audformat.Column(scheme_id="arousal")
    database["emotion"]["arousal"].set([4.0, 3.5, 1.0, np.nan])
    files = audformat.filewise_index(FILES)
    _fill(database, "files", files, speaker=["03", "03", "08", None], transcription=list("xyzx"))
    database.save(folder)


def _fill(database, table, index, **columns):
    database[table] = audformat.Table(index)
    for name, values in columns.items():
        database[table][name] = audformat.Column(scheme_id=name)
        database[table][name].set(values)


def test_filewise(tmp_path):
    """Labels are renamed, mapped labels are followed, what lacks is empty."""
    save_database(tmp_path)
    corpus = load_audformat(tmp_path)
    columns = ["speaker", "gender", "age", "text_id", "emotion"]
    assert corpus.frame[columns].to_numpy().tolist() == [
        ["03", "male", "31", "y", "happiness"],
        ["03", "male", "31", "x", "anger"],
        ["08", "female", "30", "z", "bored"],
        ["", "", "", "x", ""],
    ]
    assert corpus.data["file"].tolist() == [str(tmp_path / f"wav/{name}.wav") for name in "abcd"]
    np.testing.assert_array_equal(corpus.frame["arousal"], [3.5, 4.0, 1.0, np.nan])
    np.testing.assert_allclose(corpus.data["duration_s"] * 16000, [161, 160, 162, 163])
    assert set(corpus.data) == {"file", "speaker", "gender", "age", "text_id", "duration_s"}
    assert corpus.target_names.tolist() == ["anger", "bored", "happiness"]
    assert corpus.gender.tolist() == ["male", "male", "female", ""]
    assert corpus.name == "toy"
    for text in ("Four utterances.", "CC-BY-4.0", "https://example.org/toy", "A. Author"):
        assert text in corpus.DESCR


def test_segmented(tmp_path):
    """Segments have their bounds in seconds; an open end is the end of the file."""
    save_database(tmp_path, segmented=True)
    X, y = load_audformat(tmp_path, return_X_y=True)
    assert [Path(file).stem for file in X["file"]] == ["a", "b", "b", "c"]
    np.testing.assert_allclose(X["start"], [0.001, 0.0, 0.004, 0.002])
    np.testing.assert_allclose(X["end"], [np.nan, 0.004, 0.009, 0.008])
    np.testing.assert_allclose(X["duration_s"], [161 / 16000 - 0.001, 0.004, 0.005, 0.006])
    assert y.tolist() == ["bored", "anger", "happiness", ""]


def test_choices(tmp_path):
    save_database(tmp_path)
    names = {"bored": "boredom", "angry": "anger"}
    assert set(load_audformat(tmp_path, label_map=names).target) == {"", "anger", "boredom", "joy"}
    assert set(load_audformat(tmp_path, emotions="four").target) == {"anger", "happiness"}
    assert load_audformat(tmp_path, tables="emotion").frame.equals(load_audformat(tmp_path).frame)
    anonymous = load_audformat(tmp_path, speaker="person", text="words")
    assert anonymous.speaker.tolist() == [""] * 4
    assert "text_id" not in anonymous.data


def test_errors(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"No database in .*looked for.*db\.yaml"):
        load_audformat(tmp_path)
    save_database(tmp_path)
    with pytest.raises(ValueError, match=r"no emotions called 'mood'; its schemes are .*'arousal'"):
        load_audformat(tmp_path, emotion="mood")
    (tmp_path / "wav/c.wav").unlink()
    with pytest.raises(FileNotFoundError, match=r"1 of the 4 files.*wav/c\.wav"):
        load_audformat(tmp_path)


@pytest.mark.parametrize(("load", "package"), [(load_audformat, "audformat"), (load_audb, "audb")])
def test_missing_package_is_named(load, package, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=f"needs the package {package}: python -m pip install"):
        load("anything")


def test_audb_from_a_local_repository(tmp_path, monkeypatch):
    """What was published is what the folder holds, in the version that is asked for."""
    save_database(tmp_path / "database")
    (tmp_path / "host" / "toys").mkdir(parents=True)
    repository = audb.Repository("toys", str(tmp_path / "host"), "file-system")
    monkeypatch.setattr(audb.config, "REPOSITORIES", [repository])
    audb.publish(tmp_path / "database", "1.0.0", repository, verbose=False)
    params = {"cache_root": str(tmp_path / "cache"), "verbose": False}
    loaded = load_audb("toy", audb_params=params)
    kept = load_audformat(tmp_path / "database")
    pd.testing.assert_frame_equal(
        loaded.frame.drop(columns="file"), kept.frame.drop(columns="file")
    )
    assert all(Path(file).is_relative_to(tmp_path / "cache") for file in loaded.data["file"])
    assert loaded.DESCR == kept.DESCR
    X, y = load_audb("toy", version="1.0.0", audb_params=params, emotions="four", return_X_y=True)
    assert y.tolist() == ["happiness", "anger"]
    assert len(X) == 2
    with pytest.raises(RuntimeError, match=r"2\.0\.0"):
        load_audb("toy", version="2.0.0", audb_params=params)
