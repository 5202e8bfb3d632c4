"""The loaders of corpora with files of labels, on folders of the original layouts."""

import re
import shutil
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sklearn_ser.datasets import load_iemocap, load_meld, load_msp_improv, load_msp_podcast
from tests.noise_files import write_noise

# Name of the turn: emotion, valence, activation, dominance.
IEMOCAP = {
    "Ses01F_impro01_F000": ("neu", 2.5, 2.5, 2.5),
    "Ses01F_impro01_M013": ("xxx", 3.0, 2.6667, 2.0),
    "Ses01F_script01_1_M001": ("exc", 4.0, 3.5, 3.0),
    "Ses02M_script01_1b_F003": ("hap", 4.3333, 3.0, 2.5),
    "Ses03M_impro05a_MXX0": ("fru", 2.0, 3.0, 3.5),
    "Ses04M_script03_2_M021": ("ang", 1.5, 4.0, 4.5),
    "Ses05F_impro02_F011": ("sad", 1.0, 1.5, 2.0),
    "Ses05M_impro03_M009": ("sur", 3.0, 4.0, 3.0),
}
IMPROV = {
    "S01A-F01-P-FM01": ("N", 2.6, 3.2, 2.4),
    "S01A-M01-T-MF02": ("A", 4.0, 1.4, 3.8),
    "S07H-F06-R-FM01": ("H", 3.6, 4.4, 3.0),
    "S20S-M06-S-MF11": ("S", 1.8, 1.6, 2.0),
    "S20S-M06-T-MF12": ("X", 2.0, 2.5, np.nan),
    "S20N-F03-R-FF02": ("O", 2.0, 2.5, 2.0),
}
PODCAST = """\
FileName,EmoClass,EmoAct,EmoVal,EmoDom,SpkrID,Gender,Split_Set
MSP-PODCAST_0001_0008.wav,N,2.2,4.0,2.6,30,Male,Test1
MSP-PODCAST_0002_0059.wav,A,5.777778,2.0,5.5,007,Female,Train
MSP-PODCAST_0003_0271.wav,X,4.0,4.0,4.0,Unknown,Unknown,Development
MSP-PODCAST_0003_0272.wav,U,5.0,5.2,4.0,39,Male,Train
MSP-PODCAST_0006_0029.wav,C,3.0,3.0,5.0,39,Male,Train
"""
MELD_HEAD = (
    "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,"
    "StartTime,EndTime\n"
)
MELD = {
    "train": '1,"Oh, no.",Chandler,sadness,negative,0,0,8,21,"00:16:16,059","00:16:21,731"\n'
    '2,"Why\x92 not?",Woman,surprise,negative,0,1,8,21,"00:16:21,940","00:16:23,442"\n'
    '3,"Fine.",Rachel,joy,positive,10,2,8,21,"0:16:23,440","0:16:26,389"\n',
    "dev": '1,"Fine.",Monica,neutral,neutral,0,0,4,7,"00:20:57,256","00:21:00,049"\n',
    "test": '1,"Go!",Joey,anger,negative,0,0,4,7,"00:20:57,256","00:21:00,049"\n',
}
MELD_FOLDERS = {
    "train": "train/train_splits",
    "dev": "dev/dev_splits_complete",
    "test": "test/output_repeated_splits_test",
}


def iemocap_folder(root):
    """Write the labels as the corpus has them, with raters' lines, and the turns."""
    header = "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n"
    labels: dict[str, str] = {}
    for k, (name, (emotion, *ratings)) in enumerate(IEMOCAP.items()):
        dialogue = name.rpartition("_")[0]
        means = ", ".join(f"{rating:.4f}" for rating in ratings)
        labels.setdefault(dialogue, header)
        labels[dialogue] += f"[{k}.2901 - {k + 2}.2357]\t{name}\t{emotion}\t[{means}]\n"
        labels[dialogue] += "C-E2:\tNeutral;\t()\nC-F1:\tNeutral; Sadness;\t()\n"
        labels[dialogue] += "A-E3:\tval 3; act 2; dom  2;\t()\n\n"
    for dialogue, text in labels.items():
        session = root / f"Session{int(dialogue[3:5])}"
        path = session / "dialog" / "EmoEvaluation" / f"{dialogue}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        (path.parent / f"._{dialogue}.txt").write_bytes(b"\x00\xff")
        turns = [name for name in IEMOCAP if name.rpartition("_")[0] == dialogue]
        files = [f"sentences/wav/{dialogue}/{name}.wav" for name in turns]
        write_noise(session, [f"dialog/wav/{dialogue}.wav", *files])


