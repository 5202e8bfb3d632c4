"""What all deep estimators share: checks, standardisation, randomness, and a skorch net to own."""

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit, StratifiedShuffleSplit
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _num_samples, check_is_fitted, validate_data
from skorch.callbacks import Callback, EarlyStopping, LRScheduler
from skorch.helper import predefined_split

from sklearn_ser.modules import Ensemble
from sklearn_ser.neural_network._batch_augmentation import AUGMENTATIONS, Augmentation
from sklearn_ser.neural_network._batches import UtteranceDataset
from sklearn_ser.neural_network._checks import (
    check_metadata_length,
    check_net_params,
    check_no_utterances,
    check_weights,
    resolve_device,
)
from sklearn_ser.neural_network._net import AlternatingNet, DivergenceError, SupervisedNet
from sklearn_ser.neural_network._scaling import fit_scaler, standardize
from sklearn_ser.neural_network._schedule import LearningRateSchedule, one_cycle
from sklearn_ser.utils._ragged import check_sequences, is_sequences
from sklearn_ser.utils._random import rng_state, seed_from, set_rng_state, torch_rng

# Parameters that may change between the trainings of one net.
_FOLLOWED = (
    "lr",
    "lr_schedule",
    "weight_decay",
    "batch_size",
    "max_epochs",
    "early_stopping",
    "n_iter_no_change",
)


