"""Normalisation by speaker, which needs no labels but the speaker's own utterances."""

from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils import Tags, get_tags
from sklearn.utils.validation import _num_samples, check_is_fitted

from sklearn_ser.utils._audio import utterance_column
from sklearn_ser.utils._moments import Moments, guarded_scale, pool_moments, utterance_moments
from sklearn_ser.utils._output import OutputMixin
from sklearn_ser.utils._ragged import as_sequences

# Speakers differ along few directions; more would only fit noise.
_MAX_VOICES = 50


class _Corpus(NamedTuple):
    """What the training corpus tells of a speaker who has not been heard yet.

    Means of speakers, in units of `scale` around `mean`, are taken to be normally distributed in
    the space that the `voices` (orthonormal rows) of the training speakers span.
    """

    mean: np.ndarray
    scale: np.ndarray
    voices: np.ndarray
    between: np.ndarray
    within: np.ndarray


class SpeakerNormalizer(OutputMixin, TransformerMixin, BaseEstimator):
    """Standardise features by speaker, with the speaker's own unlabelled utterances.

    The normalisation is transductive: at prediction, too, each speaker's mean and standard
    deviation come from the utterances of that speaker in the X at hand. With few of them the
    statistics shrink towards what the training corpus leads to expect. Scores are therefore not
    comparable with those of a scaler fitted to the training data alone.

    The speaker is read from X, never from metadata, which scikit-learn does not deliver to every
    call of `transform`.

    Parameters
    ----------
    extractor : transformer
        From utterances to features (2-D) or sequences, or a Pipeline that does this. It may drop
        the column of the speaker.
    min_utterances : int, default=8
        How many utterances give a speaker's own statistics the same weight as the expectation.
        0 is plain standardisation, which is harmful for less than about 8 utterances.
    missing : {"raise", "corpus", "one_speaker"}, default="raise"
        What to do with utterances whose speaker is not given, be it that X has no column
        ``speaker`` or that its entry is empty: raise an error, use the statistics of the
        training corpus, or take all of them for one speaker.

    Attributes
    ----------
    extractor_ : transformer
        The fitted extractor.
    mean_ : ndarray of shape (n_features,)
        Mean over the training corpus.
    scale_ : ndarray of shape (n_features,)
        Standard deviation within the speakers of the training corpus; 1 for constant features.

    See Also
    --------
    sklearn_ser.features.OpenSmileFeatures : The usual extractor.

    Notes
    -----
    With :math:`w = n^2 / (n^2 + m^2)` for `n` utterances and `m` = `min_utterances`, the mean is
    the speaker's own, weighted by `w`, and an expected one, weighted by `1 - w`: the corpus mean
    plus the posterior mean of the speaker's place among the training speakers, whose means are
    taken to be normally distributed in the space they span [1]_. The variance blends the speaker's
    own with that within the training speakers.

    UAR in % on EMO-DB, leave one speaker out, pooled over the speakers; logistic regression
    (C=0.01) on features clipped at 20. Each test speaker's utterances come at random in groups of
    `n`, and each group is normalised by itself (mean of five draws):

    =================  ==============  ====  ====  ====  ====  ====  ====  ====  ====
    features           scaler          n=1      2     3     5     8    10    20   all
    =================  ==============  ====  ====  ====  ====  ====  ====  ====  ====
    IS10               of the corpus   76.9  76.9  76.9  76.9  76.9  76.9  76.9  76.9
    IS10               m=0             10.8  50.4  62.8  74.0  79.0  79.4  82.3  84.4
    IS10               m=8             75.1  76.0  77.7  78.7  80.6  82.0  82.0  84.2
    eGeMAPSv02         of the corpus   66.0  66.0  66.0  66.0  66.0  66.0  66.0  66.0
    eGeMAPSv02         m=0             13.3  41.0  53.7  62.9  68.7  69.9  72.3  74.6
    eGeMAPSv02         m=8             66.4  67.5  67.8  69.8  71.5  72.5  73.6  75.5
    =================  ==============  ====  ====  ====  ====  ====  ====  ====  ====

    References
    ----------
    .. [1] R. Kuhn, J.-C. Junqua, P. Nguyen, N. Niedzielski, "Rapid speaker adaptation in
       eigenvoice space", IEEE Transactions on Speech and Audio Processing 8(6), 2000.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn_ser.features import OpenSmileFeatures
    >>> from sklearn_ser.preprocessing import SpeakerNormalizer
    >>> rng = np.random.default_rng(0)
    >>> frame = pd.DataFrame({
    ...     "file": [rng.normal(scale=0.1, size=8000) for _ in range(6)],
    ...     "speaker": ["03", "08", "03", "08", "03", "08"],
    ... })
    >>> normalizer = SpeakerNormalizer(OpenSmileFeatures("IS09"))
    >>> normalizer.fit_transform(frame).shape
    (6, 384)
    """

    def __init__(self, extractor: Any, *, min_utterances: int = 8, missing: str = "raise"):
        self.extractor = extractor
        self.min_utterances = min_utterances
        self.missing = missing

    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit the extractor and learn what to expect of a speaker.

        Parameters
        ----------
        X : array-like of shape (n_utterances,) or DataFrame
            Utterances, with the speaker in a column or an index level ``speaker``.
        y : array-like of shape (n_utterances,), default=None
            Passed to the extractor, not used here.

        Returns
        -------
        self : object
            The fitted transformer.
        """
        self._fit(X, y)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        """Fit, and normalise the same utterances; they are extracted once.

        Parameters
        ----------
        X : array-like of shape (n_utterances,) or DataFrame
            Utterances, with the speaker in a column or an index level ``speaker``.
        y : array-like of shape (n_utterances,), default=None
            Passed to the extractor, not used here.

        Returns
        -------
        Xt : ndarray of shape (n_utterances, n_features) or (n_utterances,)
            Normalised features or sequences.
        """
        features, speakers = self._fit(X, y)
        return self._contain(self._normalize(features, speakers), X)

    def transform(self, X: Any) -> Any:
        """Normalise each utterance by its speaker's utterances in X.

        Parameters
        ----------
        X : array-like of shape (n_utterances,) or DataFrame
            Utterances, with the speaker in a column or an index level ``speaker``.

        Returns
        -------
        Xt : ndarray of shape (n_utterances, n_features) or (n_utterances,)
            Normalised features or sequences.
        """
        check_is_fitted(self)
        speakers = self._speakers(X)
        return self._contain(self._normalize(_as_array(self.extractor_.transform(X)), speakers), X)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the features as the extractor does.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Passed to the extractor.

        Returns
        -------
        feature_names_out : ndarray of str objects of shape (n_features,)
            Names of the columns, or of those of each sequence.
        """
        check_is_fitted(self)
        return self.extractor_.get_feature_names_out(input_features)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.extractor).input_tags
        return tags

    def _fit(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        self._check_parameters()
        speakers = self._speakers(X)
        extractor = clone(self.extractor)
        features = _as_array(extractor.fit_transform(X, y))
        self.extractor_ = extractor
        self._corpus = _learn_corpus(utterance_moments(features), speakers)
        self.mean_, self.scale_ = self._corpus.mean, self._corpus.scale
        return features, speakers

    def _check_parameters(self) -> None:
        if self.missing not in ("raise", "corpus", "one_speaker"):
            raise ValueError(
                f"missing={self.missing!r} is unknown: choose one of raise, corpus, one_speaker."
            )
        if not isinstance(self.min_utterances, (int, np.integer)) or self.min_utterances < 0:
            raise ValueError(f"min_utterances={self.min_utterances!r}: give an integer from 0.")

    def _speakers(self, X: Any) -> np.ndarray:
        """Give each speaker of X a number from 0; -1 stands for the statistics of the corpus."""
        names = utterance_column(X, "speaker")
        if names is None:
            codes = np.full(_num_samples(X), -1)
        else:
            known = ~pd.isna(names)
            known[known] = names[known] != ""
            codes = np.full(len(names), -1)
            # As strings: a column of numbers and names together does not sort.
            codes[known] = np.unique(names[known].astype(str), return_inverse=True)[1]
        unknown = codes == -1
        if self.missing == "raise" and unknown.any():
            problem = (
                "X has no column or index level 'speaker'"
                if names is None
                else f"{unknown.sum()} of {len(codes)} utterances have no speaker, first of them "
                f"row {np.flatnonzero(unknown)[0]}"
            )
            raise ValueError(
                f"{problem}. SpeakerNormalizer reads the speaker of every utterance from X: add "
                "it to the frame, or set missing='corpus' or missing='one_speaker'."
            )
        if self.missing == "one_speaker":
            codes[unknown] = codes.max() + 1
        return codes

    def _normalize(self, features: np.ndarray, speakers: np.ndarray) -> np.ndarray:
        moments = utterance_moments(features)
        normalized = np.empty(features.shape, dtype=np.float64 if features.ndim == 2 else object)
        for speaker in np.unique(speakers):
            rows = np.flatnonzero(speakers == speaker)
            if speaker == -1:
                mean, scale = self._corpus.mean, self._corpus.scale
            else:
                own = pool_moments(moments, rows)
                mean, scale = _expect_speaker(self._corpus, own, len(rows), self.min_utterances)
            if features.ndim == 2:
                normalized[rows] = (features[rows] - mean) / scale
            else:
                for row in rows:
                    normalized[row] = ((features[row] - mean) / scale).astype(np.float32)
        return normalized


def _learn_corpus(moments: Moments, speakers: np.ndarray) -> _Corpus:
    names, codes = np.unique(speakers, return_inverse=True)
    pooled = [pool_moments(moments, codes == code) for code in range(len(names))]
    by_speaker = Moments(*(np.stack(arrays) for arrays in zip(*pooled, strict=True)))
    corpus = pool_moments(by_speaker, np.arange(len(names)))

    freedom = corpus.n_frames - len(names)
    weight = by_speaker.n_frames[:, np.newaxis] / max(freedom, 1)
    within = (weight * by_speaker.variance).sum(axis=0)
    # One frame of most speakers tells little of the spread within them.
    scale = guarded_scale(corpus.mean, corpus.variance if freedom < len(names) else within)

    # Without several utterances of speakers, a voice cannot be told from an utterance.
    repeated = len(codes) - len(names)
    voices, between = _learn_voices((by_speaker.mean - corpus.mean) / scale, repeated)
    deviations = ((moments.mean - by_speaker.mean[codes]) / scale) @ voices.T
    noise = deviations.T @ deviations / max(repeated, 1)
    # The means of the training speakers are noisy themselves.
    between = between - np.diag(noise) * np.mean(1 / np.bincount(codes))
    return _Corpus(corpus.mean, scale, voices, np.maximum(between, 0), noise)


def _learn_voices(means: np.ndarray, at_most: int) -> tuple[np.ndarray, np.ndarray]:
    """Find the directions in which speakers differ, and the variance of their means along each."""
    _, singular, directions = np.linalg.svd(means - means.mean(axis=0), full_matrices=False)
    kept = slice(0, min(len(means) - 1, _MAX_VOICES, at_most))
    return directions[kept], singular[kept] ** 2 / max(len(means) - 1, 1)


def _expect_speaker(
    corpus: _Corpus, own: Moments, n_utterances: int, min_utterances: int
) -> tuple[np.ndarray, np.ndarray]:
    """Estimate mean and standard deviation of a speaker from a few utterances."""
    shift = (own.mean - corpus.mean) / corpus.scale
    between = np.diag(corpus.between)
    # Posterior mean of the voice. lstsq, since nothing forbids a direction without any variance.
    gain = np.linalg.lstsq(between + corpus.within / n_utterances, corpus.voices @ shift)[0]
    expected = corpus.voices.T @ (between @ gain)
    weight = n_utterances**2 / (n_utterances**2 + min_utterances**2)
    mean = corpus.mean + corpus.scale * (weight * shift + (1 - weight) * expected)
    variance = weight * own.variance + (1 - weight) * corpus.scale**2
    return mean, guarded_scale(mean, variance)


def _as_array(features: Any) -> np.ndarray:
    features = np.asarray(features)
    return as_sequences(list(features)) if features.ndim == 3 else features
