"""From the frames of a padded sequence to one row.

The layers take tensors of shape (n, n_frames, n_channels) and read the valid frames only.
"""

import torch
from torch import Tensor, nn

from sklearn_ser.modules.functional import lengths_to_mask, zero_padding


class MeanOverTime(nn.Module):
    """Mean over the valid frames.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules import MeanOverTime
    >>> MeanOverTime()(torch.ones(2, 5, 4), torch.tensor([5, 2])).shape
    torch.Size([2, 4])
    """

    def forward(self, X: Tensor, lengths: Tensor) -> Tensor:
        """Average the frames of each sequence.

        Parameters
        ----------
        X : Tensor of shape (n, n_frames, n_channels)
            A padded batch.

        lengths : Tensor of shape (n,)
            Number of valid frames.

        Returns
        -------
        Tensor of shape (n, n_channels)
            The means.
        """
        return zero_padding(X, lengths).sum(1) / lengths[:, None]


class LastOverTime(nn.Module):
    """The last valid frame: what a recurrent layer knows in the end.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules import LastOverTime
    >>> LastOverTime()(torch.arange(3.0).reshape(1, 3, 1), torch.tensor([2]))
    tensor([[1.]])
    """

    def forward(self, X: Tensor, lengths: Tensor) -> Tensor:
        """Pick the last frame of each sequence.

        Parameters
        ----------
        X : Tensor of shape (n, n_frames, n_channels)
            A padded batch.

        lengths : Tensor of shape (n,)
            Number of valid frames.

        Returns
        -------
        Tensor of shape (n, n_channels)
            The frames.
        """
        return X[torch.arange(len(X), device=X.device), lengths - 1]


class MaxOverTime(nn.Module):
    """Largest value of each channel over the valid frames.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules import MaxOverTime
    >>> MaxOverTime()(torch.arange(3.0).reshape(1, 3, 1), torch.tensor([2]))
    tensor([[1.]])
    """

    def forward(self, X: Tensor, lengths: Tensor) -> Tensor:
        """Pick the largest value of each sequence.

        Parameters
        ----------
        X : Tensor of shape (n, n_frames, n_channels)
            A padded batch.

        lengths : Tensor of shape (n,)
            Number of valid frames.

        Returns
        -------
        Tensor of shape (n, n_channels)
            The maxima.
        """
        valid = lengths_to_mask(lengths, X.shape[1])[:, :, None]
        return X.masked_fill(~valid, -torch.inf).amax(1)


class StatisticsOverTime(nn.Module):
    """Mean and standard deviation over the valid frames.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules import StatisticsOverTime
    >>> StatisticsOverTime()(torch.ones(2, 5, 4), torch.tensor([5, 2])).shape
    torch.Size([2, 8])
    """

    def forward(self, X: Tensor, lengths: Tensor) -> Tensor:
        """Describe the frames of each sequence.

        Parameters
        ----------
        X : Tensor of shape (n, n_frames, n_channels)
            A padded batch.

        lengths : Tensor of shape (n,)
            Number of valid frames.

        Returns
        -------
        Tensor of shape (n, 2 * n_channels)
            Means, then standard deviations.
        """
        return _statistics(X, lengths, X.new_zeros(*X.shape[:2], 1))


class AttentionOverTime(nn.Module):
    """Mean and standard deviation over the valid frames, which a small network weighs.

    Parameters
    ----------
    n_channels : int
        Channels of the input.

    n_units : int, default=64
        Hidden units of the network.

    References
    ----------
    Okabe, K., Koshinaka, T., & Shinoda, K. (2018). Attentive statistics pooling for deep speaker
    embedding. Interspeech, 2252-2256.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules import AttentionOverTime
    >>> AttentionOverTime(4)(torch.ones(2, 5, 4), torch.tensor([5, 2])).shape
    torch.Size([2, 8])
    """

    def __init__(self, n_channels: int, n_units: int = 64):
        super().__init__()
        self.score = nn.Sequential(nn.Linear(n_channels, n_units), nn.Tanh(), nn.Linear(n_units, 1))

    def forward(self, X: Tensor, lengths: Tensor) -> Tensor:
        """Describe the frames of each sequence.

        Parameters
        ----------
        X : Tensor of shape (n, n_frames, n_channels)
            A padded batch.

        lengths : Tensor of shape (n,)
            Number of valid frames.

        Returns
        -------
        Tensor of shape (n, 2 * n_channels)
            Means, then standard deviations.
        """
        return _statistics(X, lengths, self.score(X))


def _statistics(X: Tensor, lengths: Tensor, scores: Tensor) -> Tensor:
    """Give mean and deviation, under the softmax of the scores over the valid frames."""
    valid = lengths_to_mask(lengths, X.shape[1])[:, :, None]
    weight = scores.masked_fill(~valid, -torch.inf).softmax(1)
    X = zero_padding(X, lengths)
    mean = (weight * X).sum(1)
    variance = (weight * (X - mean[:, None]) ** 2).sum(1)
    # At zero the root has no finite slope.
    return torch.cat([mean, (variance + 1e-5).sqrt()], 1)


def make_pooling(kind: str, n_channels: int) -> tuple[nn.Module, int]:
    """Build a pooling layer by its name.

    Parameters
    ----------
    kind : {"mean", "statistics", "attention", "last"}
        Mean over time; mean and standard deviation; both weighted by attention; the last frame.

    n_channels : int
        Channels of the frames.

    Returns
    -------
    layer : nn.Module
        The layer.
    n_outputs : int
        Width of its output.

    Examples
    --------
    >>> from sklearn_ser.modules._pooling import make_pooling
    >>> make_pooling("statistics", 8)[1]
    16
    """
    if kind == "mean":
        return MeanOverTime(), n_channels
    if kind == "last":
        return LastOverTime(), n_channels
    if kind == "statistics":
        return StatisticsOverTime(), 2 * n_channels
    return AttentionOverTime(n_channels), 2 * n_channels