class BaseSpeechNet(BaseEstimator):
    """Base of the deep estimators.

    It checks and standardises the input, seeds torch in a scope of its own, builds the skorch net
    ``net_`` from named hyperparameters, trains it, and reads its outputs. Subclasses say which
    module (:meth:`_module`) and which targets.
    """

    # Set by each subclass.
    _criterion: type[torch.nn.Module]
    _net: ClassVar[type[SupervisedNet] | type[AlternatingNet]] = SupervisedNet

    n_features_in_: int
    _on_sequences: bool
    _trained_with: dict[str, Any]
    _validation_seed: int
    net_: SupervisedNet | AlternatingNet
    rng_state_: dict[str, torch.Tensor]

    _parameter_constraints: ClassVar[dict] = {
        "clip": [Interval(Real, 0, None, closed="neither")],
        "mixup_alpha": [Interval(Real, 0, None, closed="left")],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "lr_schedule": [StrOptions({"one_cycle", "plateau", "constant"})],
        "max_grad_norm": [Interval(Real, 0, None, closed="neither"), None],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "warm_start": ["boolean"],
        "device": [str],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
        "net_params": [dict, None],
    }

    def _module(self, n_features: int, one_frame: bool) -> tuple[type[torch.nn.Module], dict]:
        """Name the class of the module and its arguments."""
        raise NotImplementedError

    @property
    def _n_outputs(self) -> int:
        """Width of the module's output: known once the targets are checked."""
        raise NotImplementedError

    def _criterion_arguments(self) -> dict[str, Any]:
        """Give the arguments that the criterion is built with."""
        return {}

    def _check_y(self, y: ArrayLike, X: np.ndarray) -> np.ndarray:
        """Check labels or ratings against the utterances."""
        raise NotImplementedError

    def _require_y(self, y: Any) -> Any:
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None."
            )
        return y

    def _check_rows(
        self, X: Any, y: Any, sample_weight: Any, groups: Any, *, reset: bool
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]:
        """Check what to train on and leave out the utterances of weight zero."""
        if reset:
            self._forget()
        X = self._check_X(X, reset=reset)
        y = self._check_y(self._require_y(y), X)
        weight = check_weights(sample_weight, X)
        check_metadata_length("groups", groups, len(X))
        kept = weight > 0
        groups = None if groups is None else np.asarray(groups)
        if kept.all():  # lest a corpus is in memory once more
            return X, y, weight, groups
        return X[kept], y[kept], weight[kept], None if groups is None else groups[kept]

    def _forget(self) -> None:
        """Forget the net, lest a fit that fails leaves it with labels or a scale of other data."""
        if hasattr(self, "net_"):
            del self.net_

    def _check_X(self, X: Any, *, reset: bool) -> np.ndarray:
        """Check features or sequences; remember or compare their kind and width."""
        check_no_utterances(X)
        on_sequences = is_sequences(X)
        if reset:
            self._on_sequences = on_sequences
        elif self._on_sequences and _num_samples(X) == 0:
            on_sequences = True  # none of them tells what it is
        if on_sequences != self._on_sequences:
            raise ValueError(
                "X has a row of features for each utterance, but the net was trained on sequences. "
                "Give a single sequence as [x]."
                if self._on_sequences
                else "X holds sequences, but the net was trained on a row of features for each "
                "utterance. Give rows, or fit a new one to sequences."
            )
        if not on_sequences:
            # The sums of a frame's columns differ in their last bits in another order.
            return validate_data(self, X, dtype=[np.float64, np.float32], order="C", reset=reset)
        X = check_sequences(X, n_features=None if reset else self.n_features_in_)
        if reset:
            self.n_features_in_ = X[0].shape[1]
            if hasattr(self, "feature_names_in_"):
                del self.feature_names_in_
        return X

    def _settings(self, one_frame: bool) -> dict[str, Any]:
        """Give the hyperparameters as they hold for rows of features, or for sequences."""
        return self.get_params(deep=False)

    def _is_continued(self) -> bool:
        return self.warm_start and hasattr(self, "net_")

    def _train(
        self,
        X: np.ndarray,
        targets: dict[str, np.ndarray],
        weight: np.ndarray,
        *,
        groups: ArrayLike | None = None,
        strata: np.ndarray | None = None,
        resume: bool = False,
        max_epochs: int | None = None,
    ) -> None:
        """Train ``net_`` from the start, or on from where it is."""
        if self.early_stopping and max_epochs is not None:
            raise ValueError(
                "partial_fit does not support early_stopping=True: patience has no meaning for "
                "one epoch. Use fit, with warm_start=True to train on, or early_stopping=False."
            )
        device = resolve_device(self.device)
        if not resume:
            self._fit_scale(X)
        targets = {name: rows.astype(np.float32) for name, rows in targets.items()}
        # The optimiser's settings suit weights of mean one, whatever unit the caller's have. Those
        # of zero are of utterances without a label.
        targets["weight"] = (weight / weight[weight > 0].mean()).astype(np.float32)
        train, valid = np.arange(len(X)), None
        if self.early_stopping:
            if not (resume and hasattr(self, "_validation_seed")):
                # A training that goes on holds back what it held back before.
                self._validation_seed = seed_from(self.random_state)
            seed = self._validation_seed
            train, valid = self._split_validation(len(X), groups, strata, seed)
        X = self._scale(X)
        settings = self._settings(one_frame=X.ndim == 2)

        def rows(i: np.ndarray) -> UtteranceDataset:
            return self._dataset(X[i], {name: t[i] for name, t in targets.items()})

        with torch_rng(self._seed(resume), device):
            if resume:
                net = self.net_
                set_rng_state(self.rng_state_, device)
                self._follow_changes(net, settings, begins_anew=max_epochs is None)
            else:
                net = self._make_net(settings, one_frame=X.ndim == 2, device=device)
                net.initialize()
            self._trained_with = {name: settings[name] for name in _FOLLOWED}
            net.set_params(train_split=None if valid is None else predefined_split(rows(valid)))
            data = rows(train)
            self._vary(data, settings)  # validation sees utterances whole and as they are
            module = getattr(net.module_, "_orig_mod", net.module_)  # within a compiled one
            if isinstance(module, Ensemble):
                data.n_members = len(module.members)
            try:
                net.partial_fit(data, None, epochs=max_epochs or settings["max_epochs"])
            except DivergenceError:
                self._forget()
                raise
            finally:
                net.set_params(train_split=None)  # lest the net keeps the utterances
            self.rng_state_ = rng_state(device)
        self.net_ = net
        self.n_iter_ = len(self.net_.history)

    def _fit_scale(self, X: np.ndarray) -> None:
        self.scaler_ = fit_scaler(X)

    def _scale(self, X: np.ndarray) -> np.ndarray:
        return standardize(X, self.scaler_, self.clip)

    def _dataset(self, X: np.ndarray, targets: dict[str, np.ndarray]) -> UtteranceDataset:
        return UtteranceDataset(X, targets)

    def _vary(self, data: Any, settings: dict[str, Any]) -> None:
        """Let the dataset to train on change its utterances from epoch to epoch."""
        data.crop_frames = settings.get("crop_frames")

    def _seed(self, resume: bool) -> int:
        return 0 if resume else seed_from(self.random_state)

    def _make_net(
        self, settings: dict[str, Any], one_frame: bool, device: str
    ) -> SupervisedNet | AlternatingNet:
        module, arguments = self._module(self.n_features_in_, one_frame)
        params = {
            "optimizer": torch.optim.AdamW,
            "optimizer__weight_decay": settings["weight_decay"],
            "optimizer__fused": True,  # a step takes a quarter of the time
            "lr": settings["lr"],
            "max_epochs": settings["max_epochs"],
            "batch_size": settings["batch_size"],
            "callbacks": self._all_callbacks(settings["max_epochs"]),
            "train_split": None,
            "device": device,
            "verbose": int(self.verbose),
        }
        params |= {f"module__{name}": value for name, value in arguments.items()}
        params |= self._net_arguments(settings)
        chosen = check_net_params(self.net_params)
        chosen.pop("callbacks", None)  # they are among all callbacks
        if "optimizer" in chosen:
            del params["optimizer__fused"]  # few optimisers know it
        return self._net(module, **(params | chosen))

    def _follow_changes(
        self, net: SupervisedNet | AlternatingNet, settings: dict, begins_anew: bool
    ) -> None:
        """Let a net that trains on go by what was set since; ``net_params`` have the last word."""
        before = self._trained_with
        changed = {name for name, value in before.items() if settings[name] != value}
        if changed & {"lr_schedule", "early_stopping", "n_iter_no_change"}:
            # Those of before watch a loss that is no longer computed, or set another rate.
            course = net.course()
            net.callbacks = self._all_callbacks(settings["max_epochs"])
            net.initialize_callbacks()
            net.begin_course(*course)
        if begins_anew or changed & {"lr_schedule", "max_epochs"}:
            net.begin_course(settings["max_epochs"], len(net.history))
        chosen = self.net_params or {}
        if "lr_schedule" in changed:
            net.restore_rates()
        if "lr" in changed and not {"lr", "optimizer__lr"} & set(chosen):
            net.scale_rates(settings["lr"] / before["lr"])
        if "weight_decay" in changed and "optimizer__weight_decay" not in chosen:
            net.set_weight_decay(before["weight_decay"], settings["weight_decay"])
        net.batch_size = chosen.get("batch_size", settings["batch_size"])

    def _net_arguments(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Give the arguments that a net with one optimiser has beside those of all nets."""
        augmented_by = {name: settings[name] for name in AUGMENTATIONS if name in settings}
        arguments = {f"criterion__{name}": v for name, v in self._criterion_arguments().items()}
        return arguments | {
            "criterion": self._criterion,
            "augment": Augmentation(**augmented_by),
            "max_grad_norm": self.max_grad_norm,
        }

    def _callbacks(self, max_epochs: int) -> list[tuple[str, Callback]]:
        callbacks: list[tuple[str, Callback]] = []
        monitor = "valid_loss" if self.early_stopping else "train_loss"
        if self.lr_schedule == "one_cycle":
            callbacks.append(("schedule", LearningRateSchedule(one_cycle, max_epochs)))
        elif self.lr_schedule == "plateau":
            plateau = LRScheduler("ReduceLROnPlateau", monitor=monitor, patience=5, factor=0.5)
            callbacks.append(("schedule", plateau))
        if self.early_stopping:
            stop = EarlyStopping(
                monitor=monitor, patience=self.n_iter_no_change, load_best=True, sink=_silence
            )
            callbacks.append(("early_stopping", stop))
        return callbacks

    def _all_callbacks(self, max_epochs: int) -> list:
        """Put the user's callbacks behind those of schedule and early stopping."""
        return self._callbacks(max_epochs) + list((self.net_params or {}).get("callbacks") or [])

    def _split_validation(
        self, n: int, groups: ArrayLike | None, strata: np.ndarray | None, seed: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Hold utterances back to stop by: of other groups, or else of each class."""
        share = self.validation_fraction
        if groups is not None:
            missing = pd.isna(np.asarray(groups, dtype=object))
            if missing.any():
                raise ValueError(
                    f"groups is missing for {missing.sum()} of {n} utterances, but "
                    "early_stopping holds whole groups back. Name all, or pass no groups."
                )
            splitter = GroupShuffleSplit(n_splits=1, test_size=share, random_state=seed)
        elif strata is not None:
            splitter = StratifiedShuffleSplit(n_splits=1, test_size=share, random_state=seed)
        else:
            splitter = ShuffleSplit(n_splits=1, test_size=share, random_state=seed)
        try:
            train, valid = next(splitter.split(np.zeros(n), strata, groups))
        except ValueError as error:
            held_back = "groups" if groups is not None else "utterances"
            raise ValueError(
                f"early_stopping cannot hold back validation_fraction={share} of the {held_back} "
                f"({error}). Change the fraction, give more {held_back}, or set "
                "early_stopping=False."
            ) from error
        # Groups come in the order of the corpus: a batch of one emotion, or of like ratings, has
        # a loss that says little.
        return train, np.random.RandomState(seed).permutation(valid)

    def _outputs(self, X: Any) -> np.ndarray:
        """Check the input and run the fitted module over it."""
        check_is_fitted(self, "net_")
        return self._forward(self._check_X(X, reset=False))

    def _forward(self, X: np.ndarray) -> np.ndarray:
        """Run the module over checked input, in the order of X."""
        return self._run(X, "__call__")

    def _run(self, X: np.ndarray, method: str, **arguments: Any) -> np.ndarray:
        """Run a method of the module over checked input, in the order of X."""
        X = self._scale(X)
        order = np.argsort(self._dataset(X, {}).lengths, kind="stable")  # little padding a batch
        with torch_rng(0, self.net_.device):  # data loaders draw a seed that nothing here uses
            outputs = self.net_.outputs(self._dataset(X[order], {}), method, **arguments).numpy()
        in_order = np.empty_like(outputs)
        in_order[order] = outputs
        lost = np.flatnonzero(~np.isfinite(in_order).reshape(len(in_order), -1).all(axis=1))
        if len(lost):
            raise ValueError(
                f"The net gives no finite output for {len(lost)} of {len(X)} utterances, first of "
                f"them row {lost[0]}. Either its values are too large: scale them as those in fit. "
                "Or the training went astray: use a smaller lr."
            )
        return in_order

    @property
    def history_(self) -> list[dict]:
        """The losses and durations of each epoch, from skorch.

        Returns
        -------
        list of dict
            One row an epoch.
        """
        check_is_fitted(self, "net_")
        return self.net_.history

    @property
    def module_(self) -> torch.nn.Module:
        """The trained torch module.

        Returns
        -------
        torch.nn.Module
            The module of ``net_``.
        """
        check_is_fitted(self, "net_")
        return self.net_.module_

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "net_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags


def _silence(message: str) -> None:
    """Print nothing: the history tells when the training stopped."""
