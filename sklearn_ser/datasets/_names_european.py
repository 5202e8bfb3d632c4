"""AESDD (Greek), EMOVO (Italian) and nEMO (Polish): corpora whose file names say everything."""

import warnings
from pathlib import Path
from typing import Any

import soundfile

from sklearn_ser.datasets._corpus import FileNames, find_named, make_bunch

_AESDD_IMPROVISED = "20"
_AESDD = FileNames(
    corpus="AESDD",
    example="'a01 (1).wav'",
    pattern=r"(?P<emotion>[adfhs])(?P<text_id>[01]\d|20) \((?P<speaker>\d\d?)\)(?P<take>[a-z]?)",
    emotions={
        "a": "anger",
        "d": "disgust",
        "f": "fear",
        "h": "happiness",
        "s": "sadness",
    },
    # Some names say (01) where the others say (1).
    describe=lambda row: {
        "speaker": row["speaker"].lstrip("0"),
        "gender": "",
        "language": "el",
        "text_id": "" if row["text_id"] == _AESDD_IMPROVISED else row["text_id"],
    },
)
_AESDD_DESCR = """\
AESDD, acted emotional speech dynamic database.

About 600 Greek utterances of 6 actors (5 in the first version: 3 female), 19 sentences and one
improvised utterance (20), 5 acted emotions, no neutral, 44.1 kHz. Layout: anger/a01 (1).wav
(emotion, sentence, actor; a letter after the actor is a further take). The corpus grows: state the
version and the number of utterances. The names do not say who is female.

Licence: free for research; a copy states CC BY 4.0.
Citation: N. Vryzas, R. Kotsakis, A. Liatsou, C. A. Dimoulas, G. Kalliris, "Speech emotion
recognition for performance interaction", Journal of the Audio Engineering Society 66(6), 2018,
pp. 457-467.
"""

_EMOVO = FileNames(
    corpus="EMOVO",
    example="dis-f1-b1.wav",
    pattern=r"(?P<emotion>dis|gio|neu|pau|rab|sor|tri)-(?P<speaker>[fm][1-3])"
    r"-(?P<text_id>b[1-3]|d[12]|l[1-4]|n[1-5])",
    emotions={
        "dis": "disgust",
        "gio": "happiness",
        "neu": "neutral",
        "pau": "fear",
        "rab": "anger",
        "sor": "surprise",
        "tri": "sadness",
    },
    describe=lambda row: {
        "gender": "female" if row["speaker"].startswith("f") else "male",
        "language": "it",
    },
)
_EMOVO_DESCR = """\
EMOVO, an Italian emotional speech database.

588 Italian utterances of 6 actors (3 female), 14 sentences (n1 to n5 are nonsense), 7 acted
emotions (84 utterances each), 48 kHz, two channels. Layout: f1/dis-f1-b1.wav (emotion, actor,
sentence).

The two channels are two microphones at different places: their mean filters speech like a comb.
Choose one of them, for example OpenSmileFeatures(channel=0).

Licence: free for research; none is stated.
Citation: G. Costantini, I. Iaderola, A. Paoloni, M. Todisco, "EMOVO corpus: an Italian emotional
speech database", LREC 2014, pp. 3501-3504.
"""

_NEMO_FEMALE = {"EB0", "IC0", "KD0", "MK0"}
_NEMO = FileNames(
    corpus="nEMO",
    example="EB0_anger_1.wav",
    pattern=r"(?P<speaker>(?:EB|IC|KD|KS|MK|MP|SM|TP|WR)0)_(?P<emotion>[a-z]+)_(?P<text_id>\d\d?)",
    emotions={
        "anger": "anger",
        "fear": "fear",
        "happiness": "happiness",
        "neutral": "neutral",
        "sadness": "sadness",
        "surprised": "surprise",
    },
    describe=lambda row: {
        "gender": "female" if row["speaker"] in _NEMO_FEMALE else "male",
        "language": "pl",
    },
)
_NEMO_DESCR = """\
nEMO, emotional speech in Polish.

4481 Polish utterances of 9 actors (4 female), 90 sentences, 6 acted emotions, 24 kHz. Layout:
samples/EB0_anger_1.wav (actor, emotion, sentence) beside data.tsv, which is not needed.

Licence: CC BY-NC-SA 4.0.
Citation: I. Christop, "nEMO: dataset of emotional speech in Polish", LREC-COLING 2024,
pp. 12111-12116.
"""


