"""MSP-IMPROV and MSP-Podcast of the University of Texas at Dallas."""

import re
from pathlib import Path
from typing import Any

import pandas as pd

from sklearn_ser.datasets._corpus import find_labelled, find_tables, make_bunch, to_float

_GENDERS = {"F": "female", "M": "male"}
_EMOTIONS = {
    "A": "anger",
    "C": "contempt",
    "D": "disgust",
    "F": "fear",
    "H": "happiness",
    "N": "neutral",
    "O": "other",
    "S": "sadness",
    "U": "surprise",
    # No agreement.
    "X": "",
}

# UTD-IMPROV-S01A-F01-P-FM01.avi; H; A:2.600000; V:4.200000; D:2.400000 ; N:3.600000;
_IMPROV_LINE = re.compile(
    r"UTD-IMPROV-(?P<name>S(?P<sentence>\d\d)(?P<target>[AHNS])-(?P<speaker>[FM](?P<session>\d\d))"
    r"-(?P<scenario>[PRST])-\w+)\.avi\s*;\s*(?P<emotion>[AHNOSX])\s*;"
    r"\s*A:(?P<arousal>[\d.]+|NaN)\s*;\s*V:(?P<valence>[\d.]+|NaN)\s*;"
    r"\s*D:(?P<dominance>[\d.]+|NaN)\s*;",
)
_SCENARIOS = {
    "P": "natural interaction",
    "R": "target read",
    "S": "other improvised",
    "T": "target improvised",
}
# The release spells it "Evalution".
_IMPROV_LABELS = ["Evaluation.txt", "Evalution.txt"]
_IMPROV_DESCR = """\
MSP-IMPROV, acted dyadic interactions for the study of emotion perception.

8438 English turns of 12 actors (6 female) in 6 sessions of two. The emotion is the
majority of five raters or more; anger 792, happiness 2644, neutral 3477 and sadness 885 make the
usual 7798 turns. Arousal (called activation there), valence and dominance are means of ratings from
1 to 5.

20 target sentences were each meant for four emotions: read (``frame["scenario"]`` target read) and
within an improvised scene (target improvised). The other turns of these scenes (other improvised)
and talk in the breaks (natural interaction) have free text.

Layout: Evaluation.txt with the labels (spelled Evalution.txt in some releases),
session1/S01A/P/MSP-IMPROV-S01A-F01-P-FM01.wav (sentence and its emotion, actor, scenario, turn).

Licence: research only, on request from the University of Texas at Dallas.
Citation: C. Busso, S. Parthasarathy, A. Burmania, M. AbdelWahab, N. Sadoughi, E. Mower Provost,
"MSP-IMPROV: an acted corpus of dyadic interactions to study emotion perception", IEEE Transactions
on Affective Computing 8(1), 2017, pp. 67-80.
"""

_PODCAST_LABELS = ["labels_consensus.csv", "labels_concensus.csv"]
_PODCAST_COLUMNS = {
    "SpkrID": "speaker",
    "Gender": "gender",
    "EmoClass": "emotion",
    "EmoAct": "arousal",
    "EmoVal": "valence",
    "EmoDom": "dominance",
    "Split_Set": "split",
}
_PODCAST_DESCR = """\
MSP-Podcast, spontaneous emotional speech from podcasts.

English turns of 2.75 to 11 s, 16 kHz; the corpus grows with each release (1.11: 151654 turns, 2.0:
264705): state the release and the number of turns. The emotion is the majority of five raters or
more; arousal, valence and dominance are means of ratings from 1 to 7.

Layout: Labels/labels_consensus.csv (spelled labels_concensus.csv in old releases) and
Audios/MSP-PODCAST_0001_0008.wav (podcast, turn). The official split (``frame["split"]``) keeps
speakers apart as far as they are known. Turns of unknown speakers have an empty speaker: they are
not one person, so leave them out or train on them only.

Licence: research only, on request from the University of Texas at Dallas.
Citation: R. Lotfian, C. Busso, "Building naturalistic emotionally balanced speech corpus by
retrieving emotional speech from existing podcast recordings", IEEE Transactions on Affective
Computing 10(4), 2019, pp. 471-483.
"""


def load_msp_improv(folder: str | Path, *, emotions: str = "all", return_X_y: bool = False) -> Any:
    """Load MSP-IMPROV, 8438 English turns of 12 actors in 6 sessions.

    Parameters
    ----------
    folder : str or Path
        Folder with the corpus, in any layout: it is searched recursively for the labels
        (``Evaluation.txt`` or ``Evalution.txt``) and the turns
        (``MSP-IMPROV-S01A-F01-P-FM01.wav``), wav or flac.
    emotions : {"all", "four"}, default="all"
        All turns, or those of the four emotions that most corpora share: anger, happiness,
        neutral, sadness.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    Bunch or tuple
        As of :func:`load_iemocap`. ``text_id`` is the target sentence, empty where the text is
        free; ``frame`` holds ``scenario`` and ``target_emotion`` (the one that the scene was
        meant for).

    Raises
    ------
    FileNotFoundError
        If the folder does not exist or holds no labels or no turns.
    ValueError
        If a turn is there twice with different content, or a file is not audio.

    Warns
    -----
    UserWarning
        If turns that have labels have no audio; they are left out.

    References
    ----------
    .. [1] C. Busso, S. Parthasarathy, A. Burmania, M. AbdelWahab, N. Sadoughi, E. Mower Provost,
       "MSP-IMPROV: an acted corpus of dyadic interactions to study emotion perception", IEEE
       Transactions on Affective Computing 8(1), 2017, pp. 67-80.

    Examples
    --------
    A file of noise and its label stand in for the corpus:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import soundfile
    >>> from sklearn_ser.datasets import load_msp_improv
    >>> noise = np.random.default_rng(0).normal(scale=0.1, size=16000)
    >>> line = "UTD-IMPROV-S01A-F01-R-FM01.avi; H; A:2.6; V:4.2; D:2.4 ; N:3.6;"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "Evaluation.txt").write_text(line)
    ...     soundfile.write(Path(folder) / "MSP-IMPROV-S01A-F01-R-FM01.wav", noise, 16000)
    ...     corpus = load_msp_improv(folder)
    >>> corpus.frame[["speaker", "session", "text_id", "emotion", "arousal"]]
      speaker session text_id    emotion  arousal
    0     F01      01     S01  happiness      2.6
    """
    rows = {}
    for path in find_tables(folder, _IMPROV_LABELS):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            if match := _IMPROV_LINE.match(line.strip()):
                rows["MSP-IMPROV-" + match["name"]] = _describe_improv(match)
    looked_for = "MSP-IMPROV turns such as MSP-IMPROV-S01A-F01-P-FM01.wav or .flac"
    frame = find_labelled(folder, rows, looked_for)
    return make_bunch(
        frame, name="msp_improv", descr=_IMPROV_DESCR, emotions=emotions, return_X_y=return_X_y
    )


