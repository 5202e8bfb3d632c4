"""What the over-samplers share: dense input, and what any generative model of rows needs."""

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import torch
from imblearn.over_sampling.base import BaseOverSampler
from sklearn.preprocessing import StandardScaler
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval

from sklearn_ser.neural_network._alternating import losses_by_epoch
from sklearn_ser.neural_network._checks import resolve_device
from sklearn_ser.neural_network._net import AlternatingNet
from sklearn_ser.neural_network._scaling import fit_scaler, standardize
from sklearn_ser.over_sampling._report import (
    by_class,
    relative_diversity,
    relative_novelty,
    warn_below,
)
from sklearn_ser.utils._labels import check_labelled
from sklearn_ser.utils._ragged import is_sequences
from sklearn_ser.utils._random import seed_from, torch_rng


class DenseOverSampler(BaseOverSampler):
    """Base of over-samplers of labelled rows; acoustic features are dense."""

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        return tags

    def fit_resample(self, X: Any, y: Any, **params: Any) -> tuple[Any, Any]:
        """Add synthetic rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.

        y : array-like of shape (n_samples,)
            Emotions.

        **params : dict
            Further parameters of some samplers.

        Returns
        -------
        X_resampled : ndarray or DataFrame of shape (n_samples_new, n_features)
            The rows of X, followed by the synthetic ones.
        y_resampled : ndarray or Series of shape (n_samples_new,)
            Their emotions.

        Raises
        ------
        ValueError
            If a label is missing, or X holds sequences.
        """
        if y is not None:  # of which imbalanced-learn tells
            check_labelled(y)
        if is_sequences(X):
            raise ValueError(
                f"{type(self).__name__} makes rows of features, but X holds sequences. Put "
                "Functionals() before it, or take functionals instead of low-level descriptors."
            )
        return super().fit_resample(X, y, **params)

    def _check_X_y(self, X: Any, y: Any, accept_sparse: Any = False) -> tuple:
        return super()._check_X_y(X, y, accept_sparse=accept_sparse)


