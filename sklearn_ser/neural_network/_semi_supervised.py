"""What the estimators share that learn from utterances without an emotion too."""

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from sklearn_ser.neural_network._base import BaseSpeechNet
from sklearn_ser.neural_network._checks import check_metadata_length, check_weights
from sklearn_ser.neural_network._net import AlternatingNet
from sklearn_ser.neural_network._partly_labelled import PartlyLabelledDataset
from sklearn_ser.neural_network._schedule import Progress
from sklearn_ser.utils._sizes import Sizes

WEIGHT = [Interval(Real, 0, None, closed="left")]


def known_values(values: ArrayLike) -> tuple[NDArray[np.str_], NDArray[np.bool_]]:
    """Read per-utterance metadata with gaps.

    Parameters
    ----------
    values : array-like of shape (n_utterances,)
        Speakers, genders or domains; ``""``, -1, None and NaN are gaps.

    Returns
    -------
    names : ndarray of shape (n_utterances,), str
        The values as strings.
    known : ndarray of shape (n_utterances,), bool
        False for gaps.

    Examples
    --------
    >>> from sklearn_ser.neural_network._semi_supervised import known_values
    >>> known_values(["03", "", None, 8])[1]
    array([ True, False, False,  True])
    """
    array = np.array(values, dtype=object)
    array[pd.isna(array)] = ""  # pandas' own gaps compare to nothing
    known = (array != "") & (array != -1)
    # A gap makes pandas turn integers into floats, whose names would be others.
    names = [int(v) if isinstance(v, float) and v.is_integer() else v for v in array]
    return np.array(names, dtype=object).astype(str), known.astype(bool)


def is_like_labelled(speaker: np.ndarray, labelled: np.ndarray) -> NDArray[np.bool_]:
    """Mark the utterances of speakers some of whose utterances have an emotion.

    Speakers without any label are often of a corpus without emotions, such as read speech:
    nothing may be assumed of the emotions of these.

    Parameters
    ----------
    speaker : ndarray of shape (n_utterances,), int
        Speakers, -1 where unknown.

    labelled : ndarray of shape (n_utterances,), bool
        Which utterances have an emotion.

    Returns
    -------
    ndarray of shape (n_utterances,), bool
        True for the labelled utterances and all others of the same speakers.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser.neural_network._semi_supervised import is_like_labelled
    >>> is_like_labelled(np.array([3, 3, 7]), np.array([True, False, False]))
    array([ True,  True, False])
    """
    return labelled | ((speaker >= 0) & np.isin(speaker, speaker[labelled]))


class _Rows(NamedTuple):
    """What is trained on, an entry a row."""

    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    known: np.ndarray
    metadata: dict[str, np.ndarray | None]
    groups: np.ndarray | None


