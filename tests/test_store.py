"""Stored results: what they depend on, wherever in memory and in which process it is."""

import functools
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from imblearn.pipeline import make_pipeline
from sklearn.base import BaseEstimator
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from sklearn_ser import NoiseSampler, OpenSmileFeatures
from sklearn_ser.datasets import make_emotional_speech
from sklearn_ser.evaluation import evaluate
from sklearn_ser.evaluation._store import content_key, data_key
from sklearn_ser.utils._files import replacing
from tests.noise_files import write_noise


class Reader(BaseEstimator):
    """Has one parameter, which may name files."""

    def __init__(self, source=None, memory=None):
        self.source = source
        self.memory = memory


@pytest.fixture
def folder(tmp_path):
    """Return a folder with a file in it and one below it."""
    (tmp_path / "below").mkdir()
    (tmp_path / "one.wav").write_text("one", encoding="utf-8")
    (tmp_path / "below" / "two.wav").write_text("two", encoding="utf-8")
    return tmp_path


NAMES: dict[str, Any] = {
    "a folder": lambda folder: folder,
    "the name of a folder": str,
    "a file": lambda folder: folder / "one.wav",
    "the name of a file": lambda folder: str(folder / "one.wav"),
    "a list": lambda folder: [str(folder / "one.wav")],
    "a list within a dict": lambda folder: {"noise": [folder / "one.wav"]},
    "an array": lambda folder: np.array([str(folder / "one.wav")]),
    "a frame": lambda folder: pd.DataFrame({"file": [str(folder / "one.wav")]}),
    "a step": lambda folder: make_pipeline(Reader(folder), SVC()),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_parameter_that_names_changed_files_names_other_results(folder, name):
    reader = Reader(NAMES[name](folder))
    first = content_key(reader)
    assert content_key(reader) == first
    (folder / "one.wav").write_text("another", encoding="utf-8")
    assert content_key(reader) != first


def test_a_folder_changes_with_any_file_in_it_or_below_it(folder):
    keys = [content_key(Reader(folder))]
    (folder / "below" / "two.wav").write_text("another", encoding="utf-8")
    keys.append(content_key(Reader(folder)))
    (folder / "three.wav").touch()
    keys.append(content_key(Reader(folder)))
    (folder / "three.wav").rename(folder / "four.wav")
    keys.append(content_key(Reader(folder)))
    assert len(set(keys)) == 4


def test_a_cache_and_the_working_directory_do_not_count(folder, monkeypatch):
    monkeypatch.chdir(folder)
    first = content_key(Reader("", memory=folder))
    (folder / "one.wav").write_text("another", encoding="utf-8")
    assert content_key(Reader("", memory=folder)) == first


def test_a_word_is_no_file_even_where_one_has_its_name(folder, monkeypatch):
    monkeypatch.chdir(folder)
    words = ["auto", ["auto"], np.array(["auto"]), {"a": "auto"}]
    first = [content_key(Reader(word)) for word in words]
    (folder / "auto").mkdir()
    assert [content_key(Reader(word)) for word in words] == first
    named = ["./auto", f"auto{os.sep}", Path("auto"), "one.wav"]
    first = [content_key(Reader(name)) for name in named]
    (folder / "auto" / "three").touch()
    (folder / "one.wav").write_text("another", encoding="utf-8")
    assert not set(first) & {content_key(Reader(name)) for name in named}


@pytest.mark.parametrize("kind", ["timedelta64[ns]", "datetime64[ns]", "datetime64[ns, UTC]"])
def test_tables_with_times_are_told_apart(kind):
    def segments(end):
        ends = pd.Series([end, 2_000_000_000], dtype="int64").astype(kind)
        ends[1] = pd.NaT
        frame = pd.DataFrame({"file": ["a.wav", "b.wav"], "end": ends})
        return pd.MultiIndex.from_frame(frame)

    index = segments(10**9)
    for make in (lambda i: i, lambda i: pd.DataFrame({"x": [1, 2]}, i), lambda i: i.to_frame()):
        assert data_key(make(index)) == data_key(make(segments(10**9)))
        assert data_key(make(index)) != data_key(make(segments(10**9 + 1)))


def test_a_speaker_may_be_a_column_and_a_level_of_the_index():
    frame = pd.DataFrame({"x": [1.0, 2.0], "speaker": ["a", "b"]})
    both = frame.set_index("speaker", drop=False)
    others = [frame, both.rename(index={"a": "c"}), both.assign(speaker=["a", "c"])]
    keys = [data_key(both), data_key(both["speaker"]), *map(data_key, others)]
    assert len(set(keys)) == 5
    assert data_key(both.copy()) == keys[0]


def test_files_have_the_mode_that_the_umask_gives(tmp_path):
    before = os.umask(0o027)
    try:
        with replacing(tmp_path / "result") as stream:
            stream.write(b"1")
        (tmp_path / "plain").touch()
    finally:
        os.umask(before)
    assert (tmp_path / "result").stat().st_mode == (tmp_path / "plain").stat().st_mode
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "result"):
        _ = 1 / 0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["plain", "result"]