def _describe_improv(label: re.Match[str]) -> dict[str, Any]:
    has_target_text = label["scenario"] in "RT"
    return {
        "speaker": label["speaker"],
        "gender": _GENDERS[label["speaker"][0]],
        "language": "en",
        "session": label["session"],
        "text_id": "S" + label["sentence"] if has_target_text else "",
        "emotion": _EMOTIONS[label["emotion"]],
        "arousal": float(label["arousal"]),
        "valence": float(label["valence"]),
        "dominance": float(label["dominance"]),
        "scenario": _SCENARIOS[label["scenario"]],
        "target_emotion": _EMOTIONS[label["target"]],
    }


def load_msp_podcast(folder: str | Path, *, emotions: str = "all", return_X_y: bool = False) -> Any:
    """Load MSP-Podcast, spontaneous English turns of more than a thousand speakers.

    Parameters
    ----------
    folder : str or Path
        Folder with the corpus, in any layout: it is searched recursively for the labels
        (``labels_consensus.csv`` or ``labels_concensus.csv``) and the turns
        (``MSP-PODCAST_0001_0008.wav``), wav or flac.
    emotions : {"all", "four"}, default="all"
        All turns, or those of the four emotions that most corpora share: anger, happiness,
        neutral, sadness.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    Bunch or tuple
        As of :func:`load_iemocap`, without ``session`` and ``text_id``; ``speaker`` and
        ``gender`` are empty where they are unknown. Ratings go from 1 to 7. ``frame`` holds
        ``split`` (the official one) and ``podcast`` too.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist or holds no labels or no turns.
    ValueError
        If the labels lack a column or hold an unknown emotion, a turn is there twice with
        different content, or a file is not audio.

    Warns
    -----
    UserWarning
        If turns that have labels have no audio; they are left out.

    References
    ----------
    .. [1] R. Lotfian, C. Busso, "Building naturalistic emotionally balanced speech corpus by
       retrieving emotional speech from existing podcast recordings", IEEE Transactions on
       Affective Computing 10(4), 2019, pp. 471-483.

    Examples
    --------
    A file of noise and its label stand in for the corpus:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import soundfile
    >>> from sklearn_ser.datasets import load_msp_podcast
    >>> noise = np.random.default_rng(0).normal(scale=0.1, size=16000)
    >>> table = '''FileName,EmoClass,EmoAct,EmoVal,EmoDom,SpkrID,Gender,Split_Set
    ... MSP-PODCAST_0001_0008.wav,N,2.2,4.0,2.6,30,Male,Test1'''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "labels_consensus.csv").write_text(table)
    ...     soundfile.write(Path(folder) / "MSP-PODCAST_0001_0008.wav", noise, 16000)
    ...     corpus = load_msp_podcast(folder)
    >>> corpus.frame[["speaker", "gender", "emotion", "arousal", "split", "podcast"]]
      speaker gender  emotion  arousal  split podcast
    0      30   male  neutral      2.2  Test1    0001
    """
    rows: dict[str, Any] = {}
    for path in find_tables(folder, _PODCAST_LABELS):
        rows |= _read_podcast(path)
    looked_for = "MSP-Podcast turns such as MSP-PODCAST_0001_0008.wav or .flac"
    frame = find_labelled(folder, rows, looked_for)
    return make_bunch(
        frame, name="msp_podcast", descr=_PODCAST_DESCR, emotions=emotions, return_X_y=return_X_y
    )


def _read_podcast(path: Path) -> dict[str, Any]:
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    if missing := [name for name in ("FileName", *_PODCAST_COLUMNS) if name not in table]:
        raise ValueError(f"{str(path)!r} lacks the columns {missing}; it has {list(table)}")
    if unknown := set(table["EmoClass"]) - set(_EMOTIONS) - {""}:
        raise ValueError(f"{str(path)!r} has unknown values of EmoClass: {sorted(unknown)}")
    frame = table[list(_PODCAST_COLUMNS)].rename(columns=_PODCAST_COLUMNS)
    for dimension in ("arousal", "valence", "dominance"):
        frame[dimension] = to_float(frame[dimension], path)
    frame["emotion"] = frame["emotion"].replace(_EMOTIONS)
    frame["speaker"] = frame["speaker"].replace("Unknown", "")
    frame["gender"] = frame["gender"].str.lower().replace("unknown", "")
    frame["language"] = "en"
    names = table["FileName"].str.removesuffix(".wav")
    frame["podcast"] = names.str.split("_").str[1]
    return dict(zip(names, frame.to_dict("records"), strict=True))
