"""Perturbations along the gradient of a net, in the space that its module sees."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from sklearn_ser.modules.functional import zero_padding
from sklearn_ser.neural_network._base import BaseSpeechNet
from sklearn_ser.neural_network._batches import UtteranceDataset
from sklearn_ser.neural_network._classifier import BaseSERClassifier
from sklearn_ser.neural_network._cnn_lstm import CNNLSTMSER, cut_segments
from sklearn_ser.neural_network._raw_speech import RawSpeechSER
from sklearn_ser.neural_network._scaling import standardize
from sklearn_ser.neural_network._waveform_batches import NOMINAL_LEVEL
from sklearn_ser.utils._audio import read_utterance
from sklearn_ser.utils._ragged import as_sequences
from sklearn_ser.utils._random import torch_rng

# The steps together are this many times as long as epsilon, so that a feature whose gradient turns
# can still cross the box.
_REACH = 2.5

# The least standard deviation of a waveform; silence has none.
_SILENCE = 1e-8


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
        or sequences, and for those on waveforms.
    """
    if takes_waveforms(model):
        return True
    if not isinstance(model, BaseSERClassifier) or not hasattr(model, "clip"):
        return False
    return isinstance(model, CNNLSTMSER) or type(model)._forward is BaseSpeechNet._forward


def takes_waveforms(model: Any) -> bool:
    """Tell whether a classifier takes utterances themselves.

    Parameters
    ----------
    model : classifier
        Any.

    Returns
    -------
    bool
        True for :class:`~sklearn_ser.neural_network.RawSpeechSER`.
    """
    return isinstance(model, RawSpeechSER)


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
        In standard deviations of the training data, clipped, float32. Waveforms as they are, each
        of shape (n_samples, 1), float32.
    """
    if takes_waveforms(net):
        kind = {"sampling_rate": net.sampling_rate, "channel": net.channel}
        signals = [read_utterance(x, **kind) for x in net._check_X(X, reset=False)]
        return as_sequences([signal.astype(np.float32)[:, None] for signal in signals])
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
        Largest change of a feature, in standard deviations of the training data, or of a sample of
        a waveform, in standard deviations of the utterance.

    attack : {"fgsm", "pgd"}
        One step, or several.

    n_steps : int
        Steps of ``"pgd"``.

    Returns
    -------
    ndarray of the shape of Z
        Within `epsilon` of Z and within the clip range of the net, or the range of the waveform,
        float32. Features that were constant in training have no standard deviation to move by, and
        stay as they are.
    """
    step, n_steps = (epsilon, 1) if attack == "fgsm" else (_REACH * epsilon / n_steps, n_steps)
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
    device = net.net_.device
    module, bounds = _open(net, device)
    done = 0
    # cuDNN gives no gradient of a recurrent layer in evaluation.
    with torch_rng(0, device), torch.backends.cudnn.flags(enabled=False):
        for inputs, targets in net.net_.get_iterator(dataset):
            X, lengths, y_code = (
                rows.to(device) for rows in (inputs["X"], inputs["lengths"], targets["code"])
            )
            unit, low, high = bounds(X, lengths)
            box = (X - epsilon * unit).maximum(low), (X + epsilon * unit).minimum(high)
            moved = _climb(module, X, lengths, y_code, box, step * unit, n_steps)
            for x, length in zip(moved.cpu().numpy(), inputs["lengths"].tolist(), strict=True):
                changed[order[done]] = x[:length]
                done += 1
    if Z.ndim == 2:
        return np.concatenate(list(changed))
    ends = np.flatnonzero(np.diff(np.r_[owner, len(Z)])) + 1
    return as_sequences([np.concatenate(list(x)) for x in np.split(changed, ends[:-1])])


def _open(net: BaseSERClassifier, device: str) -> tuple[Callable, Callable]:
    """Return the module, as a function of what is attacked, and the function of its bounds.

    The bounds of a padded batch are the unit of a change, the least and the greatest value.
    """
    module = net.module_.eval()
    if not takes_waveforms(net):
        # The scale of a constant feature is one in whatever unit it has.
        varies = net.scaler_.scale_ == np.sqrt(net.scaler_.var_)
        unit = torch.from_numpy(varies.astype(np.float32)).to(device)
        clip = torch.tensor(net.clip, device=device)
        return module, lambda X, lengths: (unit, -clip, clip)

    def from_waveform(X: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        if not net.normalize:
            return module(X=X / NOMINAL_LEVEL, lengths=lengths)
        mean, deviation = _moments(X, lengths)
        return module(X=(X - mean) / deviation, lengths=lengths)

    def bounds(X: torch.Tensor, lengths: torch.Tensor) -> tuple[torch.Tensor, ...]:
        peak = X.abs().amax(dim=1, keepdim=True)
        return _moments(X, lengths)[1], -peak, peak

    return from_waveform, bounds


def _moments(X: torch.Tensor, lengths: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the mean and the standard deviation of each padded waveform."""
    n = lengths[:, None, None]
    mean = X.sum(dim=1, keepdim=True) / n
    variance = zero_padding((X - mean).square(), lengths).sum(dim=1, keepdim=True) / n
    return mean, variance.clamp(min=_SILENCE**2).sqrt()


def _climb(
    module: Callable,
    X: torch.Tensor,
    lengths: torch.Tensor,
    codes: torch.Tensor,
    box: tuple[torch.Tensor, torch.Tensor],
    step: torch.Tensor,
    n_steps: int,
) -> torch.Tensor:
    """Step along the sign of the gradient, within the box."""
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
        moved = torch.clamp(moved + step_of_frame * gradient.sign(), *box)
    return moved.detach()
