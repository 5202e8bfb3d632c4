"""The loaders of corpora whose file names say everything, on folders of the original layouts."""

import shutil
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from sklearn_ser.datasets import (
    load_aesdd,
    load_cremad,
    load_emovo,
    load_esd,
    load_nemo,
    load_savee,
    load_shemo,
    load_tess,
    load_urdu,
)
from tests.noise_files import write_noise

# Each file in its original place: speaker, gender, language, text, emotion, in the order of names.
CREMAD = {
    "AudioWAV/1001_DFA_ANG_XX.wav": ("1001", "male", "en", "DFA", "anger"),
    "AudioWAV/1002_IEO_HAP_LO.wav": ("1002", "female", "en", "IEO", "happiness"),
    "AudioWAV/1002_IEO_SAD_HI.wav": ("1002", "female", "en", "IEO", "sadness"),
    "AudioWAV/1040_ITH_SAD_X.wav": ("1040", "male", "en", "ITH", "sadness"),
    "AudioWAV/1090_TIE_NEU_XX.wav": ("1090", "male", "en", "TIE", "neutral"),
    "AudioWAV/1091_IOM_DIS_MD.wav": ("1091", "female", "en", "IOM", "disgust"),
    "AudioWAV/1091_WSI_FEA_XX.wav": ("1091", "female", "en", "WSI", "fear"),
}
SAVEE = {
    "AudioData/DC/a01.wav": ("DC", "male", "en", "01", "anger"),
    "AudioData/DC/su15.wav": ("DC", "male", "en", "su15", "surprise"),
    "AudioData/JE/a01.wav": ("JE", "male", "en", "01", "anger"),
    "AudioData/JE/d04.wav": ("JE", "male", "en", "d04", "disgust"),
    "AudioData/JK/f03.wav": ("JK", "male", "en", "03", "fear"),
    "AudioData/JK/n30.wav": ("JK", "male", "en", "n30", "neutral"),
    "AudioData/KL/h02.wav": ("KL", "male", "en", "02", "happiness"),
    "AudioData/KL/sa10.wav": ("KL", "male", "en", "sa10", "sadness"),
}
TESS = {
    "OAF_Fear/OAF_back_fear.wav": ("OAF", "female", "en", "back", "fear"),
    "OAF_Pleasant_surprise/OAF_back_ps.wav": ("OAF", "female", "en", "back", "surprise"),
    "OAF_Sad/OAF_back_sad.wav": ("OAF", "female", "en", "back", "sadness"),
    "OAF_neutral/OA_bite_neutral.wav": ("OAF", "female", "en", "bite", "neutral"),
    "YAF_angry/YAF_back_angry.wav": ("YAF", "female", "en", "back", "anger"),
    "YAF_disgust/YAF_wire_disgust.wav": ("YAF", "female", "en", "wire", "disgust"),
    "YAF_happy/YAF_youth_happy.wav": ("YAF", "female", "en", "youth", "happiness"),
}
AESDD = {
    "anger/a01 (1).wav": ("1", "", "el", "01", "anger"),
    "disgust/d20 (6).wav": ("6", "", "el", "", "disgust"),
    "fear/f10 (01).wav": ("1", "", "el", "10", "fear"),
    "fear/f18 (5).wav": ("5", "", "el", "18", "fear"),
    "fear/f18 (5)b.wav": ("5", "", "el", "18", "fear"),
    "happiness/h09 (6).wav": ("6", "", "el", "09", "happiness"),
    "sadness/s05 (3).wav": ("3", "", "el", "05", "sadness"),
}
EMOVO = {
    "f1/dis-f1-b1.wav": ("f1", "female", "it", "b1", "disgust"),
    "f2/gio-f2-b2.wav": ("f2", "female", "it", "b2", "happiness"),
    "m3/neu-m3-l4.wav": ("m3", "male", "it", "l4", "neutral"),
    "m1/pau-m1-n5.wav": ("m1", "male", "it", "n5", "fear"),
    "f3/rab-f3-d1.wav": ("f3", "female", "it", "d1", "anger"),
    "m2/sor-m2-d2.wav": ("m2", "male", "it", "d2", "surprise"),
    "m2/tri-m2-b3.wav": ("m2", "male", "it", "b3", "sadness"),
}
NEMO = {
    "samples/EB0_surprised_48.wav": ("EB0", "female", "pl", "48", "surprise"),
    "samples/IC0_anger_26.wav": ("IC0", "female", "pl", "26", "anger"),
    "samples/KS0_fear_2.wav": ("KS0", "male", "pl", "2", "fear"),
    "samples/MP0_happiness_11.wav": ("MP0", "male", "pl", "11", "happiness"),
    "samples/WR0_neutral_86.wav": ("WR0", "male", "pl", "86", "neutral"),
    "samples/WR0_sadness_23.wav": ("WR0", "male", "pl", "23", "sadness"),
}
ESD = {
    "0001/Neutral/evaluation/0001_000001.wav": ("0001", "female", "zh", "zh001", "neutral"),
    "0004/Neutral/train/0004_000350.wav": ("0004", "male", "zh", "zh350", "neutral"),
    "0010/Angry/test/0010_000351.wav": ("0010", "male", "zh", "zh001", "anger"),
    "0011/Angry/0011_000700.wav": ("0011", "male", "en", "en350", "anger"),
    "0015/Happy/0015_000701.wav": ("0015", "female", "en", "en001", "happiness"),
    "0019/Sad/0019_001400.wav": ("0019", "female", "en", "en350", "sadness"),
    "0020/Surprise/0020_001401.wav": ("0020", "male", "en", "en001", "surprise"),
    "0020/Surprise/0020_001750.wav": ("0020", "male", "en", "en350", "surprise"),
}
SHEMO = {
    "female/F01A01.wav": ("F01", "female", "fa", None, "anger"),
    "female/F03W09.wav": ("F03", "female", "fa", None, "surprise"),
    "female/F20H05.wav": ("F20", "female", "fa", None, "happiness"),
    "male/M03F01.wav": ("M03", "male", "fa", None, "fear"),
    "male/M12N59.wav": ("M12", "male", "fa", None, "neutral"),
    "male/M53S02.wav": ("M53", "male", "fa", None, "sadness"),
}
URDU = {
    "Happy/SF7_F1_H01.wav": ("SF7", "female", "ur", None, "happiness"),
    "Neutral/SF9_F1_N01.wav": ("SF9", "female", "ur", None, "neutral"),
    "Angry/SM1_F10_A010.wav": ("SM1", "male", "ur", None, "anger"),
    "Neutral/SM5_F72_N0100.wav": ("SM5", "male", "ur", None, "neutral"),
    "Sad/SM6_F4_S0100.wav": ("SM6", "male", "ur", None, "sadness"),
}
URDU_COUNTS = {
    "Angry": {"SM1": 22, "SM2": 28, "SM3": 2, "SM4": 48},
    "Happy": {
        **{"SF1": 12, "SF2": 2, "SF3": 2, "SF4": 4, "SF5": 4, "SF6": 14, "SF7": 6, "SF8": 2},
        **{"SM17": 2, "SM18": 2, "SM19": 2, "SM3": 2, "SM5": 8, "SM6": 10, "SM7": 28},
    },
    "Neutral": {"SF9": 4, "SM20": 10, "SM21": 4, "SM22": 2, "SM3": 8, "SM5": 72},
    "Sad": {
        "SF10": 2,
        "SF11": 4,
        "SM23": 6,
        "SM24": 38,
        "SM25": 40,
        "SM26": 2,
        "SM27": 4,
        "SM6": 4,
    },
}
CORPORA = [
    (load_cremad, CREMAD),
    (load_savee, SAVEE),
    (load_tess, TESS),
    (load_aesdd, AESDD),
    (load_emovo, EMOVO),
    (load_nemo, NEMO),
    (load_esd, ESD),
    (load_shemo, SHEMO),
    (load_urdu, URDU),
]
FOUR = {"anger", "happiness", "neutral", "sadness"}

