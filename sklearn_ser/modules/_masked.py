"""Layers over padded sequences.

All take and give tensors of shape (n, n_frames, n_channels). No valid frame of the output depends
on a padded frame of the input, whatever that holds.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from sklearn_ser.modules.functional import lengths_to_mask


class MaskedBatchNorm(nn.BatchNorm1d):
    """Batch normalisation whose statistics are those of the valid frames.

    A single valid frame has no variance: it is normalised by the running statistics.

    Parameters
    ----------
    num_features : int
        Number of channels.

    eps : float, default=1e-5
        Added to the variance.

    momentum : float, default=0.1
        Share of the new batch in the running statistics.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules import MaskedBatchNorm
    >>> MaskedBatchNorm(4)(torch.randn(2, 5, 4), torch.tensor([5, 2]))[1, 2:].abs().sum().item()
    0.0
    """

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1):
        super().__init__(num_features, eps=eps, momentum=momentum)

    def forward(self, X: Tensor, lengths: Tensor) -> Tensor:  # type: ignore[override]
        """Normalise the valid frames and zero the others.

        Parameters
        ----------
        X : Tensor of shape (n, n_frames, n_channels)
            A padded batch.

        lengths : Tensor of shape (n,)
            Number of valid frames.

        Returns
        -------
        Tensor of shape (n, n_frames, n_channels)
            The normalised batch.
        """
        mask = lengths_to_mask(lengths, X.shape[1])
        frames = X[mask]
        if len(frames) > 1:
            frames = super().forward(frames)
        else:
            frames = nn.functional.batch_norm(
                frames, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
            )
        normalised = torch.zeros_like(X)
        normalised[mask] = frames
        return normalised


class TimeConv(nn.Conv1d):
    """Convolution over time that keeps the number of frames.

    Parameters
    ----------
    in_channels : int
        Channels of the input.

    out_channels : int
        Channels of the output.

    kernel_size : int
        Frames that a filter spans; odd.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules import TimeConv
    >>> TimeConv(4, 2, 3)(torch.randn(2, 5, 4), torch.tensor([5, 2])).shape
    torch.Size([2, 5, 2])
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int):
        super().__init__(in_channels, out_channels, kernel_size, padding=kernel_size // 2)

    def forward(self, X: Tensor, lengths: Tensor) -> Tensor:  # type: ignore[override]
        """Convolve the frames as if zeros lay beyond each length.

        Parameters
        ----------
        X : Tensor of shape (n, n_frames, in_channels)
            A padded batch.

        lengths : Tensor of shape (n,)
            Number of valid frames.

        Returns
        -------
        Tensor of shape (n, n_frames, out_channels)
            The convolved batch.
        """
        if X.shape[1] == 1:
            # One frame meets the middle of each filter alone: a product of matrices.
            middle = self.weight[:, :, self.kernel_size[0] // 2]
            return nn.functional.linear(X, middle, self.bias)
        X = X * lengths_to_mask(lengths, X.shape[1])[:, :, None]
        return super().forward(X.transpose(1, 2)).transpose(1, 2)


class HalveTime(nn.Module):
    """Mean of each two neighbouring frames; a single last frame stays itself.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules import HalveTime
    >>> X, lengths = HalveTime()(torch.ones(2, 5, 4), torch.tensor([5, 2]))
    >>> X.shape, lengths
    (torch.Size([2, 3, 4]), tensor([3, 1]))
    """

    def forward(self, X: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Halve the number of frames.

        Parameters
        ----------
        X : Tensor of shape (n, n_frames, n_channels)
            A padded batch.

        lengths : Tensor of shape (n,)
            Number of valid frames.

        Returns
        -------
        X : Tensor of shape (n, ceil(n_frames / 2), n_channels)
            The means.
        lengths : Tensor of shape (n,)
            Number of valid frames.
        """
        valid = lengths_to_mask(lengths, X.shape[1])[:, :, None].to(X.dtype)
        odd = X.shape[1] % 2
        X, valid = (nn.functional.pad(t, (0, 0, 0, odd)) for t in (X * valid, valid))
        pairs, counts = (t.reshape(len(t), -1, 2, t.shape[2]).sum(2) for t in (X, valid))
        return pairs / counts.clamp(min=1), (lengths + 1) // 2


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
        valid = lengths_to_mask(lengths, X.shape[1])[:, :, None]
        return (X * valid).sum(1) / lengths[:, None]


def moments_over_time(X: Tensor, lengths: Tensor) -> Tensor:
    """Summarise sequences by mean and standard deviation of each feature.

    Parameters
    ----------
    X : Tensor of shape (n, n_frames, n_features)
        A padded batch.

    lengths : Tensor of shape (n,)
        Number of valid frames.

    Returns
    -------
    Tensor of shape (n, 2 * n_features)
        Means, then standard deviations.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules._masked import moments_over_time
    >>> moments_over_time(torch.tensor([[[1.0], [3.0]]]), torch.tensor([2]))
    tensor([[2., 1.]])
    """
    valid = lengths_to_mask(lengths, X.shape[1])[:, :, None]
    mean = (X * valid).sum(1) / lengths[:, None]
    variance = ((X - mean[:, None]) ** 2 * valid).sum(1) / lengths[:, None]
    return torch.cat([mean, variance.sqrt()], dim=1)


class ConvolutionalFront(nn.Module):
    """Convolutions over the frames, each followed by half the frame rate, and their mean.

    Parameters
    ----------
    n_features : int
        Width of a frame.

    channels : sequence of int
        Filters of each layer.

    kernel_size : int, default=5
        Frames that a filter spans.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules import ConvolutionalFront
    >>> front = ConvolutionalFront(40, channels=(32, 64))
    >>> front(torch.randn(2, 100, 40), torch.tensor([100, 70])).shape
    torch.Size([2, 64])
    """

    def __init__(self, n_features: int, channels: Sequence[int], kernel_size: int = 5):
        super().__init__()
        widths = [n_features, *channels]
        self.convolutions = nn.ModuleList(TimeConv(*w, kernel_size) for w in pairwise(widths))
        self.norms = nn.ModuleList(MaskedBatchNorm(width) for width in channels)
        self.halve = HalveTime()
        self.pool = MeanOverTime()

    def forward(self, X: Tensor, lengths: Tensor) -> Tensor:
        """Summarise sequences.

        Parameters
        ----------
        X : Tensor of shape (n, n_frames, n_features)
            A padded batch.

        lengths : Tensor of shape (n,)
            Number of valid frames.

        Returns
        -------
        Tensor of shape (n, channels[-1])
            One vector a sequence.
        """
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            X, lengths = self.halve(norm(convolution(X, lengths), lengths).relu(), lengths)
        return self.pool(X, lengths)