class BaseSemiSupervisedNet(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseSpeechNet):
    """Base of the estimators with labelled and unlabelled utterances and auxiliary tasks."""

    _net = AlternatingNet

    _parameter_constraints: ClassVar[dict] = {
        **BaseSpeechNet._parameter_constraints,
        "labeled_fraction": [Interval(Real, 0, 1, closed="neither")],
        "conv_channels": [Sizes()],
        "kernel_size": [Interval(Integral, 1, None, closed="left")],
        "hidden_sizes": [Sizes()],
        "code_size": [Interval(Integral, 1, None, closed="left")],
        "input_dropout": [Interval(Real, 0, 1, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "consistency_weight": WEIGHT,
        "batch_size": [Interval(Integral, 2, None, closed="left")],
        "lr_schedule": [StrOptions({"one_cycle", "constant"})],
    }

    auxiliary_classes_: dict[str, np.ndarray]

    def _learns_without_emotion(self) -> bool:
        """Tell whether any loss concerns utterances without an emotion."""
        raise NotImplementedError

    def _has_label(self, y: np.ndarray) -> NDArray[np.bool_]:
        """Mark the utterances with an emotion or a rating."""
        raise NotImplementedError

    def _check_partly_labelled(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        groups: ArrayLike | None,
        metadata: Mapping[str, ArrayLike | None],
        *,
        reset: bool,
    ) -> _Rows:
        """Check what to train on, and leave out the rows that no loss concerns."""
        if reset:
            self._forget()
        X = self._check_X(X, reset=reset)
        y = self._check_y(self._require_y(y), X)
        weight = check_weights(sample_weight, X)
        for name, values in {**metadata, "groups": groups}.items():
            check_metadata_length(name, values, len(X))
        known = self._has_label(y)
        kept = weight > 0
        if not self._learns_without_emotion():
            kept &= known
        metadata_kept = {
            name: None if values is None else np.asarray(values, dtype=object)[kept]
            for name, values in metadata.items()
        }
        groups = None if groups is None else np.asarray(groups)[kept]
        X = X if kept.all() else X[kept]  # lest a corpus is in memory once more
        return _Rows(X, y[kept], weight[kept], known[kept], metadata_kept, groups)

    def _train_partly_labelled(
        self,
        rows: _Rows,
        targets: dict[str, np.ndarray],
        weight: np.ndarray,
        strata: np.ndarray,
        *,
        resume: bool,
        max_epochs: int | None,
    ) -> None:
        """Add the targets of the auxiliary tasks, and train."""
        chosen = self._tasks(rows.metadata, rows.known)
        if not resume:
            self.auxiliary_classes_ = {}
        elif set(chosen) != set(self.auxiliary_classes_):
            raise ValueError(
                f"The net was trained with the auxiliary tasks {sorted(self.auxiliary_classes_)}, "
                f"not with {sorted(chosen)}. Set warm_start=False and fit."
            )
        tasks = {
            name: self._encode_auxiliary(name, values, resume) for name, values in chosen.items()
        }
        emotional = np.ones(len(rows.y), dtype=bool)
        if "speaker" in tasks:
            emotional = is_like_labelled(tasks["speaker"], rows.known)
        self._train(
            rows.X,
            {**targets, "emotional": emotional, **tasks},
            # An utterance without an emotion weighs nothing in the loss of the emotions.
            weight * rows.known,
            groups=rows.groups,
            strata=strata,
            resume=resume,
            max_epochs=max_epochs,
        )

    def _tasks(
        self, metadata: Mapping[str, np.ndarray | None], known: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Choose the metadata that auxiliary heads learn."""
        raise NotImplementedError

    def _encode_auxiliary(self, name: str, values: np.ndarray, resume: bool) -> np.ndarray:
        """Turn the classes of an auxiliary task into numbers; what is unknown, or new, is -1."""
        names, known = known_values(values)
        if not resume:
            self.auxiliary_classes_[name] = np.unique(names[known])
        classes = self.auxiliary_classes_[name]
        if len(classes) == 0:
            raise ValueError(
                f"{name} is missing for all utterances, so that there is nothing to learn from it. "
                f"Pass their {name}, or leave the task out."
            )
        code = np.searchsorted(classes, names)
        known &= classes[np.minimum(code, len(classes) - 1)] == names
        return np.where(known, code, -1)

    def _dataset(self, X: np.ndarray, targets: dict[str, np.ndarray]) -> PartlyLabelledDataset:
        return PartlyLabelledDataset(X, targets, self.labeled_fraction)

    def _split_validation(
        self, n: int, groups: ArrayLike | None, strata: np.ndarray | None, seed: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Hold labelled utterances back; the speakers of these train nothing at all."""
        assert strata is not None
        labelled = np.flatnonzero(strata >= 0)
        groups = None if groups is None else np.asarray(groups)
        chosen = None if groups is None else groups[labelled]
        _, valid = super()._split_validation(len(labelled), chosen, strata[labelled], seed)
        valid = labelled[valid]
        trains = ~np.isin(np.arange(n), valid)
        if groups is not None:
            trains &= ~np.isin(groups, groups[valid])
        return np.flatnonzero(trains), valid

    def _net_arguments(self, settings: dict[str, Any]) -> dict[str, Any]:
        return {}

    def _callbacks(self, max_epochs: int) -> list[tuple[str, Any]]:
        return [("progress", Progress(max_epochs)), *super()._callbacks(max_epochs)]

    def _shared_arguments(self, n_features: int, one_frame: bool) -> dict[str, Any]:
        """Give the arguments of the module that all of these estimators have."""
        return {
            "n_features": n_features,
            "auxiliary": {name: len(known) for name, known in self.auxiliary_classes_.items()},
            "conv_channels": () if one_frame else tuple(self.conv_channels),
            "kernel_size": self.kernel_size,
            "hidden_sizes": tuple(self.hidden_sizes),
            "code_size": self.code_size,
            "input_dropout": self.input_dropout,
            "dropout": self.dropout,
            "mixup_alpha": self.mixup_alpha,
            "consistency_weight": self.consistency_weight,
            "max_grad_norm": self.max_grad_norm,
        }

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Compress utterances to the continuous code, on which the heads sit.

        Parameters
        ----------
        X : array-like of shape (n_utterances, n_features), or sequences
            As in :meth:`fit`.

        Returns
        -------
        ndarray of shape (n_utterances, code_size)
            Codes.
        """
        check_is_fitted(self, "net_")
        return self._run(self._check_X(X, reset=False), "encode")

    def predict_auxiliary(self, X: Any, task: str) -> np.ndarray:
        """Name the most probable class of an auxiliary task.

        Parameters
        ----------
        X : array-like of shape (n_utterances, n_features), or sequences
            As in :meth:`fit`.

        task : str
            The task, a key of ``auxiliary_classes_``.

        Returns
        -------
        ndarray of shape (n_utterances,), str
            Classes of the training data: a speaker is always one of those trained on.

        Raises
        ------
        ValueError
            If the task was not learned.
        """
        outputs = self._auxiliary_outputs(X, task)
        return self.auxiliary_classes_[task][outputs.argmax(axis=1)]

    def _auxiliary_outputs(self, X: Any, task: str) -> NDArray[np.float32]:
        learned = getattr(self, "auxiliary_classes_", None)
        if learned is not None and task not in learned:
            raise ValueError(f"The task {task!r} was not learned; those learned: {list(learned)}")
        check_is_fitted(self, "net_")
        return self._run(self._check_X(X, reset=False), "score_auxiliary", task=task)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]  # codes are float32 whatever X is
        return tags

    @property
    def _n_features_out(self) -> int:
        return self.net_.module_.code_size
