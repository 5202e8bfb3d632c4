"""EmoTale, enacted emotional speech in Danish and English."""

from pathlib import Path
from typing import Any

import pandas as pd

from sklearn_ser.datasets._corpus import FileNames, find_named, make_bunch

_LANGUAGES = {"DK": "da", "EN": "en"}
_MALE = {"004", "005", "006", "015", "018", "019"}
_NAMES = FileNames(
    corpus="EmoTale",
    example="DK_004_A_5.wav",
    pattern=r"(?P<language>DK|EN)_(?P<speaker>0(?:0[1345-9]|1\d))_(?P<emotion>[ABHNS])"
    r"_(?P<text_id>[1-5])",
    emotions={"A": "anger", "B": "boredom", "H": "happiness", "N": "neutral", "S": "sadness"},
    describe=lambda row: {
        "gender": "male" if row["speaker"] in _MALE else "female",
        "language": _LANGUAGES[row["language"]],
        "text_id": row["language"] + row["text_id"],
    },
)
_ANNOTATIONS = ("annotations.csv", "index.csv")
_DIMENSIONS = {"arousal": "A", "valence": "V", "dominance": "D"}
_DESCR = """\
EmoTale, enacted emotional speech in Danish and English.

800 utterances (450 Danish, 350 English) of 18 speakers (12 female, 3 children), 5 sentences, 5
enacted emotions with 160 utterances each. Arousal, valence and dominance from 1 to 5 are the
means of three raters' scores.

Licence: all rights reserved by the authors; cite when using it.
Citation: M. J. Hjuler, H. V. Skat-Rørdam, L. H. Clemmensen, S. Das, "EmoTale: An Enacted
Speech-emotion Dataset in Danish", ASRU 2025, arXiv 2508.14548.
"""


def load_emotale(folder: str | Path, *, emotions: str = "all", return_X_y: bool = False) -> Any:
    """Load EmoTale, 800 Danish and English utterances of 18 speakers and 5 emotions.

    Parameters
    ----------
    folder : str or Path
        Folder with the corpus, in any layout: it is searched recursively for the original file
        names (``DK_004_A_5.wav``: language, speaker, emotion, sentence), wav or flac, and for
        the raters' scores (``annotations.csv``, or an ``index.csv`` with the same columns).
    emotions : {"all", "four"}, default="all"
        All utterances, or those of the four emotions that most corpora share: anger, happiness,
        neutral, sadness.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    Bunch or tuple
        - ``data``: DataFrame of utterances, sorted by file name: ``file``, ``speaker``,
          ``gender``, ``language``, ``text_id``, ``duration_s``. It holds no label.
        - ``target``: ndarray of str, the enacted emotions; ``target_names``: the distinct ones.
        - ``speaker``, ``gender``: ndarrays of str.
        - ``frame``: `data` with ``emotion`` and, where the scores were found, ``arousal``,
          ``valence`` and ``dominance``, the means over the raters, from 1 to 5.
        - ``name``, ``DESCR``: short name; description, licence and citation.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist or holds no file of the corpus.
    ValueError
        If an utterance is there twice with different content (identical copies count once), a
        file is not audio, or the scores lack an utterance.

    References
    ----------
    .. [1] M. J. Hjuler, H. V. Skat-Rørdam, L. H. Clemmensen, S. Das, "EmoTale: An Enacted
       Speech-emotion Dataset in Danish", ASRU 2025, arXiv 2508.14548.

    Examples
    --------
    A file of noise and one line of scores stand in for the corpus:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import soundfile
    >>> from sklearn_ser.datasets import load_emotale
    >>> noise = np.random.default_rng(0).normal(scale=0.1, size=16000)
    >>> scores = ",".join(f"a{rater}_{d}" for rater in (1, 2, 3) for d in "AVD")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     soundfile.write(Path(folder) / "DK_004_A_5.wav", noise, 16000)
    ...     with open(Path(folder) / "annotations.csv", "w") as table:
    ...         print(f"file,{scores}", file=table)
    ...         print("DK_004_A_5.wav,4,1,5,5,1,5,3,1,5", file=table)
    ...     corpus = load_emotale(folder)
    >>> corpus.frame[["emotion", "arousal", "valence", "dominance"]]
      emotion  arousal  valence  dominance
    0   anger      4.0      1.0        5.0
    """
    frame = find_named(_NAMES, folder)
    for name in _ANNOTATIONS:
        for path in sorted(Path(folder).expanduser().rglob(name)):
            scores = pd.read_csv(path)
            if "arousal" not in frame and "file" in scores and "a1_A" in scores:
                frame = frame.join(_mean_scores(scores, frame["file"], path))
    return make_bunch(frame, name="emotale", descr=_DESCR, emotions=emotions, return_X_y=return_X_y)


def _mean_scores(scores: pd.DataFrame, files: pd.Series, path: Path) -> pd.DataFrame:
    """Return the raters' mean scores of the files, which may have another suffix than there."""
    scores = scores.set_index(scores["file"].map(lambda name: Path(name).stem))
    stems = files.map(lambda name: Path(name).stem)
    if missing := set(stems) - set(scores.index):
        raise ValueError(f"{str(path)!r} has no scores of {sorted(missing)[:3]} ({len(missing)})")
    scores = scores.loc[stems].reset_index(drop=True)
    return pd.DataFrame(
        {
            dimension: scores.filter(regex=rf"^a\d_{letter}$").mean(axis=1)
            for dimension, letter in _DIMENSIONS.items()
        }
    )
