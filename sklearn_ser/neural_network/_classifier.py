"""What the deep classifiers share: labels, class weights, probabilities."""

from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_softmax, softmax
from sklearn.base import ClassifierMixin
from sklearn.utils import compute_sample_weight
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, column_or_1d

from sklearn_ser.modules.functional import soft_cross_entropy
from sklearn_ser.neural_network._base import BaseSpeechNet
from sklearn_ser.utils._labels import check_labelled


class SoftCrossEntropy(torch.nn.Module):
    """Cross-entropy against soft labels, as a criterion that skorch can build."""

    def forward(
        self, logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor
    ) -> torch.Tensor:
        """Compute the loss.

        Parameters
        ----------
        logits : Tensor of shape (n, n_classes)
            Output of the module.

        target : Tensor of shape (n, n_classes)
            Distributions over the classes.

        weight : Tensor of shape (n,)
            Weights of the utterances.

        Returns
        -------
        Tensor of shape ()
            The loss.
        """
        return soft_cross_entropy(logits, target, weight)


class BaseSERClassifier(ClassifierMixin, BaseSpeechNet):
    """Base of the deep classifiers of emotion."""

    _criterion = SoftCrossEntropy
    _parameter_constraints: ClassVar[dict] = {
        **BaseSpeechNet._parameter_constraints,
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
        "class_weight": [StrOptions({"balanced"}), dict, None],
    }

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Train on utterances with known emotion.

        Parameters
        ----------
        X : array-like of shape (n_utterances, n_features), or sequences
            Features, one row an utterance; or a 1-D object array of arrays of shape
            (n_frames_i, n_features); or a 3-D array.

        y : array-like of shape (n_utterances,)
            Emotions, strings or integers.

        sample_weight : array-like of shape (n_utterances,), default=None
            Weights of the utterances; those of weight zero are left out.

        groups : array-like of shape (n_utterances,), default=None
            Speakers. With ``early_stopping`` the validation utterances are of other speakers than
            those trained on; not used otherwise.

        Returns
        -------
        self : estimator
            The fitted estimator.

        Raises
        ------
        ValueError
            If the input is not as described, or y has one class.
        """
        self._validate_params()
        return self._fit(X, y, sample_weight, groups, resume=self._is_continued())

    def partial_fit(
        self,
        X: Any,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Train one epoch further, or the first one.

        Standardisation is learned in the first call.

        Parameters
        ----------
        X : array-like of shape (n_utterances, n_features), or sequences
            As in :meth:`fit`.

        y : array-like of shape (n_utterances,)
            Emotions.

        classes : array-like of shape (n_classes,), default=None
            All emotions that will ever come; needed in the first call if y lacks some.

        sample_weight : array-like of shape (n_utterances,), default=None
            Weights of the utterances.

        Returns
        -------
        self : estimator
            The estimator.

        Raises
        ------
        ValueError
            If the input is not as described, or has classes that the first call did not name.
        """
        self._validate_params()
        resume = hasattr(self, "net_")
        return self._fit(X, y, sample_weight, None, resume=resume, classes=classes, max_epochs=1)

    def _fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        groups: ArrayLike | None,
        *,
        resume: bool,
        classes: ArrayLike | None = None,
        max_epochs: int | None = None,
    ) -> Self:
        X, y, weight, groups = self._check_rows(X, y, sample_weight, groups, reset=not resume)
        code = self._encode(y, classes, resume)
        weight = weight * self._weigh_classes(y)
        smooth = self.label_smoothing
        target = (1 - smooth) * np.eye(len(self.classes_))[code] + smooth / len(self.classes_)
        self._train(
            X,
            {"target": target},
            weight,
            groups=groups,
            strata=code,
            resume=resume,
            max_epochs=max_epochs,
        )
        return self

    def _weigh_classes(self, y: np.ndarray) -> NDArray[np.float64]:
        """Weigh each utterance by its emotion."""
        weight = compute_sample_weight(self.class_weight, y)
        if not (np.isfinite(weight).all() and weight.min() >= 0 and weight.max() > 0):
            raise ValueError(
                f"class_weight={self.class_weight!r}: weights are finite and not negative, and "
                "those of the emotions of y are not all zero."
            )
        return weight

    @property
    def _n_outputs(self) -> int:
        return len(self.classes_)

    def _check_y(self, y: ArrayLike, X: np.ndarray) -> np.ndarray:
        check_consistent_length(X, y)
        self._check_labelled(y)
        check_classification_targets(y)
        return column_or_1d(y, warn=True)

    def _check_labelled(self, y: ArrayLike) -> None:
        check_labelled(y)

    def _encode(self, y: np.ndarray, classes: ArrayLike | None, resume: bool) -> np.ndarray:
        """Turn labels into positions in ``classes_``, which the first fit learns."""
        if not resume:
            self.classes_ = np.unique(y if classes is None else np.asarray(classes))
        elif classes is not None and not np.array_equal(self.classes_, np.unique(classes)):
            raise ValueError(
                f"classes={list(np.unique(classes))} differ from those of the first call of "
                f"partial_fit, {list(self.classes_)}. Name the same, or none."
            )
        if len(self.classes_) < 2:
            raise ValueError(
                f"{type(self).__name__} needs at least 2 classes, but y has 1 class only: "
                f"{self.classes_[0]!r}. Are the rows sorted and cut by emotion?"
            )
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(
                f"y has classes {list(unknown)} beside the known {list(self.classes_)}. Name all "
                "in the first call of partial_fit, or set warm_start=False."
            )
        return np.searchsorted(self.classes_, y)

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Estimate the probability of each emotion.

        Parameters
        ----------
        X : array-like of shape (n_utterances, n_features), or sequences
            As in :meth:`fit`.

        Returns
        -------
        ndarray of shape (n_utterances, n_classes)
            Probabilities in the order of ``classes_``.
        """
        return softmax(self._outputs(X).astype(np.float64), axis=1)

    def predict_log_proba(self, X: Any) -> NDArray[np.float64]:
        """Estimate the logarithm of the probability of each emotion.

        Parameters
        ----------
        X : array-like of shape (n_utterances, n_features), or sequences
            As in :meth:`fit`.

        Returns
        -------
        ndarray of shape (n_utterances, n_classes)
            Log-probabilities in the order of ``classes_``.
        """
        return log_softmax(self._outputs(X).astype(np.float64), axis=1)

    def predict(self, X: Any) -> np.ndarray:
        """Name the most probable emotion.

        Parameters
        ----------
        X : array-like of shape (n_utterances, n_features), or sequences
            As in :meth:`fit`.

        Returns
        -------
        ndarray of shape (n_utterances,)
            Labels out of ``classes_``.
        """
        outputs = self._outputs(X)  # checks first that there are classes
        return self.classes_[outputs.argmax(axis=1)]
