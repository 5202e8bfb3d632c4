"""Databases in the format of audformat, from a folder or through audb."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd

from sklearn_ser.datasets._corpus import audio_duration, check_files_exist, make_bunch

_OPTIONAL = ("gender", "age", "language", "session", "arousal", "valence", "dominance")
_DIMENSIONS = ("arousal", "valence", "dominance")
# What other databases call the emotions that have one name here.
_SYNONYMS = {
    "angry": "anger",
    "disgusted": "disgust",
    "excited": "excitement",
    "fearful": "fear",
    "happy": "happiness",
    "joy": "happiness",
    "sad": "sadness",
    "surprised": "surprise",
}


def load_audformat(
    folder: str | Path,
    *,
    emotion: str = "emotion",
    speaker: str = "speaker",
    text: str = "transcription",
    tables: str | Sequence[str] | None = None,
    label_map: Mapping[str, str] | None = None,
    emotions: str = "all",
    return_X_y: bool = False,
) -> Any:
    """Load a database that is stored in the format of audformat.

    Needs the package audformat.

    Parameters
    ----------
    folder : str or Path
        Folder with the header ``db.yaml``, the tables and the media.
    emotion, speaker, text : str, default="emotion", "speaker", "transcription"
        The schemes, columns or labels of schemes of the database that tell the emotion, the
        speaker and the text. Only the emotion is needed.
    tables : str or sequence of str, default=None
        The tables that hold the emotions. None: all that have the column.
    label_map : dict of str to str, default=None
        What to call the emotions; those that it lacks keep their names. None: adjectives become
        the nouns of the other loaders (angry, anger), joy becomes happiness.
    emotions : {"all", "four"}, default="all"
        All utterances, or those of the four emotions that most corpora share: anger, happiness,
        neutral, sadness.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    Bunch or tuple
        - ``data``: DataFrame of utterances, sorted by file and start: ``file`` (absolute path),
          ``start`` and ``end`` in seconds where the tables are segmented, ``speaker``,
          ``gender``, ``duration_s``, and those of ``age``, ``language``, ``session``,
          ``text_id`` that the database has. It holds no label.
        - ``target``: ndarray of str, the emotions, empty where there is no label;
          ``target_names``: the distinct ones.
        - ``speaker``, ``gender``: ndarrays of str, empty where unknown.
        - ``frame``: `data` with ``emotion`` and those of ``arousal``, ``valence`` and
          ``dominance`` that the database has.
        - ``name``, ``DESCR``: name of the database; its description, licence and source.

    Raises
    ------
    ImportError
        If audformat is not installed.
    FileNotFoundError
        If the folder holds no database or a file of it does not exist.
    ValueError
        If the database has no emotions of that name, or several for one utterance.

    See Also
    --------
    load_audb : The same from a repository.

    References
    ----------
    .. [1] H. Wierstorf, J. Wagner, F. Eyben, F. Burkhardt, B. W. Schuller, "audb: sharing and
       versioning of audio and annotation data in Python", arXiv 2303.00645, 2023.

    Examples
    --------
    >>> import audformat, tempfile
    >>> from pathlib import Path
    >>> from sklearn_ser.datasets import load_audformat, make_emotional_speech
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     corpus = make_emotional_speech(2, n_utterances=1, random_state=0, folder=folder)
    ...     index = audformat.filewise_index([Path(file).name for file in corpus.frame["file"]])
    ...     database = audformat.Database("synthetic")
    ...     database["utterances"] = audformat.Table(index)
    ...     for column in ("emotion", "speaker"):
    ...         database.schemes[column] = audformat.Scheme("str")
    ...         database["utterances"][column] = audformat.Column(scheme_id=column)
    ...         database["utterances"][column].set(corpus.frame[column].tolist())
    ...     database.save(folder)
    ...     X, y = load_audformat(folder, return_X_y=True)
    >>> X["speaker"].unique().tolist()
    ['01', '02']
    """
    folder = Path(folder).expanduser().resolve()
    audformat = _import("audformat", "load_audformat")
    if not (folder / "db.yaml").is_file():
        raise FileNotFoundError(f"No database in {str(folder)!r}: looked for its header db.yaml")
    database = audformat.Database.load(folder)
    frame = _read(database, folder, emotion, speaker, text, tables, label_map)
    return make_bunch(
        frame,
        name=database.name,
        descr=_describe(database),
        emotions=emotions,
        return_X_y=return_X_y,
    )


def load_audb(
    name: str,
    *,
    version: str | None = None,
    audb_params: Mapping[str, Any] | None = None,
    emotion: str = "emotion",
    speaker: str = "speaker",
    text: str = "transcription",
    tables: str | Sequence[str] | None = None,
    label_map: Mapping[str, str] | None = None,
    emotions: str = "all",
    return_X_y: bool = False,
) -> Any:
    """Load a database of the repositories that audb is configured for.

    Needs the package audb, which keeps what it downloads in a cache.

    Parameters
    ----------
    name : str
        Name of the database, such as "emodb".
    version : str, default=None
        Version of the database. None: the latest; state it with your results.
    audb_params : dict, default=None
        Further arguments of ``audb.load``: ``sampling_rate``, ``channels``, ``media``,
        ``cache_root``, ``verbose``, ...
    emotion, speaker, text : str, default="emotion", "speaker", "transcription"
        The schemes, columns or labels of schemes of the database that tell the emotion, the
        speaker and the text. Only the emotion is needed.
    tables : str or sequence of str, default=None
        The tables that hold the emotions. None: all that have the column.
    label_map : dict of str to str, default=None
        What to call the emotions, as in :func:`load_audformat`.
    emotions : {"all", "four"}, default="all"
        All utterances, or those of the four emotions that most corpora share: anger, happiness,
        neutral, sadness.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    Bunch or tuple
        As of :func:`load_audformat`.

    Raises
    ------
    ImportError
        If audb is not installed.
    RuntimeError
        If no repository has the database or its version.
    ValueError
        If the database has no emotions of that name, or several for one utterance.

    See Also
    --------
    load_audformat : The same from a folder.

    References
    ----------
    .. [1] H. Wierstorf, J. Wagner, F. Eyben, F. Burkhardt, B. W. Schuller, "audb: sharing and
       versioning of audio and annotation data in Python", arXiv 2303.00645, 2023.

    Examples
    --------
    A repository in a local folder:

    >>> import audb, audformat, tempfile
    >>> from pathlib import Path
    >>> from sklearn_ser.datasets import load_audb, make_emotional_speech
    >>> configured = audb.config.REPOSITORIES
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     corpus = make_emotional_speech(1, n_utterances=1, random_state=0, folder=folder)
    ...     index = audformat.filewise_index([Path(file).name for file in corpus.frame["file"]])
    ...     database = audformat.Database("synthetic")
    ...     database["utterances"] = audformat.Table(index)
    ...     database["utterances"]["emotion"] = audformat.Column()
    ...     database["utterances"]["emotion"].set(corpus.target.tolist())
    ...     database.save(folder)
    ...     Path(folder, "repository", "example").mkdir(parents=True)
    ...     repository = audb.Repository("example", f"{folder}/repository", "file-system")
    ...     audb.config.REPOSITORIES = [repository]
    ...     _ = audb.publish(folder, "1.0.0", repository, verbose=False)
    ...     params = {"cache_root": f"{folder}/cache", "verbose": False}
    ...     X, y = load_audb("synthetic", version="1.0.0", audb_params=params, return_X_y=True)
    >>> sorted(y.tolist())
    ['anger', 'happiness', 'neutral', 'sadness']
    >>> audb.config.REPOSITORIES = configured
    """
    audb = _import("audb", "load_audb")
    database = audb.load(name, version=version, **(audb_params or {}))
    frame = _read(database, Path(database.root), emotion, speaker, text, tables, label_map)
    return make_bunch(
        frame,
        name=database.name,
        descr=_describe(database),
        emotions=emotions,
        return_X_y=return_X_y,
    )


def _import(package: str, user: str) -> Any:
    try:
        return import_module(package)
    except ImportError as error:
        raise ImportError(
            f"{user} needs the package {package}: python -m pip install {package}"
        ) from error


def _read(database, folder, emotion, speaker, text, tables, label_map):
    """Return one row an utterance that the tables of emotions hold."""
    labels = database.get(emotion, [speaker, text, *_OPTIONAL], tables=tables)
    if labels.empty or labels[emotion].isna().all():
        raise ValueError(
            f"The database {database.name!r} has no emotions called {emotion!r}; its schemes are "
            f"{list(database.schemes)}, its tables {list(database.tables)}"
        )
    renamed = labels.rename(columns={emotion: "emotion", speaker: "speaker", text: "text_id"})
    frame = _utterances(renamed.index, folder)
    for column in ("emotion", "speaker", "gender", "age", "language", "session", "text_id"):
        values = renamed[column].astype(object)
        # A database without sessions has none; without speakers all are unknown.
        if column in ("emotion", "speaker", "gender") or values.notna().any():
            frame[column] = values.where(values.notna(), "").astype(str).to_numpy()
    for column in _DIMENSIONS:
        if renamed[column].notna().any():
            frame[column] = renamed[column].to_numpy(dtype=float, na_value=float("nan"))
    frame["emotion"] = frame["emotion"].replace(dict(_SYNONYMS if label_map is None else label_map))
    keys = [key for key in ("file", "start") if key in frame]
    return frame.sort_values(keys, kind="stable", ignore_index=True)


def _utterances(index: pd.Index, folder: Path) -> pd.DataFrame:
    """Turn an index of audformat into columns: paths, seconds, lengths."""
    frame = index.to_frame(index=False)
    # A path that is absolute stays as it is.
    frame["file"] = [str(folder / name) for name in frame["file"]]
    check_files_exist(frame["file"].unique(), f"the database in {str(folder)!r}")
    length = frame["file"].map({file: audio_duration(file) for file in frame["file"].unique()})
    if "start" not in frame:
        return frame.assign(duration_s=length)
    for bound in ("start", "end"):
        frame[bound] = frame[bound].dt.total_seconds()
    frame["duration_s"] = frame["end"].fillna(length) - frame["start"].fillna(0.0)
    return frame


def _describe(database: Any) -> str:
    return (
        f"{database.name}, a database in the format of audformat.\n\n"
        f"{database.description or ''}\n\n"
        f"Source: {database.source or 'not stated'}\n"
        f"Licence: {database.license or 'not stated'} {database.license_url or ''}\n"
        f"Citation: {database.author or 'see the source'}\n"
    )
