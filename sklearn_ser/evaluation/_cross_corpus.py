"""Training on one corpus and testing on another, for each pair of corpora."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.utils import _safe_indexing, check_consistent_length

from sklearn_ser.evaluation._evaluate import evaluate
from sklearn_ser.evaluation._run import as_labels, as_rows, empty_where_missing
from sklearn_ser.evaluation._scores import score_predictions
from sklearn_ser.evaluation._study import make_splits, to_speakers
from sklearn_ser.utils._audio import utterance_column


class _Corpus(NamedTuple):
    name: str
    X: Any
    y: np.ndarray
    speakers: np.ndarray


class CrossCorpusResult:
    """Predictions of pipelines across corpora, and the scores that follow from them.

    Parameters
    ----------
    predictions : DataFrame
        As ``predictions`` of :class:`Evaluation`, with the columns ``train`` and ``test`` (names
        of corpora) and ``part`` (``"development"`` or ``"test"``).

    fits : DataFrame
        As ``fits`` of :class:`Evaluation`, with the column ``train``.

    counts : DataFrame
        Utterances of each corpus (rows) and emotion (columns), after harmonising.

    See Also
    --------
    cross_corpus : Makes it.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn_ser.evaluation import cross_corpus
    >>> y, speakers = ["anger", "neutral"] * 4, ["1", "1", "2", "2"] * 2
    >>> X = np.array([[0.0], [1.0]] * 4)
    >>> corpora = {"one": (X, y, speakers), "other": (X + 0.6, y, speakers)}
    >>> result = cross_corpus(GaussianNB(), corpora)
    >>> result.matrix()
    test   one  other
    train
    one    1.0    0.5
    other  0.5    1.0
    """

    def __init__(self, predictions: pd.DataFrame, fits: pd.DataFrame, counts: pd.DataFrame):
        self.predictions = predictions
        self.fits = fits
        self.counts = counts

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Score each pipeline, repeat, part and pair of corpora.

        Returns
        -------
        DataFrame
            The columns of :func:`score_predictions`.
        """
        return score_predictions(self.predictions, ["pipeline", "repeat", "part", "train", "test"])

    def matrix(
        self, pipeline: str | None = None, *, metric: str = "uar", part: str = "test"
    ) -> pd.DataFrame:
        """Arrange the scores of a pipeline by training and test corpus.

        Parameters
        ----------
        pipeline : str, default=None
            Its name; None where there is one.

        metric : {"uar", "wa", "macro_f1"}, default="uar"
            The score, as a mean over the repeats.

        part : {"test", "development"}, default="test"
            The part of the test corpus.

        Returns
        -------
        DataFrame
            Training corpora in rows, test corpora in columns. The diagonal is that of speakers held
            out within a corpus; NaN where it was left out.

        Raises
        ------
        ValueError
            If there is no such pipeline or part.
        """
        return arrange_matrix(self.predictions, pipeline, metric, part)


def arrange_matrix(
    predictions: pd.DataFrame, pipeline: str | None, metric: str, part: str
) -> pd.DataFrame:
    """Score predictions across corpora and arrange the scores as a matrix.

    Parameters
    ----------
    predictions : DataFrame
        As in :class:`CrossCorpusResult`.

    pipeline, metric, part : str
        As in :meth:`CrossCorpusResult.matrix`.

    Returns
    -------
    DataFrame
        Training corpora in rows, test corpora in columns.

    Raises
    ------
    ValueError
        If there is no such pipeline or part.
    """
    names = predictions["pipeline"].unique().tolist()
    if pipeline is None and len(names) == 1:
        pipeline = names[0]
    chosen = predictions[(predictions["pipeline"] == pipeline) & (predictions["part"] == part)]
    if chosen.empty:
        raise ValueError(
            f"There are no predictions of pipeline={pipeline!r} and part={part!r}; the pipelines "
            f"are {names}, the parts {predictions['part'].unique().tolist()}."
        )
    scores = score_predictions(chosen, ["repeat", "train", "test"])
    corpora = predictions["train"].unique()
    table = scores.pivot_table(index="train", columns="test", values=metric)
    return table.reindex(index=corpora, columns=corpora)