# What the loaders of TESS and URDU say whenever they run has a test of its own.
pytestmark = pytest.mark.filterwarnings("ignore:TESS has two", "ignore:.*speakers of URDU")


@pytest.mark.parametrize(("load", "files"), CORPORA)
def test_original_layout(load, files, tmp_path):
    """Everything comes out of the names, in the order of the names, and X holds no label."""
    write_noise(tmp_path, files)
    write_noise(tmp_path, ["wav/other.wav", f"{Path(next(iter(files))).parent}/._x.wav"])
    corpus = load(tmp_path)
    expected = pd.DataFrame(
        list(files.values()), columns=["speaker", "gender", "language", "text_id", "emotion"]
    ).dropna(axis="columns")
    assert corpus.data["file"].tolist() == [str(tmp_path.resolve() / name) for name in files]
    pd.testing.assert_frame_equal(corpus.frame[expected.columns.tolist()], expected)
    allowed = {"file", "speaker", "gender", "age", "language", "text_id", "duration_s"}
    assert set(corpus.data.columns) <= allowed
    assert corpus.target.tolist() == expected["emotion"].tolist()
    assert corpus.speaker.tolist() == expected["speaker"].tolist()
    assert corpus.gender.tolist() == expected["gender"].tolist()
    assert corpus.name == load.__name__.removeprefix("load_")
    for word in ("Layout:", "Licence:", "Citation:"):
        assert word in corpus.DESCR


