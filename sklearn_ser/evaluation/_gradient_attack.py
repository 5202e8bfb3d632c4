"""Perturbations along the gradient of a net, in the space that its module sees."""

from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from sklearn_ser.neural_network._base import BaseSpeechNet, standardize
from sklearn_ser.neural_network._batches import UtteranceDataset
from sklearn_ser.neural_network._classifier import BaseSERClassifier
from sklearn_ser.neural_network._cnn_lstm import CNNLSTMSER, cut_segments
from sklearn_ser.utils._ragged import as_sequences
from sklearn_ser.utils._random import torch_rng

# The steps together are this many times as long as epsilon, so that a feature whose gradient turns
# can still cross the box.
_REACH = 2.5


def is_attackable(model: Any) -> bool:
    """Tell whether the gradient of a classifier is known here.

    Parameters
    ----------
    model : classifier
        Any.

    Returns
    -------
    bool
        True for the nets of this library that standardise their input, as all do that take features
        or sequences.
    """
    if not isinstance(model, BaseSERClassifier) or not hasattr(model, "clip"):
        return False
    return isinstance(model, CNNLSTMSER) or type(model)._forward is BaseSpeechNet._forward


def to_module_space(net: BaseSERClassifier, X: Any) -> np.ndarray:
    """Give what the module of a fitted net sees of its input.

    Parameters
    ----------
    net : classifier
        A net of this library, fitted.

    X : array-like of shape (n_utterances, n_features), or sequences
        Its input.

    Returns
    -------
    ndarray of shape (n_utterances, n_features), or (n_utterances,) of arrays
        In standard deviations of the training data, clipped, float32.
    """
    return standardize(net._check_X(X, reset=False), net.scaler_, net.clip)


def from_module_space(net: BaseSERClassifier, Z: np.ndarray, *, shift: bool = True) -> np.ndarray:
    """Give the input of a net that its module sees as this.

    Parameters
    ----------
    net : classifier
        A net of this library, fitted.

    Z : ndarray of shape (n_utterances, n_features), or (n_utterances,) of arrays
        In standard deviations.

    shift : bool, default=True
        Whether to add the mean; without it, differences are mapped.

    Returns
    -------
    ndarray of the shape of Z
        In the units of the features, float64.
    """
    if Z.ndim == 1:
        return as_sequences([from_module_space(net, z, shift=shift) for z in Z])
    scaled = Z.astype(np.float64) * net.scaler_.scale_
    return scaled + net.scaler_.mean_ if shift else scaled


def perturb(
    net: BaseSERClassifier,
    Z: np.ndarray,
    y: np.ndarray,
    epsilon: float,
    *,
    attack: str,
    n_steps: int,
) -> np.ndarray:
    """Change the input of a module so that its loss rises.

    Parameters
    ----------
    net : classifier
        A net of this library, fitted.

    Z : ndarray of shape (n_utterances, n_features), or (n_utterances,) of arrays
        As from :func:`to_module_space`.

    y : ndarray of shape (n_utterances,)
        True emotions. Utterances of an emotion that the net does not know stay as they are: they
        are wrong already.

    epsilon : float
        Largest change of a feature, in standard deviations of the training data.

    attack : {"fgsm", "pgd"}
        One step, or several.

    n_steps : int
        Steps of ``"pgd"``.

    Returns
    -------
    ndarray of the shape of Z
        Within `epsilon` of Z and within the clip range of the net, float32. Features that were
        constant in training have no standard deviation to move by, and stay as they are.
    """
    step, n_steps = (epsilon, 1) if attack == "fgsm" else (_REACH * epsilon / n_steps, n_steps)
    # The scale of a constant feature is one in whatever unit it has.
    varies = net.scaler_.scale_ == np.sqrt(net.scaler_.var_)
    codes = np.searchsorted(net.classes_, y)
    known = net.classes_[np.minimum(codes, len(net.classes_) - 1)] == y
    parts, owner = Z, np.arange(len(Z))
    if isinstance(net, CNNLSTMSER):
        # The probabilities of the segments are averaged, so that the gradient by a segment has the
        # signs that the segment alone gives.
        parts, owner = cut_segments(Z, net.segment_frames)
    codes = np.where(known, codes, -1)[owner]
    order = np.argsort(UtteranceDataset(parts).lengths, kind="stable")  # little padding a batch
    dataset = UtteranceDataset(parts[order], {"code": codes[order]})
    changed = np.empty(len(parts), dtype=object)
    module, device = net.module_.eval(), net.net_.device
    reach = torch.from_numpy(epsilon * varies.astype(np.float32)).to(device)
    done = 0
    # cuDNN gives no gradient of a recurrent layer in evaluation.
    with torch_rng(0, device), torch.backends.cudnn.flags(enabled=False):
        for inputs, targets in net.net_.get_iterator(dataset):
            X, lengths, y_code = (
                rows.to(device) for rows in (inputs["X"], inputs["lengths"], targets["code"])
            )
            moved = _climb(module, X, lengths, y_code, net.clip, reach, step, n_steps)
            for x, length in zip(moved.cpu().numpy(), inputs["lengths"].tolist(), strict=True):
                changed[order[done]] = x[:length]
                done += 1
    if Z.ndim == 2:
        return np.concatenate(list(changed))
    ends = np.flatnonzero(np.diff(np.r_[owner, len(Z)])) + 1
    return as_sequences([np.concatenate(list(x)) for x in np.split(changed, ends[:-1])])


def _climb(
    module: torch.nn.Module,
    X: torch.Tensor,
    lengths: torch.Tensor,
    codes: torch.Tensor,
    clip: float,
    reach: torch.Tensor,
    step: float,
    n_steps: int,
) -> torch.Tensor:
    """Step along the sign of the gradient, within reach of the input and the clip range."""
    low, high = (X - reach).clamp(min=-clip), (X + reach).clamp(max=clip)
    is_speech = torch.arange(X.shape[1], device=X.device) < lengths[:, None]
    step_of_frame = step * is_speech[:, :, None]
    moved = X
    for _ in range(n_steps):
        moved = moved.detach().requires_grad_()
        # Of each utterance alone: a sum has the gradients of its terms.
        loss = cross_entropy(
            module(X=moved, lengths=lengths), codes, ignore_index=-1, reduction="sum"
        )
        (gradient,) = torch.autograd.grad(loss, moved)
        moved = torch.clamp(moved + step_of_frame * gradient.sign(), low, high)
    return moved.detach()