def test_other_values_have_other_keys():
    values: list[Any] = [
        None,
        0,
        False,
        0.0,
        "0",
        b"0",
        [0],
        (0,),
        {0},
        {0: 0},
        np.zeros(1),
        np.zeros((1, 1)),
    ]
    values += [np.zeros(1, "float32"), np.mean, functools.partial(np.mean, axis=0), StandardScaler]
    values += [SVC(), SVC(C=2), StandardScaler(), FunctionTransformer(np.abs), {0: 1}, {"0": 0}]
    assert len({content_key(value) for value in values}) == len(values)
    assert len({content_key(Reader(value)) for value in values}) == len(values)


_PRINT_KEY = """
import functools
import numpy as np
from sklearn.preprocessing import FunctionTransformer
from sklearn_ser.evaluation._store import content_key
names = ["anger", "fear", "neutral", "sadness"]
values = [set(names), frozenset(names), {name: set(names) for name in names}, {1: 0, "a": 0}]
print(content_key(*values, FunctionTransformer(functools.partial(np.mean, axis=0))))
"""


def test_keys_are_those_of_another_process():
    keys = {
        subprocess.run(
            [sys.executable, "-c", _PRINT_KEY],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[1],
            capture_output=True,
            check=True,
        ).stdout
        for seed in "12"
    }
    assert len(keys) == 1


def _local():
    def function(X):
        return X

    return function


@pytest.mark.parametrize(
    "value",
    [
        lambda X: X,
        functools.partial(lambda X: X),
        _local(),
        (i for i in range(3)),
        torch.ones(2),  # pickled with its place in memory
        torch.nn.Linear(2, 2),
    ],
    ids=["lambda", "partial of a lambda", "local function", "generator", "tensor", "module"],
)
def test_what_only_its_place_in_memory_tells_is_refused(value):
    with pytest.raises(ValueError, match=r"function of a module instead of a lambda.*path=None"):
        content_key(Reader([value]))


def test_results_with_other_noise_are_others_and_copies_are_extracted_once(tmp_path):
    corpus = make_emotional_speech(3, ("anger", "sadness"), 2, duration=0.5, random_state=0)
    noise, cache, results = tmp_path / "noise", tmp_path / "cache", tmp_path / "results"
    write_noise(noise, ["one.wav"])
    pipe = make_pipeline(
        NoiseSampler(noise, n_copies=2), OpenSmileFeatures("eGeMAPSv02", memory=cache), SVC()
    )
    for n_results, name in ((3, "one.wav"), (3, "one.wav"), (6, "two.wav")):
        if not (noise / name).exists():
            write_noise(noise, [name])
        evaluate(pipe, corpus.data, corpus.target, groups=corpus.speaker, path=results)
        assert len(list(results.iterdir())) == n_results
        if n_results == 3:  # 12 utterances, each with two copies
            assert len(list(cache.rglob("*.npy"))) == 36


def test_copies_of_another_repeat_are_others(tmp_path):
    corpus = make_emotional_speech(3, ("anger", "sadness"), 2, duration=0.5, random_state=0)
    pipe = make_pipeline(NoiseSampler(), OpenSmileFeatures("eGeMAPSv02", memory=tmp_path), SVC())
    evaluate(pipe, corpus.data, corpus.target, groups=corpus.speaker, n_repeats=2)
    assert len(list(tmp_path.rglob("*.npy"))) == 36
