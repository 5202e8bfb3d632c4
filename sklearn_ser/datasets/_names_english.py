"""CREMA-D, SAVEE and TESS: English corpora whose file names say everything."""

import warnings
from pathlib import Path
from typing import Any

from sklearn_ser.datasets._corpus import FileNames, find_named, make_bunch

_CREMAD_FEMALE = {
    *("1002", "1003", "1004", "1006", "1007", "1008", "1009", "1010", "1012", "1013", "1018"),
    *("1020", "1021", "1024", "1025", "1028", "1029", "1030", "1037", "1043", "1046", "1047"),
    *("1049", "1052", "1053", "1054", "1055", "1056", "1058", "1060", "1061", "1063", "1072"),
    *("1073", "1074", "1075", "1076", "1078", "1079", "1082", "1084", "1089", "1091"),
}
# One file, 1040_ITH_SAD_X, lacks the second X.
_CREMAD_INTENSITIES = {
    "LO": "low",
    "MD": "medium",
    "HI": "high",
    "XX": "unspecified",
    "X": "unspecified",
}
_CREMAD = FileNames(
    corpus="CREMA-D",
    example="1001_DFA_ANG_XX.wav",
    pattern=r"(?P<speaker>10(?:0[1-9]|[1-8]\d|9[01]))_(?P<text_id>[A-Z]{3})"
    r"_(?P<emotion>ANG|DIS|FEA|HAP|NEU|SAD)_(?P<intensity>LO|MD|HI|XX?)",
    emotions={
        "ANG": "anger",
        "DIS": "disgust",
        "FEA": "fear",
        "HAP": "happiness",
        "NEU": "neutral",
        "SAD": "sadness",
    },
    describe=lambda row: {
        "gender": "female" if row["speaker"] in _CREMAD_FEMALE else "male",
        "language": "en",
        "intensity": _CREMAD_INTENSITIES[row["intensity"]],
    },
)
_CREMAD_DESCR = """\
CREMA-D, crowd-sourced emotional multimodal actors dataset.

7442 English utterances of 91 actors (43 female), 12 sentences, 6 acted emotions (1271 utterances
each, neutral 1087), 16 kHz. Layout: AudioWAV/1001_DFA_ANG_XX.wav (actor, sentence, emotion,
intensity). The labels are what was acted; listeners agree with them in about 40 % of the
utterances when they hear the voice alone. 1076_MTI_SAD_XX holds no speech.

Licence: Open Database License 1.0.
Citation: H. Cao, D. G. Cooper, M. K. Keutmann, R. C. Gur, A. Nenkova, R. Verma, "CREMA-D:
Crowd-sourced emotional multimodal actors dataset", IEEE Transactions on Affective Computing 5(4),
2014, pp. 377-390.
"""

_SAVEE_COMMON_TEXTS = {"01", "02", "03"}
_SAVEE = FileNames(
    corpus="SAVEE",
    example="DC/a01.wav or DC_a01.wav",
    pattern=r"(?P<speaker>DC|JE|JK|KL)_(?P<emotion>a|d|f|h|n|sa|su)(?P<text_id>[0-2]\d|30)",
    emotions={
        "a": "anger",
        "d": "disgust",
        "f": "fear",
        "h": "happiness",
        "n": "neutral",
        "sa": "sadness",
        "su": "surprise",
    },
    # Only the first three sentences are the same in all emotions.
    describe=lambda row: {
        "gender": "male",
        "language": "en",
        "text_id": row["text_id"]
        if row["text_id"] in _SAVEE_COMMON_TEXTS
        else row["emotion"] + row["text_id"],
    },
    # The original names repeat from folder to folder: a01 of DC is not a01 of JE.
    name_of=lambda path: path.stem if "_" in path.stem else f"{path.parent.name}_{path.stem}",
)
_SAVEE_DESCR = """\
SAVEE, Surrey audio-visual expressed emotion (audio only).

480 English utterances of 4 male actors, 7 acted emotions (60 utterances each, neutral 120),
44.1 kHz. Layout: AudioData/DC/a01.wav (actor; emotion, sentence), or DC_a01.wav in one folder.
Sentences 01 to 03 are common to all emotions; the others belong to one emotion each, so that the
text gives the emotion away: keep sentences apart too if that matters.

Licence: free for research after registration with the University of Surrey.
Citation: S. Haq, P. J. B. Jackson, "Speaker-dependent audio-visual emotion recognition", AVSP 2009,
pp. 53-58.
"""

