"""stack_corpora, on folders that the tests write."""

import numpy as np
import pandas as pd
import pytest

from sklearn_ser.datasets import (
    load_emodb,
    load_index,
    load_savee,
    make_emotional_speech,
    stack_corpora,
)
from tests.noise_files import write_noise


@pytest.fixture
def emodb(tmp_path):
    write_noise(tmp_path / "emodb", ["03a01Fa.wav", "08b02Wc.wav"])
    return load_emodb(tmp_path / "emodb")


@pytest.fixture
def unlabelled(tmp_path):
    """Return a corpus without emotions, one of whose speakers is unknown."""
    folder = tmp_path / "books"
    frame = pd.DataFrame(
        {
            "file": ["1.wav", "2.wav", "3.wav"],
            "speaker": ["03", "", "103"],
            "gender": ["female", "", "male"],
            "emotion": "",
            "start": ["0.001", "", "0.002"],
            "arousal": ["", "1.5", ""],
        }
    )
    write_noise(folder, frame["file"])
    frame.to_csv(folder / "index.csv", index=False)
    return load_index(folder)


def test_labelled_and_unlabelled(emodb, unlabelled):
    """Ids of different corpora differ, what is unknown stays empty, labels stay with their rows."""
    both = stack_corpora(emodb, unlabelled)
    assert both.data["file"].tolist() == [*emodb.data["file"], *unlabelled.data["file"]]
    assert both.data["corpus"].tolist() == ["emodb"] * 2 + ["books"] * 3
    assert both.speaker.tolist() == ["emodb:03", "emodb:08", "books:03", "", "books:103"]
    np.testing.assert_array_equal(both.data["speaker"], both.speaker)
    assert both.gender.tolist() == ["male", "female", "female", "", "male"]
    assert both.target.tolist() == ["happiness", "anger", "", "", ""]
    assert both.target_names.tolist() == ["anger", "happiness"]
    assert both.data["text_id"].tolist() == ["emodb:a01", "emodb:b02", "", "", ""]
    np.testing.assert_array_equal(both.data["start"], [np.nan, np.nan, 0.001, np.nan, 0.002])
    np.testing.assert_array_equal(both.frame["arousal"], [np.nan] * 3 + [1.5, np.nan])
    assert not {"emotion", "arousal"} & set(both.data)
    assert both.name == "emodb+books"
    assert emodb.DESCR in both.DESCR
    assert unlabelled.DESCR in both.DESCR


def test_originals_are_untouched(emodb, unlabelled):
    before = [corpus.frame.copy() for corpus in (emodb, unlabelled)]
    stack_corpora(emodb, unlabelled)
    for corpus, frame in zip((emodb, unlabelled), before, strict=True):
        pd.testing.assert_frame_equal(corpus.frame, frame)


def test_stacks_stack(emodb, unlabelled, tmp_path):
    write_noise(tmp_path / "savee", ["DC/a01.wav"])
    savee = load_savee(tmp_path / "savee")
    flat = stack_corpora(emodb, unlabelled, savee)
    assert flat.speaker.tolist()[-1] == "savee:DC"
    nested = stack_corpora(stack_corpora(emodb, unlabelled), savee)
    np.testing.assert_array_equal(nested.target, flat.target)
    # Equal speakers in the one are equal speakers in the other.
    assert pd.Series(nested.speaker).groupby(flat.speaker).nunique().max() == 1
    assert len(set(nested.speaker)) == len(set(flat.speaker))


def test_equal_names_must_be_meant(tmp_path):
    """Two synthetic corpora are different people unless the caller says that they are the same."""
    a, b = (
        make_emotional_speech(2, n_utterances=1, random_state=k, folder=tmp_path / f"{k}")
        for k in range(2)
    )
    with pytest.raises(ValueError, match=r"called \['synthetic'\].*`names`"):
        stack_corpora(a, b)
    assert len(set(stack_corpora(a, b, names=["a", "b"]).speaker)) == 4
    assert len(set(stack_corpora(a, b, names=["one", "one"]).speaker)) == 2


def test_bad_input(emodb):
    with pytest.raises(ValueError, match="at least one corpus"):
        stack_corpora()
    with pytest.raises(ValueError, match="1 corpora need as many names"):
        stack_corpora(emodb, names=["a", "b"])
    with pytest.raises(TypeError, match=r"'synthetic' has waveforms.*`folder`"):
        stack_corpora(emodb, make_emotional_speech(1, n_utterances=1, random_state=0))
