"""What the samplers of utterances share: reading, copies, the rows of X and y."""

from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from imblearn.base import SamplerMixin
from sklearn.base import BaseEstimator
from sklearn.utils import Tags
from sklearn.utils.validation import check_consistent_length

from sklearn_ser.utils._audio import (
    Utterance,
    check_reading,
    check_utterances,
    read_utterance,
)
from sklearn_ser.utils._ragged import as_sequences
from sklearn_ser.utils._random import seed_from
from sklearn_ser.utils._signal import signal_number

_PLACE = ("file", "start", "end")


class UtteranceSampler(SamplerMixin, BaseEstimator):
    """Base of the samplers that add copies of each utterance as waveforms.

    A subclass has the parameters ``sampling_rate`` and ``channel``, writes `_copies` and, where
    it has more to check than its ``_parameter_constraints``, extends `_check_parameters`.
    """

    _parameter_constraints: ClassVar[dict] = {}

    def _check_parameters(self) -> None:
        """Raise where a parameter is wrong; a subclass extends this."""
        self._validate_params()
        check_reading(self.sampling_rate, self.channel)

    def _copies(self, signal: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
        """Give the changed copies of a signal, equally many of each signal."""
        raise NotImplementedError

    def fit(self, X: Any, y: Any, **params: Any) -> Self:
        """Check the parameters and the utterances.

        Parameters
        ----------
        X : array-like of shape (n_utterances,) or DataFrame
            Utterances.
        y : array-like of shape (n_utterances,)
            Targets.
        **params : dict
            Ignored.

        Returns
        -------
        self : object
            The sampler itself.
        """
        self._check_parameters()
        check_consistent_length(check_utterances(X), y)
        return self

    def fit_resample(self, X: Any, y: Any, **params: Any) -> tuple[Any, Any]:
        """Add the copies.

        Parameters
        ----------
        X : array-like of shape (n_utterances,) or DataFrame
            Utterances.
        y : array-like of shape (n_utterances,)
            Targets of any kind.
        **params : dict
            Ignored.

        Returns
        -------
        X_resampled : DataFrame, Series or ndarray of shape (n_utterances_new,)
            The utterances as they came, then the first copy of each, the second, and so on. A
            data frame keeps its columns, and has waveforms in the column ``file``; a column
            ``duration_s`` has the copies' own durations.
        y_resampled : Series or ndarray of shape (n_utterances_new,)
            Their targets.
        """
        self.fit(X, y)
        return self._fit_resample(X, y)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.estimator_type = "sampler"
        tags.target_tags.required = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.no_validation = True
        return tags

    def _fit_resample(self, X: Any, y: Any, **params: Any) -> tuple[Any, Any]:
        utterances = check_utterances(X)
        seed = seed_from(getattr(self, "random_state", None))
        by_utterance = [self._copy(utterance, seed) for utterance in utterances]
        copies = [copy for turn in zip(*by_utterance, strict=True) for copy in turn]
        n_rows = len(utterances) + len(copies)
        self.sample_indices_ = np.arange(n_rows) % len(utterances)
        self.synthetic_mask_ = np.arange(n_rows) >= len(utterances)
        return self._append(X, utterances, copies), _take(y, self.sample_indices_)

    def _copy(self, utterance: Utterance, seed: int) -> list[np.ndarray]:
        signal = read_utterance(
            utterance, sampling_rate=self.sampling_rate, channel=self.channel
        ).astype(np.float32)
        # What is drawn for an utterance depends on nothing beside it: a cache of features
        # recognises its copies in every fold.
        rng = np.random.default_rng([seed, signal_number(signal)])
        return [copy.astype(np.float32) for copy in self._copies(signal, rng)]

    def _append(self, X: Any, utterances: list[Utterance], copies: list[np.ndarray]) -> Any:
        sources = as_sequences([*(utterance.source for utterance in utterances), *copies])
        if isinstance(X, pd.MultiIndex):
            X = X.to_frame(index=False)
        if isinstance(X, pd.Series):
            return pd.Series(sources, index=X.index[self.sample_indices_], name=X.name)
        if not isinstance(X, pd.DataFrame):
            return sources
        # Waveforms cannot be part of an index.
        levels = [name for name in _PLACE if name in X.index.names and name not in X.columns]
        frame = X.reset_index(level=levels) if levels else X
        frame = frame.iloc[self.sample_indices_].copy()
        frame["file"] = sources
        for name in frame.columns.intersection(["start", "end"]):
            # A copy is the segment alone.
            frame[name] = frame[name].where(~self.synthetic_mask_)
        if "duration_s" in frame.columns:
            seconds = [len(copy) / self.sampling_rate for copy in copies]
            frame["duration_s"] = np.r_[frame["duration_s"].iloc[: len(utterances)], seconds]
        return frame


def _take(y: Any, rows: np.ndarray) -> Any:
    return y.iloc[rows] if isinstance(y, (pd.Series, pd.DataFrame)) else np.asarray(y)[rows]