_TESS = FileNames(
    corpus="TESS",
    example="OAF_back_angry.wav",
    pattern=r"(?P<speaker>OAF?|YAF)_(?P<text_id>[a-z]+)"
    r"_(?P<emotion>angry|disgust|fear|happy|neutral|ps|sad)",
    emotions={
        "angry": "anger",
        "disgust": "disgust",
        "fear": "fear",
        "happy": "happiness",
        "neutral": "neutral",
        "ps": "surprise",
        "sad": "sadness",
    },
    # One file, OA_bite_neutral, lacks the F of its speaker.
    describe=lambda row: {
        "speaker": row["speaker"][0] + "AF",
        "gender": "female",
        "age": "64" if row["speaker"].startswith("O") else "26",
        "language": "en",
    },
)
_TESS_DESCR = """\
TESS, Toronto emotional speech set.

2800 English utterances of 2 actresses (OAF, 64 years, and YAF, 26 years), 200 words in a carrier
phrase, 7 acted emotions (400 utterances each; pleasant surprise is called surprise here), 24.4 kHz.
Layout: OAF_angry/OAF_back_angry.wav (speaker, word, emotion).

Two speakers: whoever leaves one out trains on a single voice, and a random split recognises the
word and the voice. Figures near 100 % are figures of the latter.

Licence: CC BY-NC-ND 4.0.
Citation: M. K. Pichora-Fuller, K. Dupuis, "Toronto emotional speech set (TESS)", Scholars Portal
Dataverse, 2020, doi:10.5683/SP2/E8H2MF.
"""


def load_cremad(folder: str | Path, *, emotions: str = "all", return_X_y: bool = False) -> Any:
    """Load CREMA-D, 7442 English utterances of 91 actors and 6 emotions.

    Parameters
    ----------
    folder : str or Path
        Folder with the corpus, in any layout: it is searched recursively for the original file
        names (``1001_DFA_ANG_XX.wav``: actor, sentence, emotion, intensity), wav or flac.
    emotions : {"all", "four"}, default="all"
        All utterances, or those of the four emotions that most corpora share: anger, happiness,
        neutral, sadness.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    Bunch or tuple
        As of :func:`load_emodb`. ``frame`` holds ``intensity`` too: low, medium, high or
        unspecified.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist or holds no file of the corpus.
    ValueError
        If an utterance is there twice with different content, or a file is not audio.

    References
    ----------
    .. [1] H. Cao, D. G. Cooper, M. K. Keutmann, R. C. Gur, A. Nenkova, R. Verma, "CREMA-D:
       Crowd-sourced emotional multimodal actors dataset", IEEE Transactions on Affective
       Computing 5(4), 2014, pp. 377-390.

    Examples
    --------
    A file of noise stands in for the corpus:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import soundfile
    >>> from sklearn_ser.datasets import load_cremad
    >>> noise = np.random.default_rng(0).normal(scale=0.1, size=16000)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     soundfile.write(Path(folder) / "1002_DFA_ANG_HI.wav", noise, 16000)
    ...     corpus = load_cremad(folder)
    >>> corpus.frame[["speaker", "gender", "text_id", "emotion", "intensity"]]
      speaker  gender text_id emotion intensity
    0    1002  female     DFA   anger      high
    """
    frame = find_named(_CREMAD, folder)
    return make_bunch(
        frame, name="cremad", descr=_CREMAD_DESCR, emotions=emotions, return_X_y=return_X_y
    )


