"""EMO-DB, the Berlin database of emotional speech."""

import re
import warnings
from pathlib import Path
from typing import Any

from sklearn_ser.datasets._corpus import find_utterances, make_bunch

_NAME = re.compile(r"(?P<speaker>\d\d)(?P<text>[ab]\d\d)(?P<emotion>[WLEAFTN])(?P<version>[a-z])")
_EMOTIONS = {
    "W": "anger",
    "L": "boredom",
    "E": "disgust",
    "A": "fear",
    "F": "happiness",
    "T": "sadness",
    "N": "neutral",
}
_FEMALE = {"08", "09", "13", "14", "16"}
_MALE = {"03", "10", "11", "12", "15"}
_DESCR = """\
EMO-DB, Berlin database of emotional speech.

535 German utterances of 10 actors (5 female), 10 everyday sentences, 7 acted emotions, 16 kHz.
Speaker 08 has no disgust and speakers 03 and 10 have one such utterance each: pool predictions
over folds before scoring.

Licence: free to use with citation (a later distribution states CC BY 4.0).
Citation: F. Burkhardt, A. Paeschke, M. Rolfes, W. Sendlmeier, B. Weiss, "A database of German
emotional speech", Interspeech 2005, pp. 1517-1520.
"""


def load_emodb(folder: str | Path, *, return_X_y: bool = False) -> Any:
    """Load EMO-DB, 535 German utterances of 10 actors and 7 emotions.

    Parameters
    ----------
    folder : str or Path
        Folder with the corpus, in any layout: it is searched recursively for the original file
        names (``03a01Fa.wav``: speaker, text, emotion, version), wav or flac.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    Bunch or tuple
        - ``data``: DataFrame of utterances, sorted by file name: ``file``, ``speaker``,
          ``gender``, ``language``, ``text_id``, ``duration_s``. It holds no label.
        - ``target``: ndarray of str, the emotions; ``target_names``: the distinct ones.
        - ``speaker``: ndarray of str.
        - ``frame``: `data` with ``emotion`` and ``version``.
        - ``DESCR``: description, licence and citation.

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
        If all files have the same length: a copy cut to 2 seconds is in circulation, and
        results on it cannot be compared with published ones.

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
    frame = find_utterances(folder, _parse_name, "EMO-DB names such as 03a01Fa.wav or .flac")
    if len(frame) > 1 and frame["duration_s"].nunique() == 1:
        warnings.warn(
            f"All {len(frame)} files are {frame['duration_s'].iloc[0]:g} s long: this is not the "
            "original EMO-DB but a cut copy. Results on it cannot be compared with published ones.",
            stacklevel=2,
        )
    return make_bunch(frame, descr=_DESCR, return_X_y=return_X_y)


def _parse_name(stem: str) -> dict[str, str] | None:
    match = _NAME.fullmatch(stem)
    if match is None or match["speaker"] not in _FEMALE | _MALE:
        return None
    return {
        "speaker": match["speaker"],
        "gender": "female" if match["speaker"] in _FEMALE else "male",
        "language": "de",
        "text_id": match["text"],
        "emotion": _EMOTIONS[match["emotion"]],
        "version": match["version"],
    }
