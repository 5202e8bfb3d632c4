"""ESD (Mandarin and English), ShEMO (Persian) and URDU: corpora whose file names say everything."""

import warnings
from pathlib import Path
from typing import Any

from sklearn_ser.datasets._corpus import FileNames, find_named, make_bunch

_ESD_EMOTIONS = ("neutral", "anger", "happiness", "sadness", "surprise")
_ESD_N_TEXTS = 350
_ESD_FEMALE = {
    *("0001", "0002", "0003", "0007", "0009"),
    *("0015", "0016", "0017", "0018", "0019"),
}


def _describe_esd(row: dict[str, str]) -> dict[str, str]:
    language = "zh" if row["speaker"] <= "0010" else "en"
    text = (int(row["emotion"]) - 1) % _ESD_N_TEXTS + 1
    return {
        "gender": "female" if row["speaker"] in _ESD_FEMALE else "male",
        "language": language,
        "text_id": f"{language}{text:03d}",
    }


_ESD = FileNames(
    corpus="ESD",
    example="0011_000351.wav",
    pattern=r"(?P<speaker>00(?:0[1-9]|1\d|20))_00(?P<emotion>\d{4})",
    # The number of the utterance tells the emotion: 350 sentences, emotion after emotion.
    emotions={
        f"{number:04d}": _ESD_EMOTIONS[(number - 1) // _ESD_N_TEXTS]
        for number in range(1, _ESD_N_TEXTS * len(_ESD_EMOTIONS) + 1)
    },
    describe=_describe_esd,
)
_ESD_DESCR = """\
ESD, emotional speech database.

35000 utterances of 10 native speakers of Mandarin (0001 to 0010, 5 female) and 10 of English (0011
to 0020, 5 female), 350 sentences a language, 5 acted emotions (7000 utterances each), 16 kHz.
Layout: 0011/Angry/train/0011_000351.wav (speaker, number), with or without the folders train, test
and evaluation. The number tells emotion and sentence.

The folders train, test and evaluation part sentences, not speakers: do not evaluate on them.

Licence: research only.
Citation: K. Zhou, B. Sisman, R. Liu, H. Li, "Emotional voice conversion: theory, databases and
ESD", Speech Communication 137, 2022, pp. 1-18.
"""

_SHEMO = FileNames(
    corpus="ShEMO",
    example="F01A01.wav",
    pattern=r"(?P<speaker>[FM]\d\d)(?P<emotion>[AFHNSW])(?P<number>\d{2,3})",
    emotions={
        "A": "anger",
        "F": "fear",
        "H": "happiness",
        "N": "neutral",
        "S": "sadness",
        "W": "surprise",
    },
    describe=lambda row: {
        "gender": "female" if row["speaker"].startswith("F") else "male",
        "language": "fa",
    },
)
_SHEMO_DESCR = """\
ShEMO, Sharif emotional speech database.

3000 Persian utterances of 87 speakers (31 female) from radio plays, 6 emotions by the majority of
12 raters (anger 1059, neutral 1028, sadness 449, surprise 225, happiness 201, fear 38), 44.1 kHz.
Layout: female/F01A01.wav (speaker, emotion, number). Fear is too rare for most purposes and
lacks in whole folds of speakers: pool predictions over folds before scoring.

Licence: free for research; none is stated.
Citation: O. Mohamad Nezami, P. Jamshid Lou, M. Karami, "ShEMO: a large-scale validated database
for Persian speech emotion detection", Language Resources and Evaluation 53(1), 2019, pp. 1-16.
"""

_URDU = FileNames(
    corpus="URDU",
    example="SM1_F10_A010.wav",
    pattern=r"(?P<speaker>S[FM]\d+)_F(?P<number>\d+)_(?P<emotion>[AHNS])\d+",
    emotions={"A": "anger", "H": "happiness", "N": "neutral", "S": "sadness"},
    describe=lambda row: {
        "gender": "female" if row["speaker"].startswith("SF") else "male",
        "language": "ur",
    },
)
_URDU_DESCR = """\
URDU, spontaneous Urdu speech from television talk shows.

400 Urdu utterances of 2.5 s, 4 emotions (100 utterances each), 44.1 kHz. Layout:
Angry/SM1_F10_A010.wav (speaker, number, emotion). The description speaks of 38 speakers, the names
hold 29.

Speaker and emotion are confounded: 26 of the 29 speakers occur with one emotion only. A random
split measures who speaks; statistics of each speaker carry the label away, so that
SpeakerNormalizer must not be used. Keep speakers apart and score pooled predictions.

Licence: free for research; none is stated.
Citation: S. Latif, A. Qayyum, M. Usman, J. Qadir, "Cross lingual speech emotion recognition: Urdu
vs. western languages", FIT 2018, pp. 88-93.
"""


def load_esd(folder: str | Path, *, emotions: str = "all", return_X_y: bool = False) -> Any:
    """Load ESD, 35000 Mandarin and English utterances of 20 speakers and 5 emotions.

    Parameters
    ----------
    folder : str or Path
        Folder with the corpus, in any layout: it is searched recursively for the original file
        names (``0011_000351.wav``: speaker, number), wav or flac.
    emotions : {"all", "four"}, default="all"
        All utterances, or those of the four emotions that most corpora share: anger, happiness,
        neutral, sadness.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    Bunch or tuple
        As of :func:`load_emodb`. ``language`` is zh or en; ``text_id`` is the same for all
        speakers of a language and all emotions.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist or holds no file of the corpus.
    ValueError
        If an utterance is there twice with different content, or a file is not audio.

    References
    ----------
    .. [1] K. Zhou, B. Sisman, R. Liu, H. Li, "Emotional voice conversion: theory, databases and
       ESD", Speech Communication 137, 2022, pp. 1-18.

    Examples
    --------
    A file of noise stands in for the corpus:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import soundfile
    >>> from sklearn_ser.datasets import load_esd
    >>> noise = np.random.default_rng(0).normal(scale=0.1, size=16000)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     soundfile.write(Path(folder) / "0016_000699.wav", noise, 16000)
    ...     X, y = load_esd(folder, return_X_y=True)
    >>> X["speaker"][0], X["gender"][0], X["text_id"][0], str(y[0])
    ('0016', 'female', 'en349', 'anger')
    """
    frame = find_named(_ESD, folder)
    return make_bunch(frame, name="esd", descr=_ESD_DESCR, emotions=emotions, return_X_y=return_X_y)


def load_shemo(folder: str | Path, *, emotions: str = "all", return_X_y: bool = False) -> Any:
    """Load ShEMO, 3000 Persian utterances of 87 speakers and 6 emotions.

    Parameters
    ----------
    folder : str or Path
        Folder with the corpus, in any layout: it is searched recursively for the original file
        names (``F01A01.wav``: speaker, emotion, number), wav or flac.
    emotions : {"all", "four"}, default="all"
        All utterances, or those of the four emotions that most corpora share: anger, happiness,
        neutral, sadness.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    Bunch or tuple
        As of :func:`load_emodb`, without ``text_id``. ``frame`` holds ``number`` too.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist or holds no file of the corpus.
    ValueError
        If an utterance is there twice with different content, or a file is not audio.

    References
    ----------
    .. [1] O. Mohamad Nezami, P. Jamshid Lou, M. Karami, "ShEMO: a large-scale validated database
       for Persian speech emotion detection", Language Resources and Evaluation 53(1), 2019,
       pp. 1-16.

    Examples
    --------
    A file of noise stands in for the corpus:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import soundfile
    >>> from sklearn_ser.datasets import load_shemo
    >>> noise = np.random.default_rng(0).normal(scale=0.1, size=16000)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     soundfile.write(Path(folder) / "M09A04.wav", noise, 16000)
    ...     X, y = load_shemo(folder, return_X_y=True)
    >>> X["speaker"][0], X["gender"][0], str(y[0])
    ('M09', 'male', 'anger')
    """
    frame = find_named(_SHEMO, folder)
    return make_bunch(
        frame, name="shemo", descr=_SHEMO_DESCR, emotions=emotions, return_X_y=return_X_y
    )


def load_urdu(folder: str | Path, *, emotions: str = "all", return_X_y: bool = False) -> Any:
    """Load URDU, 400 Urdu utterances of 29 speakers and 4 emotions.

    Parameters
    ----------
    folder : str or Path
        Folder with the corpus, in any layout: it is searched recursively for the original file
        names (``SM1_F10_A010.wav``: speaker, number, emotion), wav or flac.
    emotions : {"all", "four"}, default="all"
        All utterances, or those of the four emotions that most corpora share. URDU has no
        others.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    Bunch or tuple
        As of :func:`load_emodb`, without ``text_id``. ``frame`` holds ``number`` too.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist or holds no file of the corpus.
    ValueError
        If an utterance is there twice with different content, or a file is not audio.

    Warns
    -----
    UserWarning
        If most speakers have one emotion only, as in the corpus: who speaks then gives the
        emotion away.

    References
    ----------
    .. [1] S. Latif, A. Qayyum, M. Usman, J. Qadir, "Cross lingual speech emotion recognition:
       Urdu vs. western languages", FIT 2018, pp. 88-93.

    Examples
    --------
    A file of noise stands in for the corpus:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import soundfile
    >>> from sklearn_ser.datasets import load_urdu
    >>> noise = np.random.default_rng(0).normal(scale=0.1, size=16000)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     soundfile.write(Path(folder) / "SF9_F1_N01.wav", noise, 16000)
    ...     X, y = load_urdu(folder, return_X_y=True)
    >>> X["speaker"][0], X["gender"][0], str(y[0])
    ('SF9', 'female', 'neutral')
    """
    frame = find_named(_URDU, folder)
    n_emotions = frame.groupby("speaker")["emotion"].nunique()
    n_confounded = int((n_emotions == 1).sum())
    if n_confounded > len(n_emotions) / 2:
        warnings.warn(
            f"{n_confounded} of the {len(n_emotions)} speakers of URDU have one emotion only: keep "
            "speakers apart, score pooled predictions and do not normalise speakers.",
            stacklevel=2,
        )
    return make_bunch(
        frame, name="urdu", descr=_URDU_DESCR, emotions=emotions, return_X_y=return_X_y
    )
