"""MELD, the multimodal emotion lines dataset."""

from pathlib import Path
from typing import Any

import pandas as pd

from sklearn_ser.datasets._corpus import find_labelled, find_tables, make_bunch

_SPLITS = ("train", "dev", "test")
_COLUMNS = ["Speaker", "Emotion", "Sentiment", "Dialogue_ID", "Utterance_ID"]
_EMOTIONS = {
    "anger": "anger",
    "disgust": "disgust",
    "fear": "fear",
    "joy": "happiness",
    "neutral": "neutral",
    "sadness": "sadness",
    "surprise": "surprise",
}
# Guests are called by first names or by words such as Woman or All.
_GENDERS = {
    "Chandler": "male",
    "Joey": "male",
    "Ross": "male",
    "Monica": "female",
    "Phoebe": "female",
    "Rachel": "female",
}
_DESCR = """\
MELD, multimodal emotion lines dataset.

13708 English utterances from the television series Friends (train 9989, dev 1109, test 2610), 7
emotions and 3 sentiments by the majority of three raters who saw the scene; nearly half is neutral.
Speech is overlaid with laughter and music.

Layout: train_sent_emo.csv, dev_sent_emo.csv, test_sent_emo.csv with the labels; folders whose names
begin with or hold train, dev and test (train_splits, dev_splits_complete,
output_repeated_splits_test) with dia0_utt0.mp4. Extract the audio of each file first, under the
same name: soundfile does not read mp4. Two utterances (train dia125_utt3, dev dia110_utt7) are
known to be broken or missing.

Six actors speak most of it, and all of them are in each of train, dev and test: the official split
is not speaker-independent. Names of guests repeat for different people.

Licence: GPL-3.0 for the labels; the recordings belong to their owners.
Citation: S. Poria, D. Hazarika, N. Majumder, G. Naik, E. Cambria, R. Mihalcea, "MELD: a multimodal
multi-party dataset for emotion recognition in conversations", ACL 2019, pp. 527-536.
"""


def load_meld(folder: str | Path, *, emotions: str = "all", return_X_y: bool = False) -> Any:
    """Load MELD, 13708 English utterances from a television series, 7 emotions.

    Parameters
    ----------
    folder : str or Path
        Folder with the corpus: it is searched recursively for the labels
        (``train_sent_emo.csv``, ``dev_sent_emo.csv``, ``test_sent_emo.csv``, at least one) and
        for the audio of the original files (``dia0_utt0.wav``) in folders whose names hold
        train, dev or test, wav or flac.
    emotions : {"all", "four"}, default="all"
        All utterances, or those of the four emotions that most corpora share: anger, happiness,
        neutral, sadness.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    Bunch or tuple
        As of :func:`load_emodb`, without ``text_id``; ``gender`` is empty for guests. ``frame``
        holds ``sentiment``, ``split`` (the official one) and ``dialogue`` too.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist or holds no labels or no audio.
    ValueError
        If the labels lack a column or hold an unknown emotion, an utterance is there twice with
        different content, or a file is not audio.

    Warns
    -----
    UserWarning
        If utterances that have labels have no audio; they are left out.

    References
    ----------
    .. [1] S. Poria, D. Hazarika, N. Majumder, G. Naik, E. Cambria, R. Mihalcea, "MELD: a
       multimodal multi-party dataset for emotion recognition in conversations", ACL 2019,
       pp. 527-536.

    Examples
    --------
    A file of noise and its label stand in for the corpus:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import soundfile
    >>> from sklearn_ser.datasets import load_meld
    >>> noise = np.random.default_rng(0).normal(scale=0.1, size=16000)
    >>> table = '''Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID
    ... Phoebe,joy,positive,0,0'''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "train_sent_emo.csv").write_text(table)
    ...     audio = Path(folder) / "train_splits"
    ...     audio.mkdir()
    ...     soundfile.write(audio / "dia0_utt0.wav", noise, 16000)
    ...     corpus = load_meld(folder)
    >>> corpus.frame[["speaker", "gender", "emotion", "split", "dialogue"]]
      speaker  gender    emotion  split    dialogue
    0  Phoebe  female  happiness  train  train_dia0
    """
    rows: dict[str, Any] = {}
    for path in find_tables(folder, [f"{split}_sent_emo.csv" for split in _SPLITS]):
        rows |= _read_table(path)
    root = Path(folder).expanduser().resolve()
    frame = find_labelled(
        folder,
        rows,
        "MELD names such as train_splits/dia0_utt0.wav or .flac, extracted from the mp4 files",
        lambda path: _name_of(path, root),
    )
    return make_bunch(frame, name="meld", descr=_DESCR, emotions=emotions, return_X_y=return_X_y)


def _read_table(path: Path) -> dict[str, Any]:
    table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding_errors="replace")
    if missing := [name for name in _COLUMNS if name not in table]:
        raise ValueError(f"{str(path)!r} lacks the columns {missing}; it has {list(table)}")
    if unknown := set(table["Emotion"]) - set(_EMOTIONS):
        raise ValueError(f"{str(path)!r} has unknown values of Emotion: {sorted(unknown)}")
    split = path.name.partition("_")[0]
    return {
        f"{split}_dia{dialogue}_utt{utterance}": {
            "speaker": speaker,
            "gender": _GENDERS.get(speaker, ""),
            "language": "en",
            "emotion": _EMOTIONS[emotion],
            "sentiment": sentiment,
            "split": split,
            "dialogue": f"{split}_dia{dialogue}",
        }
        for speaker, emotion, sentiment, dialogue, utterance in zip(
            *(table[name] for name in _COLUMNS), strict=True
        )
    }


def _name_of(path: Path, root: Path) -> str:
    """Put the split before the name: dia0_utt0 is there in train, dev and test."""
    for folder in path.relative_to(root).parts[-2::-1]:
        for split in _SPLITS:
            if split in folder:
                return f"{split}_{path.stem}"
    return path.stem
