"""Pure functions on tensors that the modules and the training share."""

import torch
from torch import Tensor
from torch.nn.functional import log_softmax

__all__ = [
    "concordance",
    "lengths_to_mask",
    "mixup",
    "mixup_share",
    "rating_loss",
    "reverse_gradient",
    "soft_cross_entropy",
    "squared_error",
    "stretches",
    "zero_padding",
]

# Largest share of the frames, or of the bands, that one mask covers.
MAX_MASK = 0.15


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


def zero_padding(X: Tensor, lengths: Tensor) -> Tensor:
    """Zero the frames beyond each length.

    Parameters
    ----------
    X : Tensor of shape (n, n_frames, ...)
        A padded batch.

    lengths : Tensor of shape (n,), int64
        The number of valid frames.

    Returns
    -------
    Tensor of the shape of X
        X itself, if nothing of it is padding.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules.functional import zero_padding
    >>> zero_padding(torch.ones(2, 3), torch.tensor([1, 3]))
    tensor([[1., 0., 0.],
            [1., 1., 1.]])
    """
    if int(lengths.min()) == X.shape[1]:
        return X
    # A mask of floats: a product with a mask of truth values takes several times as long.
    mask = lengths_to_mask(lengths, X.shape[1]).to(X.dtype)
    return X * mask.reshape(*mask.shape, *[1] * (X.ndim - 2))


def stretches(sizes: Tensor, n_places: int) -> Tensor:
    """Draw a stretch of up to 15 % of each row of places, by torch's generator.

    Parameters
    ----------
    sizes : Tensor of shape (n,), int64
        Number of places of each row.

    n_places : int
        Number of places of the longest.

    Returns
    -------
    Tensor of shape (n, n_places), bool
        True within the stretch.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules.functional import stretches
    >>> stretches(torch.tensor([100, 50]), 100).sum(1) <= torch.tensor([15, 7])
    tensor([True, True])
    """
    width = (torch.rand(len(sizes), device=sizes.device) * ((MAX_MASK * sizes).long() + 1)).long()
    start = (torch.rand(len(sizes), device=sizes.device) * (sizes - width + 1)).long()
    place = torch.arange(n_places, device=sizes.device)
    return (place >= start[:, None]) & (place < (start + width)[:, None])


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


def concordance(prediction: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Concordance correlation coefficient of each output, with population variances.

    Without variance of the target there is nothing to agree with: such an output, as of a batch of
    one utterance or without a weight, has a coefficient and a gradient of zero.

    Parameters
    ----------
    prediction : Tensor of shape (n, n_outputs)
        Predicted values.

    target : Tensor of shape (n, n_outputs)
        True values.

    weight : Tensor of shape (n, n_outputs) or (n, 1)
        Weights; zero leaves a value out.

    Returns
    -------
    Tensor of shape (n_outputs,)
        Coefficients between -1 and 1.

    References
    ----------
    Lin, L. I.-K. (1989). A concordance correlation coefficient to evaluate reproducibility.
    Biometrics, 45(1), 255-268.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules.functional import concordance
    >>> target = torch.tensor([[0.0], [1.0], [2.0]])
    >>> concordance(target.clamp(max=1.0), target, torch.ones(3, 1))
    tensor([0.6667])
    """
    tiny = torch.finfo(prediction.dtype).tiny
    share = weight / weight.sum(dim=0).clamp(min=tiny)
    mean, target_mean = ((share * values).sum(dim=0) for values in (prediction, target))
    centred, target_centred = prediction - mean, target - target_mean
    covariance = (share * centred * target_centred).sum(dim=0)
    spread = (share * (centred**2 + target_centred**2)).sum(dim=0)
    distance = spread + (mean - target_mean) ** 2
    # Where both are one and the same constant, up to rounding, this is zero over almost zero.
    return 2 * covariance / distance.clamp(min=1e-8)


def squared_error(prediction: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Weighted squared error of each output.

    Parameters
    ----------
    prediction : Tensor of shape (n, n_outputs)
        Predicted values.

    target : Tensor of shape (n, n_outputs)
        True values.

    weight : Tensor of shape (n, n_outputs) or (n, 1)
        Weights; zero leaves a value out.

    Returns
    -------
    Tensor of shape (n_outputs,)
        The means over the batch of weight times squared difference.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules.functional import squared_error
    >>> squared_error(torch.zeros(2, 1), torch.tensor([[1.0], [3.0]]), torch.ones(2, 1))
    tensor([5.])
    """
    return (weight * (prediction - target) ** 2).mean(dim=0)


def rating_loss(
    prediction: Tensor, target: Tensor, known: Tensor, weight: Tensor, loss: str
) -> Tensor:
    """Disagreement with ratings, or their squared error, or both; some ratings are missing.

    Parameters
    ----------
    prediction : Tensor of shape (n, n_outputs)
        Predicted values.

    target : Tensor of shape (n, n_outputs)
        Ratings times `known`.

    known : Tensor of shape (n, n_outputs)
        One for a rating and zero for a missing one. Of a mixture it is the share of the
        utterances with a rating, whose ratings alone the target holds.

    weight : Tensor of shape (n,)
        Weights of the utterances.

    loss : {"ccc", "mse", "ccc_mse"}
        One minus the concordance correlation coefficient of the batch, the squared error, or the
        mean of both.

    Returns
    -------
    Tensor of shape ()
        The mean over the outputs.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules.functional import rating_loss
    >>> target = torch.tensor([[0.0], [1.0], [2.0]])
    >>> known = torch.tensor([[1.0], [1.0], [0.0]])
    >>> rating_loss(target, target * known, known, torch.ones(3), "ccc_mse")
    tensor(0.)
    """
    target = target / known.clamp(min=1e-6)
    weight = weight[:, None] * known
    losses = []
    if "ccc" in loss:
        losses.append(1 - concordance(prediction, target, weight))
    if "mse" in loss:
        losses.append(squared_error(prediction, target, weight))
    return torch.stack(losses).mean()


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
