"""What the generative adversarial networks are built of and trained by."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, leaky_relu
from torch.optim import Optimizer


def fully_connected(sizes: Sequence[int], dropout: float = 0.0) -> nn.Sequential:
    """Stack linear layers with leaky ReLU and dropout between them.

    Parameters
    ----------
    sizes : sequence of int
        Width of the input, of each hidden layer, and of the output.

    dropout : float, default=0.0
        Share of the units of each hidden layer that is dropped in training.

    Returns
    -------
    nn.Sequential
        The layers; the last one is linear.

    Examples
    --------
    >>> from sklearn_ser.modules._adversarial import fully_connected
    >>> len(fully_connected([8, 4, 2]))
    3
    """
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise(sizes[:-1]):
        layers += [nn.Linear(n_in, n_out), nn.LeakyReLU(0.2)]
        if dropout:
            layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers, nn.Linear(sizes[-2], sizes[-1]))


class ConditionalDiscriminator(nn.Module):
    """Logit of a vector being real, given a distribution over the classes (projection).

    Parameters
    ----------
    n_features : int
        Width of the vectors: features or codes.

    n_classes : int
        Number of classes.

    sizes : sequence of int
        Widths of the hidden layers.

    dropout : float
        Share of the units of each hidden layer but the last that is dropped in training.

    References
    ----------
    Miyato, T., & Koyama, M. (2018). cGANs with projection discriminator. ICLR.
    """

    def __init__(self, n_features: int, n_classes: int, sizes: Sequence[int], dropout: float):
        super().__init__()
        self.body = fully_connected([n_features, *sizes], dropout)
        self.score = nn.Linear(sizes[-1], 1)
        self.class_direction = nn.Linear(n_classes, sizes[-1], bias=False)

    def forward(self, X: Tensor, y: Tensor) -> Tensor:
        """Judge vectors.

        Parameters
        ----------
        X : Tensor of shape (n, n_features)
            The vectors.

        y : Tensor of shape (n, n_classes)
            A distribution over the classes each row.

        Returns
        -------
        Tensor of shape (n,)
            Logits.
        """
        hidden = leaky_relu(self.body(X), 0.2)
        agreement = (hidden * self.class_direction(y)).sum(dim=1)
        return self.score(hidden)[:, 0] + agreement / hidden.shape[1] ** 0.5


def verdict_loss(verdict: Tensor, target: Tensor) -> Tensor:
    """Binary cross-entropy with one-sided label smoothing: a discriminator never quite sure.

    Parameters
    ----------
    verdict : Tensor of shape (n,)
        Logits of a discriminator.

    target : Tensor of shape (n,)
        Shares of reality, in [0, 1].

    Returns
    -------
    Tensor of shape ()
        The mean loss.
    """
    return binary_cross_entropy_with_logits(verdict, target.clamp(max=0.9))


def discriminator_loss(of_real: Tensor, of_fake: Tensor) -> Tensor:
    """Mean loss of a discriminator over real and generated vectors.

    Parameters
    ----------
    of_real : Tensor of shape (n,)
        Its logits of real vectors.

    of_fake : Tensor of shape (m,)
        Its logits of generated ones.

    Returns
    -------
    Tensor of shape ()
        The mean of both losses.
    """
    real_loss = verdict_loss(of_real, torch.ones_like(of_real))
    return (real_loss + verdict_loss(of_fake, torch.zeros_like(of_fake))) / 2


def deception_loss(of_fake: Tensor) -> Tensor:
    """Loss of a generator whose vectors are to be taken for real.

    Parameters
    ----------
    of_fake : Tensor of shape (n,)
        The discriminator's logits of generated vectors.

    Returns
    -------
    Tensor of shape ()
        The mean loss.
    """
    return binary_cross_entropy_with_logits(of_fake, torch.ones_like(of_fake))


def descend(optimizer: Optimizer, loss: Tensor) -> None:
    """Descend the loss along the optimiser's own parameters; the other networks stand still.

    Parameters
    ----------
    optimizer : Optimizer
        Owns the parameters that move.

    loss : Tensor of shape ()
        The loss.
    """
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    optimizer.zero_grad()
    loss.backward(inputs=parameters)
    optimizer.step()
