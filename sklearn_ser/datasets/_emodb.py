"""EMO-DB, the Berlin database of emotional speech."""

import warnings
from pathlib import Path
from typing import Any

from sklearn_ser.datasets._corpus import FileNames, find_named, make_bunch

_FEMALE = {"08", "09", "13", "14", "16"}
_NAMES = FileNames(
    corpus="EMO-DB",
    example="03a01Fa.wav",
    pattern=r"(?P<speaker>0[389]|1[0-6])(?P<text_id>[ab]\d\d)(?P<emotion>[WLEAFTN])"
    r"(?P<version>[a-z])",
    emotions={
        "W": "anger",
        "L": "boredom",
        "E": "disgust",
        "A": "fear",
        "F": "happiness",
        "T": "sadness",
        "N": "neutral",
    },
    describe=lambda row: {
        "gender": "female" if row["speaker"] in _FEMALE else "male",
        "language": "de",
    },
)
_DESCR = """\
EMO-DB, Berlin database of emotional speech.

535 German utterances of 10 actors (5 female), 10 everyday sentences, 7 acted emotions, 16 kHz.
Speaker 08 has no disgust and speakers 03 and 10 have one such utterance each: pool predictions
over folds before scoring.

Licence: free to use with citation (a later distribution states CC BY 4.0).
Citation: F. Burkhardt, A. Paeschke, M. Rolfes, W. Sendlmeier, B. Weiss, "A database of German
emotional speech", Interspeech 2005, pp. 1517-1520.
"""


def load_emodb(folder: str | Path, *, emotions: str = "all", return_X_y: bool = False) -> Any:
    """Load EMO-DB, 535 German utterances of 10 actors and 7 emotions.

    Parameters
    ----------
    folder : str or Path
        Folder with the corpus, in any layout: it is searched recursively for the original file
        names (``03a01Fa.wav``: speaker, text, emotion, version), wav or flac.
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
        - ``target``: ndarray of str, the emotions; ``target_names``: the distinct ones.
        - ``speaker``, ``gender``: ndarrays of str.
        - ``frame``: `data` with ``emotion`` and ``version``.
        - ``name``, ``DESCR``: short name; description, licence and citation.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist or holds no file of the corpus.
    ValueError
        If an utterance is there twice with different content (identical copies count once), or
        a file is not audio.

    Warns
    -----
    UserWarning
        If most files have one and the same greatest length: a copy cut to 2 seconds is in
        circulation, and results on it cannot be compared with published ones.

    References
    ----------
    .. [1] F. Burkhardt, A. Paeschke, M. Rolfes, W. Sendlmeier, B. Weiss, "A database of German
       emotional speech", Interspeech 2005, pp. 1517-1520.

    Examples
    --------
    Two files of noise stand in for the corpus:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import soundfile
    >>> from sklearn_ser.datasets import load_emodb
    >>> noise = np.random.default_rng(0).normal(scale=0.1, size=16000)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     soundfile.write(Path(folder) / "03a01Fa.wav", noise, 16000)
    ...     soundfile.write(Path(folder) / "08b02Wc.wav", noise[:12000], 16000)
    ...     X, y = load_emodb(folder, return_X_y=True)
    >>> X[["speaker", "gender", "text_id", "duration_s"]]
      speaker  gender text_id  duration_s
    0      03    male     a01        1.00
    1      08  female     b02        0.75
    >>> y
    array(['happiness', 'anger'], dtype='<U9')
    """
    frame = find_named(_NAMES, folder)
    longest = frame["duration_s"].max()
    n_cut = int((frame["duration_s"] == longest).sum())
    if n_cut > 1 and n_cut > len(frame) / 2:
        warnings.warn(
            f"{n_cut} of {len(frame)} files are {longest:g} s long, and none is longer: this is "
            "not the original EMO-DB but a cut copy. Results on it cannot be compared with "
            "published ones.",
            stacklevel=2,
        )
    return make_bunch(frame, name="emodb", descr=_DESCR, emotions=emotions, return_X_y=return_X_y)
