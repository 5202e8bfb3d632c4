"""IEMOCAP, the interactive emotional dyadic motion capture database."""

import re
from pathlib import Path
from typing import Any

from sklearn_ser.datasets._corpus import find_labelled, find_tables, make_bunch

# [6.2901 - 8.2357]	Ses01F_impro01_F000	neu	[2.5000, 2.5000, 2.5000]
_LINE = re.compile(
    r"\[[\d.]+ - [\d.]+\]\t(?P<name>\w+)\t(?P<emotion>[a-z]{3})\t"
    r"\[(?P<valence>[\d.]+), (?P<arousal>[\d.]+), (?P<dominance>[\d.]+)\]"
)
# The first gender is that of the actor who wears the markers, the second that of the speaker.
_NAME = re.compile(
    r"Ses(?P<session>\d\d)[FM]_(?P<scenario>impro|script)(?P<scene>\w+)_(?P<gender>[FM])\w+"
)
_SCENARIOS = {"impro": "improvised", "script": "scripted"}
_GENDERS = {"F": "female", "M": "male"}
_EMOTIONS = {
    "ang": "anger",
    "dis": "disgust",
    "exc": "excitement",
    "fea": "fear",
    "fru": "frustration",
    "hap": "happiness",
    "neu": "neutral",
    "oth": "other",
    "sad": "sadness",
    "sur": "surprise",
    "xxx": "",
}
_LABELS = "EmoEvaluation/Ses*.txt"
_DESCR = """\
IEMOCAP, interactive emotional dyadic motion capture database.

10039 English turns of 10 actors (5 female) in 5 sessions of two, improvised and scripted, 16 kHz.
The emotion is the majority of three raters or more: anger 1103, happiness 595, excitement 1041,
neutral 1708, sadness 1084, frustration 1849, surprise 107, fear 40, other 3, disgust 2, none 2507.
With excitement joined to happiness the four common emotions make 5531 turns. Valence, arousal
(called activation there) and dominance are means of ratings from 1 to 5.

Layout: Session1/dialog/EmoEvaluation/Ses01F_impro01.txt with the labels,
Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav with the turns.

The scripts are the same in all sessions: a model may know the words of the test session, and with
them the emotion. ``text_id`` names the script; many works use the improvised turns alone
(``frame["scenario"]``).

Licence: research only, on request from the University of Southern California.
Citation: C. Busso, M. Bulut, C.-C. Lee, A. Kazemzadeh, E. Mower, S. Kim, J. N. Chang, S. Lee,
S. S. Narayanan, "IEMOCAP: interactive emotional dyadic motion capture database", Language Resources
and Evaluation 42(4), 2008, pp. 335-359.
"""


def load_iemocap(
    folder: str | Path,
    *,
    emotions: str = "all",
    join_excitement: bool = True,
    return_X_y: bool = False,
) -> Any:
    r"""Load IEMOCAP, 10039 English turns of 10 actors in 5 sessions.

    Parameters
    ----------
    folder : str or Path
        Folder with the corpus, or with some of its sessions: it is searched recursively for the
        labels (``EmoEvaluation/Ses01F_impro01.txt``) and the turns
        (``Ses01F_impro01_F000.wav``), wav or flac.
    emotions : {"all", "four"}, default="all"
        All turns, or those of the four emotions that most corpora share: anger, happiness,
        neutral, sadness.
    join_excitement : bool, default=True
        Whether excitement counts as happiness, as in most works on four emotions (5531 turns;
        4490 without).
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    Bunch or tuple
        - ``data``: DataFrame of turns, sorted by file name: ``file``, ``speaker``, ``gender``,
          ``language``, ``session``, ``text_id`` (the script, empty where improvised),
          ``duration_s``. It holds no label.
        - ``target``: ndarray of str, the emotions, empty where the raters did not agree;
          ``target_names``: the distinct ones.
        - ``speaker``, ``gender``: ndarrays of str.
        - ``frame``: `data` with ``emotion``, ``arousal``, ``valence``, ``dominance`` (1 to 5) and
          ``scenario`` (improvised or scripted).
        - ``name``, ``DESCR``: short name; description, licence and citation.

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
    .. [1] C. Busso, M. Bulut, C.-C. Lee, A. Kazemzadeh, E. Mower, S. Kim, J. N. Chang, S. Lee,
       S. S. Narayanan, "IEMOCAP: interactive emotional dyadic motion capture database", Language
       Resources and Evaluation 42(4), 2008, pp. 335-359.

    Examples
    --------
    A file of noise and its label stand in for the corpus:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import soundfile
    >>> from sklearn_ser.datasets import load_iemocap
    >>> noise = np.random.default_rng(0).normal(scale=0.1, size=16000)
    >>> line = "[6.29 - 7.29]\tSes01F_script01_1_M000\texc\t[4.0000, 3.5000, 3.0000]\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     labels = Path(folder) / "Session1" / "dialog" / "EmoEvaluation"
    ...     labels.mkdir(parents=True)
    ...     _ = (labels / "Ses01F_script01_1.txt").write_text(line)
    ...     soundfile.write(Path(folder) / "Session1" / "Ses01F_script01_1_M000.wav", noise, 16000)
    ...     corpus = load_iemocap(folder)
    >>> corpus.frame[["speaker", "session", "text_id", "emotion", "valence"]]
      speaker session     text_id    emotion  valence
    0  Ses01M      01  script01_1  happiness      4.0
    """
    rows = {}
    for path in find_tables(folder, [_LABELS]):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            if match := _LINE.match(line):
                if match["emotion"] not in _EMOTIONS:
                    raise ValueError(
                        f"{str(path)!r} has the unknown emotion {match['emotion']!r} for "
                        f"{match['name']!r}; the emotions are {sorted(_EMOTIONS)}"
                    )
                row = _describe(match)
                if join_excitement and row["emotion"] == "excitement":
                    row["emotion"] = "happiness"
                rows[match["name"]] = row
    frame = find_labelled(folder, rows, "IEMOCAP turns such as Ses01F_impro01_F000.wav or .flac")
    return make_bunch(frame, name="iemocap", descr=_DESCR, emotions=emotions, return_X_y=return_X_y)


def _describe(label: re.Match[str]) -> dict[str, Any]:
    name = _NAME.fullmatch(label["name"])
    if name is None:
        raise ValueError(f"{label['name']!r} is no name of a turn of IEMOCAP")
    # script01_1b is a second recording of script01_1.
    script = "" if name["scenario"] == "impro" else "script" + name["scene"].rstrip("b")
    return {
        "speaker": f"Ses{name['session']}{name['gender']}",
        "gender": _GENDERS[name["gender"]],
        "language": "en",
        "session": name["session"],
        "text_id": script,
        "emotion": _EMOTIONS[label["emotion"]],
        "arousal": float(label["arousal"]),
        "valence": float(label["valence"]),
        "dominance": float(label["dominance"]),
        "scenario": _SCENARIOS[name["scenario"]],
    }