def cross_corpus(
    pipelines: Any,
    corpora: Mapping[str, Any],
    *,
    label_map: Mapping[str, Any] | None = None,
    emotions: Iterable[str] | None = None,
    development: float = 0.0,
    within: bool = True,
    cv: Any = None,
    n_repeats: int = 1,
    random_state: int = 0,
    n_jobs: int | None = None,
    path: str | Path | None = None,
    verbose: int = 0,
) -> CrossCorpusResult:
    """Train on each corpus and test on each other one.

    A pipeline is trained on the whole of a corpus and tested on all others; within a corpus,
    speakers are held out. All runs of :func:`evaluate`: same seeds, resumable.

    Parameters
    ----------
    pipelines : classifier or dict of str to classifier
        Pipelines. A scaler in them is fitted on the training corpus; one that scales each corpus
        by its own statistics is transductive, and its figures stand apart.

    corpora : dict of str to Bunch or tuple
        By name: what a loader returns, or ``(X, y, speakers)``, or ``(X, y)`` where X is a frame
        of utterances with the column ``speaker``, or any with such an index level. All X are of
        one kind: utterance frames, features of the same set, sequences. Speakers of different
        corpora are different people.

    label_map : dict, default=None
        New names of labels, ``{"excited": "happiness"}``, or a dict of such dicts by corpus. A
        label that becomes None is left out; one that is not named stays.

    emotions : iterable of str, default=None
        What is kept after that. None: the emotions that all corpora have.

    development : float, default=0.0
        Share of each test corpus, stratified by emotion, to choose pipelines or settings by; the
        usual one is 0.3. It is scored as a part of its own and the rest as the other, wherever
        the corpus is tested. Both parts have the same speakers, so a choice from many settings
        knows the voices.

    within : bool, default=True
        Whether to hold speakers out within each corpus: the diagonal of the matrix.

    cv : int or cross-validation generator, default=None
        How, as in :func:`evaluate`. None leaves one speaker out at a time.

    n_repeats : int, default=1
        Repetitions with other seeds on the same rows.

    random_state : int, default=0
        Decides all seeds and the development parts.

    n_jobs : int, default=None
        Processes, of one thread each, as in :func:`evaluate`.

    path : str or Path, default=None
        Folder that keeps all predictions, as in :func:`evaluate`.

    verbose : int, default=0
        Whether to show a progress bar.

    Returns
    -------
    CrossCorpusResult
        With ``matrix()``, the frames ``scores``, ``predictions`` and ``fits``, and ``counts`` of
        what was kept.

    Raises
    ------
    ValueError
        If there are fewer than two corpora, they do not fit together, or they share fewer than two
        emotions.

    See Also
    --------
    CrossCorpusDisplay : The matrix as a plot.
    sklearn.model_selection.LeaveOneGroupOut : Trains on all corpora but one, if the corpora are
        the groups; :func:`evaluate` takes it.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn.svm import SVC
    >>> from sklearn_ser import OpenSmileFeatures
    >>> from sklearn_ser.datasets import make_emotional_speech
    >>> from sklearn_ser.evaluation import cross_corpus
    >>> extractor = OpenSmileFeatures("eGeMAPSv02")
    >>> corpora = {}
    >>> for seed, emotions in enumerate([("anger", "sadness", "neutral"), ("fear", "sadness")]):
    ...     made = make_emotional_speech(2, emotions, 4, duration=1.0, random_state=seed)
    ...     corpora[f"corpus {seed}"] = extractor.transform(made.data), made.target, made.speaker
    >>> svc = make_pipeline(StandardScaler(), SVC())
    >>> negative = {"anger": "negative", "fear": "negative"}
    >>> result = cross_corpus(svc, corpora, label_map=negative)
    >>> result.counts
              negative  sadness
    corpus 0         8        8
    corpus 1         8        8
    >>> result.matrix().shape
    (2, 2)
    """
    if not isinstance(corpora, Mapping):
        raise TypeError(f"corpora is a {type(corpora).__name__}: give a dict of name to corpus.")
    parts = _harmonise([_as_corpus(*item) for item in corpora.items()], label_map, emotions)
    X = _concatenate(parts)
    y = np.concatenate([part.y for part in parts])
    speakers = np.concatenate([part.speakers for part in parts])
    names = np.array([part.name for part in parts])
    corpus = np.repeat(names, [len(part.y) for part in parts])
    is_development = _choose_development(y, corpus, names, development, random_state)

    splits: list[tuple] = []
    trained_on: list[str] = []
    for name in names:
        inside = np.flatnonzero(corpus == name)
        splits.append((inside, np.flatnonzero(corpus != name)))
        if within:
            folds = make_splits(_safe_indexing(X, inside), y[inside], speakers[inside], cv)
            splits += [(inside[train], inside[test]) for train, test in folds]
        trained_on += [name] * (len(splits) - len(trained_on))

    evaluation = evaluate(
        pipelines,
        X,
        y,
        speakers=speakers,
        groups=speakers,
        cv=splits,
        n_repeats=n_repeats,
        random_state=random_state,
        n_jobs=n_jobs,
        path=path,
        verbose=verbose,
    )
    predictions, fits = evaluation.predictions, evaluation.fits
    rows = predictions["row"].to_numpy()
    predictions = predictions.assign(
        train=np.array(trained_on)[predictions["fold"]],
        test=corpus[rows],
        part=np.where(is_development[rows], "development", "test"),
    )
    fits = fits.assign(train=np.array(trained_on)[fits["fold"]])
    counts = pd.crosstab(corpus, y, rownames=[None], colnames=[None]).loc[names]
    return CrossCorpusResult(predictions, fits, counts)