class GANSampler(DenseOverSampler):
    """Base of the over-samplers that train a generative network.

    It standardises the rows, seeds torch, brings synthetic rows back to units, range and type of
    the originals, and reports on them. Subclasses train a net and draw (:meth:`_generate`).
    """

    _parameter_constraints: ClassVar[dict] = {
        **BaseOverSampler._parameter_constraints,
        "min_diversity": [Interval(Real, 0, None, closed="left")],
        "min_novelty": [Interval(Real, 0, None, closed="left")],
        "clip": [Interval(Real, 0, None, closed="neither")],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 2, None, closed="left")],
        "device": [str],
        "verbose": ["verbose"],
    }

    def _generate(
        self, Z: np.ndarray, y: np.ndarray, y_synthetic: np.ndarray, **params: Any
    ) -> tuple[AlternatingNet, np.ndarray]:
        """Train a net on standardised rows and one-hot classes, and draw rows with it."""
        raise NotImplementedError

    def _complete(
        self,
        net: AlternatingNet,
        drawn: np.ndarray,
        y_synthetic: np.ndarray,
        Z: np.ndarray,
        y: np.ndarray,
    ) -> np.ndarray:
        """Add to the rows that the net drew what it leaves out; classes are numbers."""
        return drawn

    def _fit_resample(
        self, X: np.ndarray, y: np.ndarray, **params: Any
    ) -> tuple[np.ndarray, np.ndarray]:
        classes, y_encoded = np.unique(y, return_inverse=True)
        self._check_class_sizes(classes, np.bincount(y_encoded))
        n_wanted = [self.sampling_strategy_.get(label, 0) for label in classes]
        y_synthetic = np.repeat(np.arange(len(classes)), n_wanted)
        self.synthetic_mask_ = np.arange(len(y) + len(y_synthetic)) >= len(y)
        self.net_, self.history_ = None, []
        self.diversity_: dict[Any, float] = {}
        self.novelty_: dict[Any, float] = {}
        if len(y_synthetic) == 0:
            return X.copy(), y.copy()

        scaler = fit_scaler(X)
        Z = standardize(X, scaler, self.clip)
        one_hot = np.eye(len(classes), dtype=np.float32)
        with torch_rng(seed_from(self.random_state), resolve_device(self.device)):
            net, drawn = self._generate(Z, one_hot[y_encoded], one_hot[y_synthetic], **params)
            completed = self._complete(net, drawn, y_synthetic, Z, y_encoded)
        self.net_ = net
        self.history_ = losses_by_epoch(net)
        X_synthetic = restore(completed, scaler, X)
        Z_synthetic = standardize(X_synthetic, scaler, self.clip)
        self._report(Z, y, drawn, Z_synthetic, classes[y_synthetic])
        return np.concatenate([X, X_synthetic]), np.concatenate([y, classes[y_synthetic]])

    def _check_class_sizes(self, classes: np.ndarray, sizes: np.ndarray) -> None:
        for label, size in zip(classes, sizes, strict=True):
            if size == 1 and self.sampling_strategy_.get(label, 0) > 0:
                raise ValueError(
                    f"Class {str(label)!r} has one sample, and a GAN cannot learn a class from "
                    "that. Collect more of it, leave it out, or name the classes to over-sample "
                    "in a dict as sampling_strategy."
                )

    def _report(
        self,
        Z: np.ndarray,
        y: np.ndarray,
        drawn: np.ndarray,
        Z_synthetic: np.ndarray,
        y_synthetic: np.ndarray,
    ) -> None:
        """Measure how varied the network's rows are, and how new those are that leave."""
        self.diversity_ = by_class(relative_diversity, Z, y, drawn, y_synthetic)
        self.novelty_ = by_class(relative_novelty, Z, y, Z_synthetic, y_synthetic)
        name = type(self).__name__
        warn_below(
            self.diversity_,
            self.min_diversity,
            f"Synthetic rows of {name} are nearly all alike (mode collapse): their distances from "
            "each other, as a share of those of the real rows",
            "Train longer or with smaller learning rates, collect more of these classes, or lower "
            "min_diversity.",
        )
        warn_below(
            self.novelty_,
            self.min_novelty,
            f"Synthetic rows of {name} are nearly copies of real ones (memorisation): their "
            "distances from the nearest real row, as a share of those of the real rows from each "
            "other",
            "Train shorter or a smaller network, collect more of these classes, or lower "
            "min_novelty.",
        )


def sample(net: AlternatingNet, *inputs: np.ndarray) -> np.ndarray:
    """Draw rows from a trained net, by torch's generator.

    Parameters
    ----------
    net : AlternatingNet
        Its module has a method ``sample``.

    *inputs : ndarray, float32
        What ``sample`` takes.

    Returns
    -------
    ndarray of shape (n, n_features), float32
        Standardised synthetic rows.
    """
    module = net.module_.eval()
    with torch.no_grad():
        rows = module.sample(*(torch.from_numpy(values).to(net.device) for values in inputs))
    return rows.cpu().numpy()


def restore(Z: np.ndarray, scaler: StandardScaler, X: np.ndarray) -> np.ndarray:
    """Bring synthetic rows to the units, the range and the type of the originals.

    Parameters
    ----------
    Z : ndarray of shape (n_synthetic, n_features), float32
        Standardised synthetic rows.

    scaler : StandardScaler
        What the originals were standardised by.

    X : ndarray of shape (n_samples, n_features)
        The originals.

    Returns
    -------
    ndarray of shape (n_synthetic, n_features)
        The synthetic rows; integers are rounded.
    """
    X_synthetic = Z.astype(np.float64) * scaler.scale_ + scaler.mean_
    if np.issubdtype(X.dtype, np.integer):
        X_synthetic = np.rint(X_synthetic)
    return np.clip(X_synthetic, X.min(axis=0), X.max(axis=0)).astype(X.dtype)
