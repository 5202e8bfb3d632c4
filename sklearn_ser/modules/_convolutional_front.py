"""Convolutions that turn a sequence into one row, for a network of rows behind them."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from sklearn_ser.modules._masked import HalveTimeAndBands, MaskedBatchNorm, MaskedConv
from sklearn_ser.modules._pooling import MeanOverTime


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
        widths = pairwise([n_features, *channels])
        self.convolutions = nn.ModuleList(MaskedConv(*w, (kernel_size, 1)) for w in widths)
        self.norms = nn.ModuleList(MaskedBatchNorm(width) for width in channels)
        self.halve = HalveTimeAndBands()
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
        X = X[:, :, None, :]  # the features are the channels of a single band
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            X, lengths = convolution(X, lengths)
            X, lengths = self.halve(norm(X, lengths).relu(), lengths)
        return self.pool(X[:, :, 0], lengths)