@pytest.mark.parametrize(("load", "files"), CORPORA)
def test_X_y_of_the_four_emotions(load, files, tmp_path):
    write_noise(tmp_path, files)
    X, y = load(str(tmp_path), emotions="four", return_X_y=True)
    kept = [name for name, row in files.items() if row[4] in FOUR]
    assert [Path(file).name for file in X["file"]] == [Path(name).name for name in kept]
    assert y.tolist() == [files[name][4] for name in kept]
    assert type(y) is np.ndarray


@pytest.mark.parametrize(("load", "files"), CORPORA)
def test_wrong_folder(load, files, tmp_path):
    """The error names the folder and an example of what was looked for."""
    write_noise(tmp_path / "right", files)
    title = load(tmp_path / "right").DESCR.partition(",")[0]
    with pytest.raises(FileNotFoundError, match=f"nowhere.*does not exist.*{title} names such as"):
        load(tmp_path / "nowhere")
    write_noise(tmp_path / "wrong", ["unknown.wav", "dia0_utt0.wav", "Ses01F_impro01_F000.wav"])
    with pytest.raises(FileNotFoundError, match=rf"wrong.*{title} names such as .*\.wav"):
        load(tmp_path / "wrong")


@pytest.mark.parametrize(
    ("load", "name", "speakers", "n_speakers", "n_female"),
    [
        (load_cremad, "{}_DFA_ANG_XX", range(1000, 1100), 91, 43),
        (load_savee, "{}_a01", ["DC", "JE", "JK", "KL", "XX"], 4, 0),
        (load_tess, "{}_back_sad", ["MAF", "OAF", "YAF"], 2, 2),
        (load_emovo, "dis-{}-b1", ["f1", "f2", "f3", "f4", "m0", "m1", "m2", "m3"], 6, 3),
        (
            load_nemo,
            "{}0_fear_1",
            ["EB", "IC", "KD", "KS", "MK", "MP", "SM", "TP", "WR", "X"],
            9,
            4,
        ),
        (load_esd, "00{}_000001", [f"{k:02d}" for k in range(30)], 20, 10),
    ],
)
def test_published_numbers_of_speakers(load, name, speakers, n_speakers, n_female, tmp_path):
    """Of the thinkable speakers as many are known, and are female, as the papers count."""
    write_noise(tmp_path, [f"{name.format(speaker)}.wav" for speaker in speakers])
    corpus = load(tmp_path)
    assert len(set(corpus.speaker)) == n_speakers
    assert (corpus.gender == "female").sum() == n_female


