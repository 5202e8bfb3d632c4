"""What the transformers of sequences share: the check of X, the container, the tags."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from sklearn_ser.utils._output import OutputMixin
from sklearn_ser.utils._ragged import check_sequences, is_sequences


class SequenceTransformer(OutputMixin, TransformerMixin, BaseEstimator):
    """Base of the transformers from sequences to sequences or features.

    A subclass writes `_transform` and `get_feature_names_out`; one that learns extends `_learn`,
    one with more to check than its ``_parameter_constraints`` extends `_check_parameters`.
    """

    def _check_parameters(self) -> None:
        """Raise where a parameter is wrong; a subclass extends this."""
        self._validate_params()

    def _learn(self, sequences: np.ndarray) -> None:
        """Learn from the checked sequences."""

    def _transform(self, sequences: np.ndarray) -> np.ndarray:
        """Turn the checked sequences into sequences or a feature matrix."""
        raise NotImplementedError

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from the sequences.

        Parameters
        ----------
        X : array-like of shape (n_utterances,) or (n_utterances, n_frames, n_features)
            Sequences.
        y : object, default=None
            Ignored.

        Returns
        -------
        self : object
            The fitted transformer.
        """
        self._check_parameters()
        sequences = _check(X)
        self.n_features_in_ = sequences[0].shape[1]
        self._learn(sequences)
        return self

    def transform(self, X: Any) -> Any:
        """Transform the sequences.

        Parameters
        ----------
        X : array-like of shape (n_utterances,) or (n_utterances, n_frames, n_features)
            Sequences.

        Returns
        -------
        Xt : ndarray of shape (n_utterances,) or (n_utterances, n_features_out)
            Sequences or features, in the order of `X`.
        """
        check_is_fitted(self)
        return self._contain(self._transform(_check(X, n_features=self.n_features_in_)), X)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags


def _check(X: Any, n_features: int | None = None) -> np.ndarray:
    if getattr(X, "ndim", 1) == 2 and not is_sequences(X):
        raise ValueError(
            f"X has the shape {X.shape}: these are features, not sequences. Take a transformer of "
            "scikit-learn for them, or an extractor that gives sequences."
        )
    return check_sequences(X, n_features=n_features)