def improv_folder(root):
    lines = ""
    for name, (emotion, *ratings) in IMPROV.items():
        a, v, d = (f"{rating:.6f}".replace("nan", "NaN") for rating in ratings)
        lines += f"UTD-IMPROV-{name}.avi; {emotion}; A:{a}; V:{v}; D:{d} ; N:3.400000;\n"
        lines += "WORKER00000131; Neutral; A:4.000000; V:3.000000; D:3.000000 ; N:4.000000;\n\n"
    root.mkdir(exist_ok=True)
    (root / "Evaluation.txt").write_text(lines)
    for name in IMPROV:
        sentence, speaker, scenario, _ = name.split("-")
        place = f"session{speaker[2]}/{sentence}/{scenario}/MSP-IMPROV-{name}.wav"
        write_noise(root, [place])


def podcast_folder(root):
    (root / "Labels").mkdir(parents=True)
    (root / "Labels" / "labels_consensus.csv").write_text(PODCAST)
    write_noise(root / "Audios", [line.split(",")[0] for line in PODCAST.splitlines()[1:]])


def meld_folder(root):
    root.mkdir(exist_ok=True)
    for split, lines in MELD.items():
        (root / f"{split}_sent_emo.csv").write_text(MELD_HEAD + lines, encoding="utf-8")
        for line in lines.splitlines():
            dialogue, utterance = line.split(",")[-8:-6]
            write_noise(root / MELD_FOLDERS[split], [f"dia{dialogue}_utt{utterance}.wav"])
    write_noise(root / MELD_FOLDERS["test"], ["final_videos_testdia0_utt0.wav"])


CORPORA = [
    (load_iemocap, iemocap_folder, "EmoEvaluation/Ses.*txt", "Ses01F_impro01_F000.wav"),
    (load_msp_improv, improv_folder, "Evaluation.txt", "MSP-IMPROV-S01A-F01-P-FM01.wav"),
    (load_msp_podcast, podcast_folder, "labels_consensus.csv", "MSP-PODCAST_0001_0008.wav"),
    (load_meld, meld_folder, "train_sent_emo.csv", "dia0_utt0.wav"),
]


@pytest.mark.parametrize(("load", "write", "labels", "turn"), CORPORA)
def test_bunch(load, write, labels, turn, tmp_path):
    """The Bunch is complete, X holds no label and (X, y) is the same."""
    write(tmp_path)
    corpus = load(tmp_path)
    X, y = load(str(tmp_path), return_X_y=True)
    pd.testing.assert_frame_equal(X, corpus.data)
    np.testing.assert_array_equal(y, corpus.target)
    allowed = {"file", "speaker", "gender", "language", "session", "text_id", "duration_s"}
    assert set(X.columns) <= allowed
    assert "" not in corpus.target_names
    assert set(corpus.target_names) == set(y) - {""}
    assert corpus.name == load.__name__.removeprefix("load_")
    assert (X["language"] == "en").all()
    for word in ("Layout:", "Licence:", "Citation:"):
        assert word in corpus.DESCR
    four = load(tmp_path, emotions="four")
    assert set(four.target) <= {"anger", "happiness", "neutral", "sadness"}
    assert len(four.target) == sum(corpus.frame["emotion"].isin(four.target))


