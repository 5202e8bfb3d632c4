"""What the loaders of all corpora share: finding the files, building the Bunch.

A loader of a corpus is a function that turns a file name into a row (a dict), a licence and a
citation; everything else is here.
"""

import filecmp
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import soundfile
from sklearn.utils import Bunch

# The columns that may enter X: they describe the recording. All others (emotion, ratings,
# intensity of acting, ...) are annotations, would leak the answer, and stay in ``frame``.
DESCRIPTORS = (
    "file",
    "start",
    "end",
    "speaker",
    "gender",
    "age",
    "language",
    "session",
    "text_id",
    "corpus",
    "duration_s",
)
_SUFFIXES = {".wav", ".flac"}

ParseName = Callable[[str], dict[str, Any] | None]


def find_utterances(folder: str | Path, parse_name: ParseName, looked_for: str) -> pd.DataFrame:
    """Describe every audio file below a folder whose name the corpus knows.

    Parameters
    ----------
    folder : str or Path
        Folder that is searched recursively for wav and flac files.
    parse_name : callable
        Takes a file name without suffix and returns a row (a dict), or None where the name is
        not of this corpus.
    looked_for : str
        What the names look like, for the error message.

    Returns
    -------
    DataFrame
        One row an utterance, sorted by file name whatever the layout of the folder: ``file``
        (absolute path), the columns of `parse_name`, ``duration_s`` from the file's header.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist or holds no such file.
    ValueError
        If an utterance is there twice with different content, or a file is not audio.
    """
    folder = Path(folder).expanduser().resolve()
    if not folder.is_dir():
        raise FileNotFoundError(f"The folder {str(folder)!r} does not exist; expected {looked_for}")
    rows = {
        path: row
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in _SUFFIXES and (row := parse_name(path.stem)) is not None
    }
    if not rows:
        raise FileNotFoundError(
            f"No utterance of the corpus in {str(folder)!r} or below it: looked for {looked_for}"
        )
    paths = _without_copies(rows)
    frame = pd.DataFrame([rows[path] for path in paths])
    frame.insert(0, "file", [str(path) for path in paths])
    frame["duration_s"] = [_duration(path) for path in paths]
    return frame


def _without_copies(paths: Iterable[Path]) -> list[Path]:
    kept: dict[str, Path] = {}
    for path in paths:
        first = kept.setdefault(path.stem, path)
        # Some distributions contain the corpus twice, byte for byte: that is harmless.
        if first is not path and not filecmp.cmp(first, path, shallow=False):
            raise ValueError(
                f"The utterance {path.stem!r} is there twice, with different content: "
                f"{str(first)!r} and {str(path)!r}. Pass the folder of one copy of the corpus."
            )
    return [kept[stem] for stem in sorted(kept)]


def _duration(path: Path) -> float:
    try:
        info = soundfile.info(path)
    except soundfile.LibsndfileError as error:
        raise ValueError(f"{str(path)!r} cannot be read as audio: {error}") from error
    return info.frames / info.samplerate


def make_bunch(
    frame: pd.DataFrame,
    data: pd.DataFrame | np.ndarray | None = None,
    *,
    descr: str,
    return_X_y: bool,
) -> Any:
    """Return what every loader returns.

    Parameters
    ----------
    frame : DataFrame
        One row an utterance, with ``speaker``, ``emotion`` and more.
    data : DataFrame or ndarray, default=None
        The X of the corpus. None: the descriptive columns of `frame`.
    descr : str
        Description with licence and citation.
    return_X_y : bool
        Whether to return ``(data, target)`` only.

    Returns
    -------
    Bunch or tuple
        With ``data``, ``target``, ``target_names``, ``speaker``, ``frame`` and ``DESCR``; or the
        first two as a tuple.
    """
    if data is None:
        data = frame[[name for name in DESCRIPTORS if name in frame.columns]]
    target = frame["emotion"].to_numpy(dtype=str)
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        target_names=np.unique(target),
        speaker=frame["speaker"].to_numpy(dtype=str),
        frame=frame,
        DESCR=descr,
    )