def load_savee(folder: str | Path, *, emotions: str = "all", return_X_y: bool = False) -> Any:
    """Load SAVEE, 480 English utterances of 4 male actors and 7 emotions.

    Parameters
    ----------
    folder : str or Path
        Folder with the corpus, in any layout: it is searched recursively for the original names
        (``DC/a01.wav``: the folder is the actor, then emotion and sentence) and for those of
        copies in one folder (``DC_a01.wav``), wav or flac.
    emotions : {"all", "four"}, default="all"
        All utterances, or those of the four emotions that most corpora share: anger, happiness,
        neutral, sadness.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    Bunch or tuple
        As of :func:`load_emodb`. ``text_id`` is the same in all emotions for the three sentences
        that are.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist or holds no file of the corpus.
    ValueError
        If an utterance is there twice with different content, or a file is not audio.

    References
    ----------
    .. [1] S. Haq, P. J. B. Jackson, "Speaker-dependent audio-visual emotion recognition", AVSP
       2009, pp. 53-58.

    Examples
    --------
    Two files of noise stand in for the corpus:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import soundfile
    >>> from sklearn_ser.datasets import load_savee
    >>> noise = np.random.default_rng(0).normal(scale=0.1, size=16000)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for speaker in ("DC", "JE"):
    ...         (Path(folder) / speaker).mkdir()
    ...         soundfile.write(Path(folder) / speaker / "sa04.wav", noise, 16000)
    ...     X, y = load_savee(folder, return_X_y=True)
    >>> X[["speaker", "text_id"]]
      speaker text_id
    0      DC    sa04
    1      JE    sa04
    >>> y
    array(['sadness', 'sadness'], dtype='<U7')
    """
    frame = find_named(_SAVEE, folder)
    return make_bunch(
        frame, name="savee", descr=_SAVEE_DESCR, emotions=emotions, return_X_y=return_X_y
    )


def load_tess(folder: str | Path, *, emotions: str = "all", return_X_y: bool = False) -> Any:
    """Load TESS, 2800 English utterances of 2 actresses and 7 emotions.

    Parameters
    ----------
    folder : str or Path
        Folder with the corpus, in any layout: it is searched recursively for the original file
        names (``OAF_back_angry.wav``: speaker, word, emotion), wav or flac.
    emotions : {"all", "four"}, default="all"
        All utterances, or those of the four emotions that most corpora share: anger, happiness,
        neutral, sadness.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    Bunch or tuple
        As of :func:`load_emodb`. ``text_id`` is the word that follows the carrier phrase.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist or holds no file of the corpus.
    ValueError
        If an utterance is there twice with different content, or a file is not audio.

    Warns
    -----
    UserWarning
        Always: two speakers make no speaker-independent evaluation.

    References
    ----------
    .. [1] M. K. Pichora-Fuller, K. Dupuis, "Toronto emotional speech set (TESS)", Scholars Portal
       Dataverse, 2020, doi:10.5683/SP2/E8H2MF.

    Examples
    --------
    A file of noise stands in for the corpus:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import soundfile
    >>> from sklearn_ser.datasets import load_tess
    >>> noise = np.random.default_rng(0).normal(scale=0.1, size=16000)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     soundfile.write(Path(folder) / "YAF_back_ps.wav", noise, 16000)
    ...     X, y = load_tess(folder, return_X_y=True)
    >>> X["speaker"][0], X["text_id"][0], str(y[0])
    ('YAF', 'back', 'surprise')
    """
    frame = find_named(_TESS, folder)
    warnings.warn(
        "TESS has two speakers: leaving one out trains on a single voice, and a random split "
        "recognises voices and words. Use it beside other corpora.",
        stacklevel=2,
    )
    return make_bunch(
        frame, name="tess", descr=_TESS_DESCR, emotions=emotions, return_X_y=return_X_y
    )
