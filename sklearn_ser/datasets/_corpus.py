"""What the loaders of all corpora share: finding the files, building the Bunch.

A loader of a corpus says how a file name (:class:`FileNames`) or a table of labels becomes a row
(a dict), and adds a licence and a citation; everything else is here.

An empty string stands for what is not known: an emotion that was not labelled or not agreed on, a
speaker, a gender, a text that nobody else speaks.
"""

import filecmp
import re
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

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
# The emotions that most corpora share.
FOUR_EMOTIONS = ("anger", "happiness", "neutral", "sadness")
_SUFFIXES = {".wav", ".flac"}

ParseName = Callable[[str], Mapping[str, Any] | None]


def stem_of(path: Path) -> str:
    """Return the name of a file without its suffix.

    Parameters
    ----------
    path : Path
        A file.

    Returns
    -------
    str
        Its name.
    """
    return path.stem


class FileNames(NamedTuple):
    """How to read the file names of a corpus whose names say everything.

    Attributes
    ----------
    corpus : str
        Title of the corpus, for messages.
    example : str
        One of its file names.
    pattern : str
        Regular expression of the whole name without suffix. Its named groups become columns;
        ``speaker`` and ``emotion`` are needed.
    emotions : dict of str to str
        The codes of the emotions and the emotions; a name with another code is not of the corpus.
    describe : callable
        Takes the row of the named groups and returns what it adds or corrects: ``gender``,
        ``language``, ...
    name_of : callable
        Takes the path of a file and returns the name that `pattern` is for, the one that no two
        recordings share.
    """

    corpus: str
    example: str
    pattern: str
    emotions: dict[str, str]
    describe: Callable[[dict[str, str]], dict[str, str]]
    name_of: Callable[[Path], str] = stem_of


def find_named(names: FileNames, folder: str | Path) -> pd.DataFrame:
    """Describe every audio file below a folder that is named as in the corpus.

    Parameters
    ----------
    names : FileNames
        How the names are read.
    folder : str or Path
        Folder that is searched recursively for wav and flac files.

    Returns
    -------
    DataFrame
        As of :func:`find_utterances`.
    """
    pattern = re.compile(names.pattern)

    def parse_name(name: str) -> dict[str, str] | None:
        match = pattern.fullmatch(name)
        if match is None or match["emotion"] not in names.emotions:
            return None
        row = match.groupdict(default="")
        return row | {"emotion": names.emotions[row["emotion"]]} | names.describe(row)

    looked_for = f"{names.corpus} names such as {names.example} or .flac"
    return find_utterances(folder, parse_name, looked_for, names.name_of)


def find_labelled(
    folder: str | Path,
    rows: Mapping[str, Mapping[str, Any]],
    looked_for: str,
    name_of: Callable[[Path], str] = stem_of,
) -> pd.DataFrame:
    """Describe every audio file below a folder that a table has labels for.

    Parameters
    ----------
    folder : str or Path
        Folder that is searched recursively for wav and flac files.
    rows : dict of str to dict
        What the table says of each utterance, by the utterance's name.
    looked_for : str
        What the names look like, for the error message.
    name_of : callable, default=stem_of
        Takes the path of a file and returns the name of the utterance.

    Returns
    -------
    DataFrame
        As of :func:`find_utterances`.

    Warns
    -----
    UserWarning
        If utterances of the table have no audio; they are left out.
    """
    frame = find_utterances(folder, rows.get, looked_for, name_of)
    if len(frame) < len(rows):
        found = {name_of(Path(file)) for file in frame["file"]}
        absent = [name for name in rows if name not in found]
        warnings.warn(
            f"{len(absent)} of {len(rows)} labelled utterances have no audio below "
            f"{str(folder)!r} and are left out, the first is {absent[0]!r}.",
            stacklevel=3,
        )
    return frame


def find_tables(folder: str | Path, patterns: Collection[str]) -> list[Path]:
    """Find the tables of labels of a corpus.

    Parameters
    ----------
    folder : str or Path
        Folder that is searched recursively.
    patterns : collection of str
        Patterns of the tables' names, with or without folders.

    Returns
    -------
    list of Path
        The tables, sorted; at least one.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist or holds no table.
    """
    looked_for = " or ".join(patterns)
    folder = _existing(folder, looked_for)
    # Archives from a Mac hold a shadow ._name of each file.
    paths = {
        path
        for pattern in patterns
        for path in folder.rglob(pattern)
        if not path.name.startswith("._")
    }
    if not paths:
        raise FileNotFoundError(
            f"No labels in {str(folder)!r} or below it: looked for {looked_for}"
        )
    return sorted(paths)


def _existing(folder: str | Path, looked_for: str) -> Path:
    folder = Path(folder).expanduser().resolve()
    if not folder.is_dir():
        raise FileNotFoundError(f"The folder {str(folder)!r} does not exist; expected {looked_for}")
    return folder


