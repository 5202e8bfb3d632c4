"""Any corpus that an index file describes."""

from pathlib import Path
from typing import Any

import pandas as pd

from sklearn_ser.datasets._corpus import check_files_exist, make_bunch, to_float

_REQUIRED = ("file", "speaker")
_NUMERIC = ("start", "end", "duration_s", "arousal", "valence", "dominance")


def load_index(
    folder: str | Path,
    index: str | Path = "index.csv",
    *,
    emotions: str = "all",
    return_X_y: bool = False,
) -> Any:
    """Load any corpus that a CSV index describes.

    Parameters
    ----------
    folder : str or Path
        Folder that the paths in the index are relative to.
    index : str or Path, default="index.csv"
        The index, relative to `folder` unless absolute. The columns ``file`` and ``speaker`` are
        needed, ``emotion`` but for a corpus without labels. Everything is read as strings, so
        that speaker ids keep their leading zeros and empty fields stay empty strings, except
        ``start``, ``end``, ``duration_s``, ``arousal``, ``valence`` and ``dominance``, which
        become floats (NaN where empty).
    emotions : {"all", "four"}, default="all"
        All utterances, or those of the four emotions that most corpora share: anger, happiness,
        neutral, sadness.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    Bunch or tuple
        - ``data``: DataFrame of utterances, sorted by file: ``file`` (absolute path) and those
          of ``start``, ``end``, ``speaker``, ``gender``, ``age``, ``language``, ``session``,
          ``text_id``, ``corpus``, ``duration_s`` that the index has. It holds no label.
        - ``target``: ndarray of str, the emotions, empty where there is no label;
          ``target_names``: the distinct ones.
        - ``speaker``, ``gender``: ndarrays of str, empty where unknown.
        - ``frame``: all columns of the index, labels and ratings included.
        - ``name``: the name of the folder.
        - ``DESCR``: where the index is and what it holds; the licence is the corpus's own.

    Raises
    ------
    FileNotFoundError
        If the index or a file that it names does not exist.
    ValueError
        If the index is empty, lacks a column, names an utterance twice, or holds text in a
        column of numbers.

    Examples
    --------
    >>> import pandas as pd, tempfile
    >>> from sklearn_ser.datasets import load_index, make_emotional_speech
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     corpus = make_emotional_speech(2, n_utterances=1, random_state=0, folder=folder)
    ...     corpus.frame.to_csv(f"{folder}/index.csv", index=False)
    ...     X, y = load_index(folder, return_X_y=True)
    >>> X["speaker"].unique().tolist()
    ['01', '02']
    """
    folder = Path(folder).expanduser().resolve()
    path = folder / index
    if not path.is_file():
        raise FileNotFoundError(f"There is no index {str(path)!r}: pass `index` or make one")
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    if missing := [name for name in _REQUIRED if name not in frame.columns]:
        raise ValueError(
            f"The index {str(path)!r} lacks the columns {missing}; it has {list(frame.columns)}"
        )
    frame["emotion"] = frame.get("emotion", "")
    if frame.empty:
        raise ValueError(f"The index {str(path)!r} has no rows")
    for name in frame.columns.intersection(list(_NUMERIC)):
        frame[name] = to_float(frame[name], path)
    _check_unique(frame, path)
    frame = frame.sort_values("file", kind="stable", ignore_index=True)
    frame["file"] = [str(folder / name) for name in frame["file"]]
    check_files_exist(frame["file"], repr(str(path)))
    descr = (
        f"{len(frame)} utterances of {frame['speaker'].nunique()} speakers, from {path}.\n\n"
        "Licence and citation: those of the corpus that the index describes.\n"
    )
    return make_bunch(
        frame, name=folder.name, descr=descr, emotions=emotions, return_X_y=return_X_y
    )


def _check_unique(frame: pd.DataFrame, path: Path) -> None:
    keys = [name for name in ("file", "start", "end") if name in frame.columns]
    twice = frame.loc[frame.duplicated(keys), "file"]
    if len(twice):
        raise ValueError(f"The index {str(path)!r} names {twice.iloc[0]!r} twice")
