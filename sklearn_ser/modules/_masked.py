"""Layers over padded sequences.

They take and give tensors of shape (n, n_frames, n_bands, n_channels); features without an order
are the channels of a single band. No valid frame of the output depends on a padded frame of the
input, whatever that holds.
"""

import torch
from torch import Tensor, nn

from sklearn_ser.modules.functional import lengths_to_mask, zero_padding


class MaskedBatchNorm(nn.BatchNorm1d):
    """Batch normalisation whose statistics are those of the valid frames.

    A single valid value of a channel has no variance: it is normalised by the running statistics.

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
        X : Tensor of shape (n, n_frames, ..., n_channels)
            A padded batch.

        lengths : Tensor of shape (n,)
            Number of valid frames.

        Returns
        -------
        Tensor of shape (n, n_frames, ..., n_channels)
            The normalised batch.
        """
        if int(lengths.min()) == X.shape[1]:
            return self._normalise(X)
        # Copying the valid frames out and back takes half the time of sums under a mask.
        mask = lengths_to_mask(lengths, X.shape[1])
        normalised = torch.zeros_like(X)
        normalised[mask] = self._normalise(X[mask])
        return normalised

    def _normalise(self, frames: Tensor) -> Tensor:
        values = frames.flatten(0, -2)
        if len(values) > 1:
            normalised = super().forward(values)
        else:
            normalised = nn.functional.batch_norm(
                values, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
            )
        return normalised.view_as(frames)


class MaskedConv(nn.Conv2d):
    """Convolution over time and bands that reads zeros beyond each length.

    Parameters
    ----------
    in_channels : int
        Channels of the input.

    out_channels : int
        Channels of the output.

    kernel_size : tuple of int
        Frames and bands that a filter spans. An even number gives one frame or band more.

    stride : tuple of int, default=(1, 1)
        Frames and bands from one place of a filter to the next.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules import MaskedConv
    >>> conv = MaskedConv(1, 8, (3, 3), stride=(2, 4))
    >>> X, lengths = conv(torch.randn(2, 5, 40, 1), torch.tensor([5, 2]))
    >>> X.shape, lengths
    (torch.Size([2, 3, 10, 8]), tensor([3, 1]))
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: tuple[int, int],
        stride: tuple[int, int] = (1, 1),
    ):
        padding = (kernel_size[0] // 2, kernel_size[1] // 2)
        super().__init__(in_channels, out_channels, kernel_size, stride, padding)

    def forward(self, X: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """Convolve each sequence.

        Parameters
        ----------
        X : Tensor of shape (n, n_frames, n_bands, in_channels)
            A padded batch.

        lengths : Tensor of shape (n,)
            Number of valid frames.

        Returns
        -------
        X : Tensor of shape (n, n_new_frames, n_new_bands, out_channels)
            The convolved batch; with an odd kernel a frame for every ``stride[0]`` frames and a
            band for every ``stride[1]`` bands, last ones included.
        lengths : Tensor of shape (n,)
            Number of valid frames.
        """
        if self.kernel_size == self.stride == (1, 1):  # a product of matrices
            return nn.functional.linear(X, self.weight.flatten(1), self.bias), lengths
        # In memory the channels stay last: nothing is copied.
        X = zero_padding(X, lengths).permute(0, 3, 1, 2)
        lengths = (lengths - self.kernel_size[0] % 2) // self.stride[0] + 1
        return super().forward(X).permute(0, 2, 3, 1), lengths


class HalveTimeAndBands(nn.Module):
    """Mean over two frames by two bands; an odd last frame or band stays by itself.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules import HalveTimeAndBands
    >>> X, lengths = HalveTimeAndBands()(torch.ones(2, 5, 10, 4), torch.tensor([5, 2]))
    >>> X.shape, lengths
    (torch.Size([2, 3, 5, 4]), tensor([3, 1]))
    """

    def forward(self, X: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Halve the number of frames and of bands.

        Parameters
        ----------
        X : Tensor of shape (n, n_frames, n_bands, n_channels)
            A padded batch.

        lengths : Tensor of shape (n,)
            Number of valid frames.

        Returns
        -------
        X : Tensor of shape (n, ceil(n_frames / 2), ceil(n_bands / 2), n_channels)
            The means.
        lengths : Tensor of shape (n,)
            Number of valid frames.
        """
        counts = _sums_of_four(zero_padding(torch.ones_like(X[..., :1]), lengths))
        return _sums_of_four(zero_padding(X, lengths)) / counts.clamp(min=1), (lengths + 1) // 2


def _sums_of_four(X: Tensor) -> Tensor:
    X = X.permute(0, 3, 1, 2)
    X = nn.functional.avg_pool2d(X, 2, ceil_mode=True, divisor_override=1)
    return X.permute(0, 2, 3, 1)