def load_aesdd(folder: str | Path, *, emotions: str = "all", return_X_y: bool = False) -> Any:
    """Load AESDD, some 600 Greek utterances of 6 actors and 5 emotions.

    Parameters
    ----------
    folder : str or Path
        Folder with the corpus, in any layout: it is searched recursively for the original file
        names (``a01 (1).wav``: emotion, sentence, actor), wav or flac.
    emotions : {"all", "four"}, default="all"
        All utterances, or those of the four emotions that most corpora share: anger, happiness,
        neutral, sadness. AESDD has no neutral.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    Bunch or tuple
        As of :func:`load_emodb`. ``gender`` is unknown, ``text_id`` empty where the actor
        improvised. ``frame`` holds ``take`` too, empty unless there are several.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist or holds no file of the corpus.
    ValueError
        If an utterance is there twice with different content, or a file is not audio.

    References
    ----------
    .. [1] N. Vryzas, R. Kotsakis, A. Liatsou, C. A. Dimoulas, G. Kalliris, "Speech emotion
       recognition for performance interaction", Journal of the Audio Engineering Society 66(6),
       2018, pp. 457-467.

    Examples
    --------
    A file of noise stands in for the corpus:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import soundfile
    >>> from sklearn_ser.datasets import load_aesdd
    >>> noise = np.random.default_rng(0).normal(scale=0.1, size=16000)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     soundfile.write(Path(folder) / "f18 (5)b.wav", noise, 16000)
    ...     corpus = load_aesdd(folder)
    >>> corpus.frame[["speaker", "text_id", "emotion", "take"]]
      speaker text_id emotion take
    0       5      18    fear    b
    """
    frame = find_named(_AESDD, folder)
    return make_bunch(
        frame, name="aesdd", descr=_AESDD_DESCR, emotions=emotions, return_X_y=return_X_y
    )


def load_emovo(folder: str | Path, *, emotions: str = "all", return_X_y: bool = False) -> Any:
    """Load EMOVO, 588 Italian utterances of 6 actors and 7 emotions.

    Parameters
    ----------
    folder : str or Path
        Folder with the corpus, in any layout: it is searched recursively for the original file
        names (``dis-f1-b1.wav``: emotion, actor, sentence), wav or flac.
    emotions : {"all", "four"}, default="all"
        All utterances, or those of the four emotions that most corpora share: anger, happiness,
        neutral, sadness.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    Bunch or tuple
        As of :func:`load_emodb`.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist or holds no file of the corpus.
    ValueError
        If an utterance is there twice with different content, or a file is not audio.

    Warns
    -----
    UserWarning
        If the files have two channels, as the original ones: these are two microphones, and
        their mean, the default of the extractors, filters speech like a comb.

    References
    ----------
    .. [1] G. Costantini, I. Iaderola, A. Paoloni, M. Todisco, "EMOVO corpus: an Italian emotional
       speech database", LREC 2014, pp. 3501-3504.

    Examples
    --------
    A file of noise stands in for the corpus:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import soundfile
    >>> from sklearn_ser.datasets import load_emovo
    >>> noise = np.random.default_rng(0).normal(scale=0.1, size=16000)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     soundfile.write(Path(folder) / "gio-f2-b2.wav", noise, 16000)
    ...     X, y = load_emovo(folder, return_X_y=True)
    >>> X["speaker"][0], X["gender"][0], X["text_id"][0], str(y[0])
    ('f2', 'female', 'b2', 'happiness')
    """
    frame = find_named(_EMOVO, folder)
    if soundfile.info(frame["file"].iloc[0]).channels > 1:
        warnings.warn(
            "The channels of EMOVO are two microphones at different places, and their mean filters "
            "speech like a comb: give the extractor one of them, for example channel=0.",
            stacklevel=2,
        )
    return make_bunch(
        frame, name="emovo", descr=_EMOVO_DESCR, emotions=emotions, return_X_y=return_X_y
    )


def load_nemo(folder: str | Path, *, emotions: str = "all", return_X_y: bool = False) -> Any:
    """Load nEMO, 4481 Polish utterances of 9 actors and 6 emotions.

    Parameters
    ----------
    folder : str or Path
        Folder with the corpus, in any layout: it is searched recursively for the original file
        names (``EB0_anger_1.wav``: actor, emotion, sentence), wav or flac.
    emotions : {"all", "four"}, default="all"
        All utterances, or those of the four emotions that most corpora share: anger, happiness,
        neutral, sadness.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    Bunch or tuple
        As of :func:`load_emodb`.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist or holds no file of the corpus.
    ValueError
        If an utterance is there twice with different content, or a file is not audio.

    References
    ----------
    .. [1] I. Christop, "nEMO: dataset of emotional speech in Polish", LREC-COLING 2024,
       pp. 12111-12116.

    Examples
    --------
    A file of noise stands in for the corpus:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import soundfile
    >>> from sklearn_ser.datasets import load_nemo
    >>> noise = np.random.default_rng(0).normal(scale=0.1, size=16000)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     soundfile.write(Path(folder) / "EB0_surprised_48.wav", noise, 16000)
    ...     X, y = load_nemo(folder, return_X_y=True)
    >>> X["speaker"][0], X["gender"][0], X["text_id"][0], str(y[0])
    ('EB0', 'female', '48', 'surprise')
    """
    frame = find_named(_NEMO, folder)
    return make_bunch(
        frame, name="nemo", descr=_NEMO_DESCR, emotions=emotions, return_X_y=return_X_y
    )
