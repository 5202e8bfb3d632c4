"""Pure functions on tensors that the modules and the training share."""

import torch
from torch import Tensor
from torch.nn.functional import log_softmax

__all__ = ["lengths_to_mask", "mixup", "mixup_share", "reverse_gradient", "soft_cross_entropy"]


def lengths_to_mask(lengths: Tensor, max_length: int) -> Tensor:
    """Mark the frames that belong to each sequence of a padded batch.

    Parameters
    ----------
    lengths : Tensor of shape (n,), int64
        The number of frames of each sequence.

    max_length : int
        The number of frames that the batch is padded to.

    Returns
    -------
    Tensor of shape (n, max_length), bool
        True for the frames before each length.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules.functional import lengths_to_mask
    >>> lengths_to_mask(torch.tensor([1, 3]), 3)
    tensor([[ True, False, False],
            [ True,  True,  True]])
    """
    return torch.arange(max_length, device=lengths.device) < lengths[:, None]


def soft_cross_entropy(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Cross-entropy against distributions over the classes, weighted by sample.

    Parameters
    ----------
    logits : Tensor of shape (n, n_classes)
        Unnormalised log-probabilities.

    target : Tensor of shape (n, n_classes)
        A distribution over the classes each row: mixed and smoothed labels are soft.

    weight : Tensor of shape (n,)
        Weights of the samples.

    Returns
    -------
    Tensor of shape ()
        The mean over the batch of weight times cross-entropy.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules.functional import soft_cross_entropy
    >>> soft_cross_entropy(torch.zeros(1, 2), torch.tensor([[0.5, 0.5]]), torch.ones(1))
    tensor(0.6931)
    """
    return -(weight * (target * log_softmax(logits, dim=1)).sum(dim=1)).mean()


def mixup(values: Tensor, partner: Tensor, share: Tensor) -> Tensor:
    """Mix each row with the row of its partner.

    Parameters
    ----------
    values : Tensor of shape (n, ...)
        Inputs, soft labels or weights.

    partner : Tensor of shape (n,), int64
        For each row the row that it is mixed with.

    share : Tensor of shape () or (n,)
        The share of the row itself, in [0, 1].

    Returns
    -------
    Tensor of shape (n, ...)
        ``share * values + (1 - share) * values[partner]``.

    References
    ----------
    Zhang, H., Cisse, M., Dauphin, Y. N., & Lopez-Paz, D. (2018). mixup: Beyond empirical risk
    minimization. ICLR.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules.functional import mixup
    >>> mixup(torch.tensor([0.0, 1.0]), torch.tensor([1, 0]), torch.tensor(0.75))
    tensor([0.2500, 0.7500])
    """
    share = share.reshape(-1, *[1] * (values.ndim - 1))
    return share * values + (1 - share) * values[partner]


def mixup_share(alpha: float, n: int = 1) -> Tensor:
    """Draw shares for :func:`mixup` from Beta(alpha, alpha), by torch's generator.

    Parameters
    ----------
    alpha : float
        Both parameters of the Beta distribution; 0 mixes nothing.

    n : int, default=1
        How many to draw.

    Returns
    -------
    Tensor of shape (n,)
        Shares in [0, 1].

    Examples
    --------
    >>> from sklearn_ser.modules.functional import mixup_share
    >>> mixup_share(0.0, 2)
    tensor([1., 1.])
    """
    if alpha == 0:
        return torch.ones(n)
    concentration = torch.full((n,), float(alpha))
    return torch.distributions.Beta(concentration, concentration).sample()


class _GradientReversal(torch.autograd.Function):
    @staticmethod
    def forward(ctx, X, strength):
        ctx.strength = strength
        return X.view_as(X)

    @staticmethod
    def backward(ctx, gradient):
        return -ctx.strength * gradient, None


def reverse_gradient(X: Tensor, strength: float) -> Tensor:
    """Pass values on, and gradients back with the opposite sign.

    What comes before learns to make the task of what comes behind harder.

    Parameters
    ----------
    X : Tensor
        Any values.

    strength : float
        Factor of the gradient.

    Returns
    -------
    Tensor of the shape of X
        The same values.

    References
    ----------
    Ganin, Y., & Lempitsky, V. (2015). Unsupervised domain adaptation by backpropagation. ICML.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules.functional import reverse_gradient
    >>> X = torch.ones(1, requires_grad=True)
    >>> (3 * reverse_gradient(X, 0.5)).sum().backward()
    >>> X.grad
    tensor([-1.5000])
    """
    return _GradientReversal.apply(X, strength)
