"""What the classifiers share that learn from utterances without an emotion too."""

from collections.abc import Mapping
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import accuracy_score
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_consistent_length, column_or_1d

from sklearn_ser.neural_network._classifier import BaseSERClassifier
from sklearn_ser.neural_network._semi_supervised import BaseSemiSupervisedNet
from sklearn_ser.utils._labels import check_labelled, find_unlabelled


def is_unlabelled(y: np.ndarray, unlabeled: Any) -> NDArray[np.bool_]:
    """Mark the utterances without an emotion.

    Parameters
    ----------
    y : ndarray of shape (n_utterances,)
        Emotions.

    unlabeled : str, int or None
        What stands for an unknown emotion; None is -1 among numbers and the empty string among
        strings.

    Returns
    -------
    ndarray of shape (n_utterances,), bool
        True where there is no emotion.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser.neural_network._semi_supervised_classifier import is_unlabelled
    >>> is_unlabelled(np.array(["anger", ""]), None), is_unlabelled(np.array([-1, 3]), None)
    (array([False,  True]), array([ True, False]))
    """
    if unlabeled is None:
        unlabeled = -1 if y.dtype.kind in "iuf" else ""
    # As objects, for numpy compares no numbers with strings.
    return np.asarray(y.astype(object) == unlabeled, dtype=bool)


class BaseSemiSupervisedSER(BaseSemiSupervisedNet, BaseSERClassifier):
    """Base of the classifiers with labelled and unlabelled utterances and auxiliary tasks."""

    _parameter_constraints: ClassVar[dict] = {
        **BaseSERClassifier._parameter_constraints,
        **BaseSemiSupervisedNet._parameter_constraints,
        "unlabeled": "no_validation",
        "confidence_threshold": [Interval(Real, 0, 1, closed="both")],
    }

    def _has_label(self, y: np.ndarray) -> NDArray[np.bool_]:
        return ~is_unlabelled(y, self.unlabeled)

    def _check_labelled(self, y: ArrayLike) -> None:
        # The empty string is a mark, unless there is another one.
        labels = np.array(y, dtype=object)
        if self.unlabeled in (None, ""):
            labels[find_unlabelled(labels) & ~pd.isna(labels)] = "marked"
        check_labelled(labels, "Label them '', or -1 among numbers, or as `unlabeled` says.")

    def score(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Compute the share of the labelled utterances whose emotion is found.

        Parameters
        ----------
        X : array-like of shape (n_utterances, n_features), or sequences
            As in :meth:`fit`.

        y : array-like of shape (n_utterances,)
            Emotions; utterances that are ``unlabeled`` do not count.

        sample_weight : array-like of shape (n_utterances,), default=None
            Weights of the utterances.

        Returns
        -------
        float
            The accuracy.

        Raises
        ------
        ValueError
            If no utterance has an emotion.
        """
        check_consistent_length(X, y, sample_weight)
        labels = np.asarray(column_or_1d(y))
        known = self._has_label(labels)
        if not known.any():
            raise ValueError(
                "No utterance of these has an emotion, so that none can be scored. Search and "
                "validate by folds whose test parts have labels."
            )
        weight = np.ones(len(labels)) if sample_weight is None else np.asarray(sample_weight)
        predicted = self.predict(X)
        return float(accuracy_score(labels[known], predicted[known], sample_weight=weight[known]))

    def _fit_partly_labelled(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        groups: ArrayLike | None,
        metadata: Mapping[str, ArrayLike | None],
        *,
        resume: bool,
        classes: ArrayLike | None = None,
        max_epochs: int | None = None,
    ) -> Self:
        rows = self._check_partly_labelled(X, y, sample_weight, groups, metadata, reset=not resume)
        known, weight = rows.known, rows.weight
        if not known.any():
            raise ValueError(
                f"No utterance has an emotion: all of y are unlabeled={self.unlabeled!r}. "
                f"{type(self).__name__} needs some labelled utterances of each emotion."
            )
        code = np.full(len(known), -1)
        code[known] = self._encode(rows.y[known], classes, resume)
        weight[known] *= self._weigh_classes(rows.y[known])
        smooth = self.label_smoothing
        target = (1 - smooth) * np.eye(len(self.classes_))[code] + smooth / len(self.classes_)
        target[~known] = 0
        if not resume:
            counts = np.bincount(code[known], minlength=len(self.classes_))
            self._class_shares = counts / known.sum()
        self._train_partly_labelled(
            rows, {"target": target}, weight, code, resume=resume, max_epochs=max_epochs
        )
        return self

    def _shared_arguments(self, n_features: int, one_frame: bool) -> dict[str, Any]:
        return super()._shared_arguments(n_features, one_frame) | {
            "n_classes": len(self.classes_),
            "confidence_threshold": self.confidence_threshold,
        }