def test_codes_beyond_the_corpus_are_of_another_one(tmp_path):
    write_noise(
        tmp_path, ["0011_001750.wav", "0011_001751.wav", "0011_000000.wav", "0021_000001.wav"]
    )
    assert [Path(file).stem for file in load_esd(tmp_path).data["file"]] == ["0011_001750"]


def test_columns_beside_the_common_ones(tmp_path):
    write_noise(tmp_path / "load_cremad", CREMAD)
    write_noise(tmp_path / "load_aesdd", AESDD)
    write_noise(tmp_path / "load_tess", TESS)
    intensity = load_cremad(tmp_path / "load_cremad").frame["intensity"].tolist()
    expected = "unspecified low high unspecified unspecified medium unspecified"
    assert intensity == expected.split()
    assert load_aesdd(tmp_path / "load_aesdd").frame["take"].tolist() == [*[""] * 4, "b", "", ""]
    assert load_tess(tmp_path / "load_tess").data["age"].tolist() == [*["64"] * 4, *["26"] * 3]


def test_savee_in_one_folder(tmp_path):
    """Both known layouts are the same corpus, and its equal names are no copies."""
    write_noise(tmp_path, SAVEE)
    original = load_savee(tmp_path)
    for name in SAVEE:
        speaker, file = Path(name).parts[1:]
        (tmp_path / "ALL").mkdir(exist_ok=True)
        shutil.copy(tmp_path / name, tmp_path / "ALL" / f"{speaker}_{file}")
    pd.testing.assert_frame_equal(
        load_savee(tmp_path / "ALL").frame.drop(columns="file"), original.frame.drop(columns="file")
    )
    assert len(load_savee(tmp_path).data) == len(SAVEE)


def test_emovo_warns_of_two_microphones(tmp_path):
    write_noise(tmp_path / "stereo", EMOVO, channels=2)
    with pytest.warns(UserWarning, match="two microphones.*channel=0"):
        load_emovo(tmp_path / "stereo")
    write_noise(tmp_path / "mono", EMOVO)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_emovo(tmp_path / "mono")


@pytest.mark.filterwarnings("default")
def test_tess_warns_of_two_speakers(tmp_path):
    write_noise(tmp_path, TESS)
    with pytest.warns(UserWarning, match="two speakers"):
        load_tess(tmp_path)


@pytest.mark.filterwarnings("default")
def test_urdu_warns_where_the_speaker_gives_the_emotion_away(tmp_path):
    """All names of the corpus: 100 utterances of each emotion, 26 of 29 speakers with one."""
    write_noise(
        tmp_path / "whole",
        (
            f"{emotion}/{speaker}_F{k}_{emotion[0]}0{k}.wav"
            for emotion, counts in URDU_COUNTS.items()
            for speaker, count in counts.items()
            for k in range(1, count + 1)
        ),
    )
    with pytest.warns(UserWarning, match="26 of the 29 speakers of URDU have one emotion only"):
        corpus = load_urdu(tmp_path / "whole")
    emotions, counts = np.unique(corpus.target, return_counts=True)
    assert emotions.tolist() == ["anger", "happiness", "neutral", "sadness"]
    assert counts.tolist() == [100] * 4
    assert len(set(corpus.speaker[corpus.gender == "female"])) == 11
    write_noise(tmp_path / "else", ["SM1_F1_A01.wav", "SM1_F2_N01.wav", "SM2_F1_A02.wav"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_urdu(tmp_path / "else")


def test_corrupt_file_is_named(tmp_path):
    write_noise(tmp_path, CREMAD)
    (tmp_path / "AudioWAV" / "1001_DFA_ANG_XX.wav").write_bytes(b"RIFF")
    with pytest.raises(ValueError, match=r"1001_DFA_ANG_XX\.wav.*cannot be read as audio"):
        load_cremad(tmp_path)
    assert soundfile.info(tmp_path / "AudioWAV" / "1040_ITH_SAD_X.wav").samplerate == 16000