def _as_corpus(name: str, corpus: Any) -> _Corpus:
    if isinstance(corpus, Mapping):  # a Bunch is a dict
        corpus = corpus["data"], corpus["target"], corpus["speaker"]
    if not isinstance(corpus, tuple) or len(corpus) not in (2, 3):
        raise ValueError(
            f"The corpus {name!r} is a {type(corpus).__name__}: pass what a loader returns, or a "
            "tuple (X, y, speakers)."
        )
    X, y = as_rows(corpus[0]), corpus[1]
    speakers = to_speakers(X, None, corpus[2] if len(corpus) == 3 else None)
    y = as_labels(empty_where_missing(y)).astype(object)  # empty labels are left out
    check_consistent_length(X, y, speakers)
    # Speakers of two corpora may have the same name; as stack_corpora calls them.
    speakers = np.array([f"{name}:{speaker}" for speaker in speakers])
    if utterance_column(X, "file") is not None:
        X = X.reset_index(drop=set(X.index.names) == {None}).assign(speaker=speakers)
    elif isinstance(X, pd.DataFrame):
        # Beside features, not among them.
        X = X.set_axis(pd.Index(speakers, name="speaker"))
    return _Corpus(str(name), X, y, speakers)


def _harmonise(
    parts: list[_Corpus], label_map: Mapping[str, Any] | None, emotions: Iterable[str] | None
) -> list[_Corpus]:
    """Rename the labels and keep the rows of the emotions that all corpora have."""
    if len(parts) < 2:
        raise ValueError(f"There are {len(parts)} corpora: it takes two to go across.")
    label_map = {} if label_map is None else label_map
    by_corpus = any(isinstance(value, Mapping) for value in label_map.values())
    names = [part.name for part in parts]
    if by_corpus and (unknown := sorted(set(label_map) - set(names))):
        raise ValueError(f"label_map is for the corpora {unknown}; those that there are: {names}.")
    renamed = []
    for part in parts:
        mapping = label_map.get(part.name, {}) if by_corpus else label_map
        renamed.append(np.array([mapping.get(label, label) for label in part.y], dtype=object))
    present = [{label for label in y if label not in (None, "")} for y in renamed]
    shared = set.intersection(*present)
    kept = shared if emotions is None else set(emotions)
    if not kept <= shared or len(kept) < 2:
        described = {
            name: sorted(map(str, have)) for name, have in zip(names, present, strict=True)
        }
        lacking = f", of which {sorted(kept - shared)} are not" if kept - shared else ""
        raise ValueError(
            f"The corpora share the emotions {sorted(map(str, shared))}, and {sorted(kept)} are to "
            f"be kept{lacking}: at least two are needed, and all corpora must have them. Map "
            f"labels onto others by label_map. There are {described}."
        )
    harmonised = []
    for part, y in zip(parts, renamed, strict=True):
        rows = np.flatnonzero([label in kept for label in y])
        X, speakers = _safe_indexing(part.X, rows), part.speakers[rows]
        harmonised.append(_Corpus(part.name, X, as_labels(y[rows]), speakers))
    return harmonised


def _concatenate(parts: list[_Corpus]) -> Any:
    kinds = {(type(part.X), np.ndim(part.X) if hasattr(part.X, "ndim") else 1) for part in parts}
    if len(kinds) > 1:
        described = {part.name: type(part.X).__name__ for part in parts}
        raise ValueError(f"The X of all corpora must be of one kind and shape, got {described}.")
    first = parts[0].X
    if isinstance(first, pd.DataFrame):
        is_features = utterance_column(first, "file") is None
        return pd.concat([part.X for part in parts], ignore_index=not is_features)
    if isinstance(first, list):
        return [utterance for part in parts for utterance in part.X]
    widths = {part.name: np.shape(part.X)[1:] for part in parts}
    if len(set(widths.values())) > 1:
        raise ValueError(
            f"The X of the corpora differ in width, {widths}: extract the same features from all."
        )
    return np.concatenate([part.X for part in parts])


def _choose_development(
    y: np.ndarray, corpus: np.ndarray, names: np.ndarray, share: float, random_state: int
) -> np.ndarray:
    """Mark the rows of each corpus that serve development, the same share of each emotion."""
    if not 0 <= share < 1:
        raise ValueError(f"development={share!r} must be a share from 0 to below 1, as 0.3 is.")
    chosen = np.zeros(len(y), dtype=bool)
    if share:
        for name in names:
            rows = np.flatnonzero(corpus == name)
            development, _ = train_test_split(
                rows, train_size=share, stratify=y[rows], random_state=random_state
            )
            chosen[development] = True
    return chosen
