"""RAVDESS, the Ryerson audio-visual database of emotional speech and song."""

from pathlib import Path
from typing import Any

from sklearn_ser.datasets._corpus import FileNames, find_named, make_bunch

_CHANNELS = {"speech": "01", "song": "02"}
_EMOTIONS = {
    "01": "neutral",
    "02": "calm",
    "03": "happiness",
    "04": "sadness",
    "05": "anger",
    "06": "fear",
    "07": "disgust",
    "08": "surprise",
}
_INTENSITIES = {"01": "normal", "02": "strong"}
_DESCR = """\
RAVDESS, Ryerson audio-visual database of emotional speech and song (audio only).

1440 spoken utterances of 24 North American actors (12 female), 2 sentences, 8 acted emotions,
48 kHz; 1012 sung ones beside them. Neutral has half as many utterances as the other emotions.

Licence: CC BY-NC-SA 4.0.
Citation: S. R. Livingstone, F. A. Russo, "The Ryerson Audio-Visual Database of Emotional Speech
and Song (RAVDESS)", PLoS ONE 13(5), 2018, e0196391.
"""


def load_ravdess(
    folder: str | Path,
    *,
    vocal_channel: str = "speech",
    emotions: str = "all",
    return_X_y: bool = False,
) -> Any:
    """Load RAVDESS, 1440 English utterances of 24 actors and 8 emotions.

    Parameters
    ----------
    folder : str or Path
        Folder with the corpus, in any layout: it is searched recursively for the original
        audio-only file names (``03-01-06-01-02-01-12.wav``: modality, vocal channel, emotion,
        intensity, statement, repetition, actor), wav or flac.
    vocal_channel : {"speech", "song"}, default="speech"
        Whether to load the spoken or the sung utterances.
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
        - ``frame``: `data` with ``emotion``, ``intensity`` and ``repetition``.
        - ``name``, ``DESCR``: short name; description, licence and citation.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist or holds no file of the corpus.
    ValueError
        If `vocal_channel` is unknown, an utterance is there twice with different content
        (identical copies count once), or a file is not audio.

    References
    ----------
    .. [1] S. R. Livingstone, F. A. Russo, "The Ryerson Audio-Visual Database of Emotional Speech
       and Song (RAVDESS)", PLoS ONE 13(5), 2018, e0196391.

    Examples
    --------
    A file of noise stands in for the corpus:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import soundfile
    >>> from sklearn_ser.datasets import load_ravdess
    >>> noise = np.random.default_rng(0).normal(scale=0.1, size=48000)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     soundfile.write(Path(folder) / "03-01-05-01-02-01-12.wav", noise, 48000)
    ...     X, y = load_ravdess(folder, return_X_y=True)
    >>> X["speaker"][0], X["gender"][0], y
    ('12', 'female', array(['anger'], dtype='<U5'))
    """
    if vocal_channel not in _CHANNELS:
        raise ValueError(f"vocal_channel must be 'speech' or 'song', got {vocal_channel!r}")
    channel = _CHANNELS[vocal_channel]

    names = FileNames(
        corpus=f"RAVDESS {vocal_channel}",
        example=f"03-{channel}-06-01-02-01-12.wav",
        pattern=rf"03-{channel}-(?P<emotion>0[1-8])-(?P<intensity>0[12])-(?P<text_id>0[12])"
        r"-(?P<repetition>0[12])-(?P<speaker>0[1-9]|1\d|2[0-4])",
        emotions=_EMOTIONS,
        describe=_describe,
    )
    frame = find_named(names, folder)
    return make_bunch(frame, name="ravdess", descr=_DESCR, emotions=emotions, return_X_y=return_X_y)


def _describe(row: dict[str, str]) -> dict[str, str]:
    return {
        "gender": "male" if int(row["speaker"]) % 2 else "female",
        "language": "en",
        "intensity": _INTENSITIES[row["intensity"]],
    }