def find_utterances(
    folder: str | Path,
    parse_name: ParseName,
    looked_for: str,
    name_of: Callable[[Path], str] = stem_of,
) -> pd.DataFrame:
    """Describe every audio file below a folder whose name the corpus knows.

    Parameters
    ----------
    folder : str or Path
        Folder that is searched recursively for wav and flac files.
    parse_name : callable
        Takes the name of an utterance and returns a row (a dict), or None where the name is not
        of this corpus.
    looked_for : str
        What the names look like, for the error message.
    name_of : callable, default=stem_of
        Takes the path of a file and returns the name of the utterance.

    Returns
    -------
    DataFrame
        One row an utterance, sorted by name whatever the layout of the folder: ``file``
        (absolute path), the columns of `parse_name`, ``duration_s`` from the file's header.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist or holds no such file.
    ValueError
        If an utterance is there twice with different content, or a file is not audio.
    """
    folder = _existing(folder, looked_for)
    rows: dict[Path, Mapping[str, Any]] = {}
    names: dict[Path, str] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in _SUFFIXES:
            continue
        name = name_of(path)
        if (row := parse_name(name)) is not None:
            rows[path], names[path] = row, name
    if not rows:
        raise FileNotFoundError(
            f"No utterance of the corpus in {str(folder)!r} or below it: looked for {looked_for}"
        )
    paths = _without_copies(names)
    frame = pd.DataFrame([rows[path] for path in paths])
    frame.insert(0, "file", [str(path) for path in paths])
    frame["duration_s"] = [audio_duration(path) for path in paths]
    return frame


def _without_copies(names: Mapping[Path, str]) -> list[Path]:
    kept: dict[str, Path] = {}
    for path, name in names.items():
        first = kept.setdefault(name, path)
        # Some distributions contain the corpus twice, byte for byte: that is harmless.
        if first is not path and not filecmp.cmp(first, path, shallow=False):
            raise ValueError(
                f"The utterance {name!r} is there twice, with different content: "
                f"{str(first)!r} and {str(path)!r}. Pass the folder of one copy of the corpus."
            )
    return [kept[name] for name in sorted(kept)]


def audio_duration(path: str | Path) -> float:
    """Return the length of a recording in seconds, from its header.

    Parameters
    ----------
    path : str or Path
        An audio file.

    Returns
    -------
    float
        Seconds.

    Raises
    ------
    ValueError
        If the file is not audio.
    """
    try:
        info = soundfile.info(path)
    except soundfile.LibsndfileError as error:
        raise ValueError(f"{str(path)!r} cannot be read as audio: {error}") from error
    return info.frames / info.samplerate


def check_files_exist(files: Iterable[str], origin: str) -> None:
    """Raise an error unless all files of a table exist.

    Parameters
    ----------
    files : iterable of str
        Paths.
    origin : str
        What names the files, for the error message.

    Raises
    ------
    FileNotFoundError
        If a file does not exist.
    """
    files = list(files)
    if absent := [name for name in files if not Path(name).is_file()]:
        raise FileNotFoundError(
            f"{len(absent)} of the {len(files)} files in {origin} do not exist, "
            f"the first is {absent[0]!r}"
        )


def to_float(column: pd.Series, origin: str | Path) -> pd.Series:
    """Read a column of strings as numbers.

    Parameters
    ----------
    column : Series of str
        Numbers; what is empty becomes NaN.
    origin : str or Path
        The table that the column is from, for the error message.

    Returns
    -------
    Series of float
        The numbers.

    Raises
    ------
    ValueError
        If an entry is not a number.
    """
    numbers = pd.to_numeric(column.where(column != ""), errors="coerce")
    wrong = column[numbers.isna() & (column != "")]
    if len(wrong):
        raise ValueError(
            f"The column {column.name!r} of {str(origin)!r} must hold numbers, "
            f"got {wrong.iloc[0]!r} in row {wrong.index[0] + 1}"
        )
    return numbers.astype(float)


def make_bunch(
    frame: pd.DataFrame,
    data: pd.DataFrame | np.ndarray | None = None,
    *,
    name: str,
    descr: str,
    emotions: str = "all",
    return_X_y: bool,
) -> Any:
    """Return what every loader returns.

    Parameters
    ----------
    frame : DataFrame
        One row an utterance, with ``speaker``, ``emotion`` and more.
    data : DataFrame or ndarray, default=None
        The X of the corpus. None: the descriptive columns of `frame`.
    name : str
        Short name of the corpus.
    descr : str
        Description with licence and citation.
    emotions : {"all", "four"}, default="all"
        All utterances, or those with one of the four emotions that most corpora share. "four"
        is for a corpus without `data` of its own.
    return_X_y : bool
        Whether to return ``(data, target)`` only.

    Returns
    -------
    Bunch or tuple
        With ``data``, ``target``, ``target_names``, ``speaker``, ``gender``, ``frame``, ``name``
        and ``DESCR``; or the first two as a tuple.

    Raises
    ------
    ValueError
        If `emotions` is unknown or no utterance has one of the four.
    """
    if emotions not in ("all", "four"):
        raise ValueError(f"emotions must be 'all' or 'four', got {emotions!r}")
    if emotions == "four":
        kept = frame["emotion"].isin(FOUR_EMOTIONS)
        if not kept.any():
            raise ValueError(
                f"{name} holds none of the emotions {FOUR_EMOTIONS} but {set(frame['emotion'])}"
            )
        frame = frame[kept].reset_index(drop=True)
    if data is None:
        data = frame[[column for column in DESCRIPTORS if column in frame.columns]]
    target = frame["emotion"].to_numpy(dtype=str)
    if return_X_y:
        return data, target
    gender = frame["gender"].to_numpy(dtype=str) if "gender" in frame else np.full(len(frame), "")
    return Bunch(
        data=data,
        target=target,
        target_names=np.unique(target[target != ""]),
        speaker=frame["speaker"].to_numpy(dtype=str),
        gender=gender,
        frame=frame,
        name=name,
        DESCR=descr,
    )