@pytest.mark.parametrize(("load", "write", "labels", "turn"), CORPORA)
def test_wrong_folder(load, write, labels, turn, tmp_path):
    """The error says whether the labels or the audio lack, and what they are called."""
    with pytest.raises(FileNotFoundError, match=f"nowhere.*does not exist.*{labels}"):
        load(tmp_path / "nowhere")
    write_noise(tmp_path / "audio", [turn])
    with pytest.raises(FileNotFoundError, match=f"No labels in.*audio.*{labels}"):
        load(tmp_path / "audio")
    write(tmp_path / "labels")
    for file in list((tmp_path / "labels").rglob("*.wav")):
        file.unlink()
    with pytest.raises(FileNotFoundError, match=f"No utterance of the corpus in.*labels.*{turn}"):
        load(tmp_path / "labels")


@pytest.mark.parametrize(("load", "write", "labels", "turn"), CORPORA)
def test_labels_without_audio(load, write, labels, turn, tmp_path):
    """What lacks is left out and counted in a warning; a whole corpus warns of nothing."""
    write(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        n = len(load(tmp_path).data)
    next(tmp_path.rglob(turn)).unlink()
    with pytest.warns(UserWarning, match=f"1 of {n} labelled utterances have no audio") as caught:
        assert len(load(tmp_path).data) == n - 1
    assert [Path(warning.filename).name for warning in caught] == [Path(__file__).name]


def test_iemocap(tmp_path):
    iemocap_folder(tmp_path)
    corpus = load_iemocap(tmp_path, join_excitement=False)
    assert [Path(file).stem for file in corpus.data["file"]] == list(IEMOCAP)
    columns = ["speaker", "gender", "session", "text_id", "emotion", "scenario"]
    assert corpus.frame[columns].to_numpy().tolist() == [
        ["Ses01F", "female", "01", "", "neutral", "improvised"],
        ["Ses01M", "male", "01", "", "", "improvised"],
        ["Ses01M", "male", "01", "script01_1", "excitement", "scripted"],
        ["Ses02F", "female", "02", "script01_1", "happiness", "scripted"],
        ["Ses03M", "male", "03", "", "frustration", "improvised"],
        ["Ses04M", "male", "04", "script03_2", "anger", "scripted"],
        ["Ses05F", "female", "05", "", "sadness", "improvised"],
        ["Ses05M", "male", "05", "", "surprise", "improvised"],
    ]
    ratings = corpus.frame[["valence", "arousal", "dominance"]].to_numpy()
    np.testing.assert_array_equal(ratings, [row[1:] for row in IEMOCAP.values()])


def test_iemocap_names_an_unknown_emotion_and_its_file(tmp_path):
    iemocap_folder(tmp_path)
    path = next(tmp_path.rglob("Ses*.txt"))
    path.write_text(re.sub("\t[a-z]{3}\t", "\tzzz\t", path.read_text(), count=1))
    with pytest.raises(ValueError, match=rf"{path.name}.*unknown emotion 'zzz'"):
        load_iemocap(tmp_path)


def test_iemocap_joins_excitement_by_choice(tmp_path):
    iemocap_folder(tmp_path)
    joined = load_iemocap(tmp_path, emotions="four")
    assert joined.target.tolist() == ["neutral", "happiness", "happiness", "anger", "sadness"]
    apart = load_iemocap(tmp_path, emotions="four", join_excitement=False)
    assert apart.target.tolist() == ["neutral", "happiness", "anger", "sadness"]
    assert "excitement" not in load_iemocap(tmp_path).target


def test_msp_improv(tmp_path):
    improv_folder(tmp_path)
    corpus = load_msp_improv(tmp_path)
    columns = ["speaker", "gender", "session", "text_id", "emotion", "scenario", "target_emotion"]
    assert corpus.frame[columns].to_numpy().tolist() == [
        ["F01", "female", "01", "", "neutral", "natural interaction", "anger"],
        ["M01", "male", "01", "S01", "anger", "target improvised", "anger"],
        ["F06", "female", "06", "S07", "happiness", "target read", "happiness"],
        ["F03", "female", "03", "S20", "other", "target read", "neutral"],
        ["M06", "male", "06", "", "sadness", "other improvised", "sadness"],
        ["M06", "male", "06", "S20", "", "target improvised", "sadness"],
    ]
    ratings = corpus.frame[["arousal", "valence", "dominance"]].to_numpy()
    np.testing.assert_array_equal(ratings, [IMPROV[name][1:] for name in sorted(IMPROV)])
    (tmp_path / "Evaluation.txt").rename(tmp_path / "Evalution.txt")
    pd.testing.assert_frame_equal(load_msp_improv(tmp_path).frame, corpus.frame)


def test_msp_podcast(tmp_path):
    podcast_folder(tmp_path)
    corpus = load_msp_podcast(tmp_path)
    columns = ["speaker", "gender", "emotion", "arousal", "valence", "dominance", "split"]
    assert corpus.frame[[*columns, "podcast"]].to_numpy().tolist() == [
        ["30", "male", "neutral", 2.2, 4.0, 2.6, "Test1", "0001"],
        ["007", "female", "anger", 5.777778, 2.0, 5.5, "Train", "0002"],
        ["", "", "", 4.0, 4.0, 4.0, "Development", "0003"],
        ["39", "male", "surprise", 5.0, 5.2, 4.0, "Train", "0003"],
        ["39", "male", "contempt", 3.0, 3.0, 5.0, "Train", "0006"],
    ]


def test_msp_podcast_labels_are_checked(tmp_path):
    podcast_folder(tmp_path)
    path = tmp_path / "Labels" / "labels_consensus.csv"
    path.write_text(PODCAST.replace("SpkrID", "Speaker"))
    with pytest.raises(ValueError, match=r"lacks the columns \['SpkrID'\]"):
        load_msp_podcast(tmp_path)
    path.write_text(PODCAST.replace(",U,", ",Q,"))
    with pytest.raises(ValueError, match=r"unknown values of EmoClass: \['Q'\]"):
        load_msp_podcast(tmp_path)
    path.write_text(PODCAST.replace("5.2", "high"))
    with pytest.raises(ValueError, match=r"'valence'.*'high' in row 4"):
        load_msp_podcast(tmp_path)


def test_meld(tmp_path):
    """Equal names in train, dev and test are different utterances."""
    # The folder itself may be called by a word that tells a split.
    meld_folder(tmp_path / "my test")
    corpus = load_meld(tmp_path / "my test")
    columns = ["speaker", "gender", "emotion", "sentiment", "split", "dialogue"]
    assert corpus.frame[columns].to_numpy().tolist() == [
        ["Monica", "female", "neutral", "neutral", "dev", "dev_dia0"],
        ["Joey", "male", "anger", "negative", "test", "test_dia0"],
        ["Chandler", "male", "sadness", "negative", "train", "train_dia0"],
        ["Woman", "", "surprise", "negative", "train", "train_dia0"],
        ["Rachel", "female", "happiness", "positive", "train", "train_dia10"],
    ]


def test_meld_labels_are_checked(tmp_path):
    meld_folder(tmp_path)
    path = tmp_path / "dev_sent_emo.csv"
    path.write_text((MELD_HEAD + MELD["dev"]).replace("Speaker", "Who"))
    with pytest.raises(ValueError, match=r"dev_sent_emo\.csv' lacks the columns \['Speaker'\]"):
        load_meld(tmp_path)
    path.write_text((MELD_HEAD + MELD["dev"]).replace("neutral,neutral", "glee,neutral"))
    with pytest.raises(ValueError, match=r"unknown values of Emotion: \['glee'\]"):
        load_meld(tmp_path)


def test_copies_count_once(tmp_path):
    improv_folder(tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    assert len(load_msp_improv(tmp_path).data) == len(IMPROV)
    write_noise(tmp_path / "c", ["x.wav", "MSP-IMPROV-S01A-F01-P-FM01.wav"])
    with pytest.raises(ValueError, match="MSP-IMPROV-S01A-F01-P-FM01' is there twice"):
        load_msp_improv(tmp_path)
