"""DenseNet over time, or over time and frequency, LSTM and highway layers."""

import torch
from torch import Tensor, nn

from sklearn_ser.modules._highway import Highway
from sklearn_ser.modules._masked import HalveTimeAndBands, MaskedBatchNorm, MaskedConv
from sklearn_ser.modules._pooling import make_pooling
from sklearn_ser.modules._recurrent import LSTMOverTime


class ConvLayer(nn.Module):
    """Batch normalisation, ReLU and convolution; in a dense layer the output joins the input.

    Parameters
    ----------
    in_channels : int
        Channels of the input.

    new_channels : int
        Channels that the convolution gives.

    kernel_size : tuple of int
        Frames and bands that a filter spans; odd.

    dense : bool, default=True
        Whether the new channels join those of the input or take their place.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules import ConvLayer
    >>> ConvLayer(8, 4, (3, 3))(torch.randn(2, 5, 10, 8), torch.tensor([5, 2])).shape
    torch.Size([2, 5, 10, 12])
    """

    def __init__(
        self, in_channels: int, new_channels: int, kernel_size: tuple[int, int], dense: bool = True
    ):
        super().__init__()
        self.norm = MaskedBatchNorm(in_channels)
        self.conv = MaskedConv(in_channels, new_channels, kernel_size)
        self.dense = dense

    def forward(self, X: Tensor, lengths: Tensor) -> Tensor:
        """Compute the new channels.

        Parameters
        ----------
        X : Tensor of shape (n, n_frames, n_bands, in_channels)
            A padded batch.

        lengths : Tensor of shape (n,)
            Number of valid frames.

        Returns
        -------
        Tensor of shape (n, n_frames, n_bands, n_channels)
            The input and the new channels, or the new channels alone.
        """
        new, _ = self.conv(torch.relu(self.norm(X, lengths)), lengths)
        return torch.cat([X, new], dim=3) if self.dense else new


class Transition(nn.Module):
    """Between two blocks: fewer channels, half the frames and half the bands.

    Parameters
    ----------
    in_channels : int
        Channels of the input.

    out_channels : int
        Channels of the output.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules import Transition
    >>> X, lengths = Transition(8, 4)(torch.randn(2, 5, 10, 8), torch.tensor([5, 2]))
    >>> X.shape, lengths
    (torch.Size([2, 3, 5, 4]), tensor([3, 1]))
    """

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__()
        self.norm = MaskedBatchNorm(in_channels)
        self.pool = HalveTimeAndBands()
        self.conv = MaskedConv(in_channels, out_channels, (1, 1))

    def forward(self, X: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Reduce channels, frames and bands.

        Parameters
        ----------
        X : Tensor of shape (n, n_frames, n_bands, in_channels)
            A padded batch.

        lengths : Tensor of shape (n,)
            Number of valid frames.

        Returns
        -------
        X : Tensor of shape (n, ceil(n_frames / 2), ceil(n_bands / 2), out_channels)
            The reduced batch.
        lengths : Tensor of shape (n,)
            Number of valid frames.
        """
        # A mean commutes with a filter of one frame and one band: the shorter sequence is filtered.
        return self.conv(*self.pool(torch.relu(self.norm(X, lengths)), lengths))


class DenseNetLSTMHighway(nn.Module):
    """Dense blocks, an LSTM, pooling over time, highway layers, class scores.

    Parameters
    ----------
    n_features : int
        Width of the input.

    n_outputs : int
        Width of the output.

    convolution : {"time", "time_frequency"}, default="time"
        Whether the features are channels without an order, convolved over time, or neighbouring
        bands of a spectrum, convolved over time and frequency. Filters over both start from every
        second frame and every fourth band.

    stem_channels : int, default=256
        Channels that the input is projected to.

    block_layers : tuple of int, default=(4,)
        Number of layers of each block. Frames and bands are halved between blocks.

    growth_rate : int, default=16
        Channels that each dense layer adds.

    dense : bool, default=True
        Whether blocks are dense. A plain block is one convolution, of as many filters as its dense
        counterpart has channels in the end.

    kernel_size : int, default=3
        Frames, and bands, that a filter spans; odd.

    n_lstm_units : int, default=128
        Units of the LSTM; 0 leaves it out.

    bidirectional : bool, default=False
        Whether a second LSTM of as many units reads backward in time.

    pooling : {"mean", "statistics", "attention", "last"}, default="mean"
        How frames become one row, as in :func:`make_pooling`.

    n_highway_layers : int, default=2
        Number of highway layers.

    input_dropout : float, default=0.2
        Share of the input features that is dropped in training.

    dropout : float, default=0.5
        Share of the units that is dropped in training, before the output and of the stem over time.

    References
    ----------
    Latif, S., Rana, R., Khalifa, S., Jurdak, R., & Schuller, B. W. (2020). Deep architecture
    enhancing robustness to noise, adversarial attacks, and cross-corpus setting for speech
    emotion recognition. Interspeech, 2327-2331.

    Huang, G., Liu, Z., van der Maaten, L., & Weinberger, K. Q. (2017). Densely connected
    convolutional networks. CVPR, 4700-4708.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules import DenseNetLSTMHighway
    >>> module = DenseNetLSTMHighway(n_features=40, n_outputs=4, convolution="time_frequency")
    >>> module(torch.randn(2, 100, 40), torch.tensor([100, 70])).shape
    torch.Size([2, 4])
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        *,
        convolution: str = "time",
        stem_channels: int = 256,
        block_layers: tuple[int, ...] = (4,),
        growth_rate: int = 16,
        dense: bool = True,
        kernel_size: int = 3,
        n_lstm_units: int = 128,
        bidirectional: bool = False,
        pooling: str = "mean",
        n_highway_layers: int = 2,
        input_dropout: float = 0.2,
        dropout: float = 0.5,
    ):
        super().__init__()
        self.over_bands = convolution == "time_frequency"
        kernel = (kernel_size, kernel_size) if self.over_bands else (kernel_size, 1)
        stride = (2, 4) if self.over_bands else (1, 1)
        bands, channels = (n_features, 1) if self.over_bands else (1, n_features)
        self.input_dropout = nn.Dropout(input_dropout)
        self.stem = MaskedConv(channels, stem_channels, kernel, stride)
        self.stem_norm = MaskedBatchNorm(stem_channels)
        self.dropout = nn.Dropout(dropout)
        bands, channels = -(-bands // stride[1]), stem_channels
        self.layers = nn.ModuleList()
        for block, n_layers in enumerate(block_layers):
            if block > 0:
                self.layers.append(Transition(channels, channels // 2))
                bands, channels = (bands + 1) // 2, channels // 2
            if dense:
                for _ in range(n_layers):
                    self.layers.append(ConvLayer(channels, growth_rate, kernel))
                    channels += growth_rate
            else:
                wider = channels + n_layers * growth_rate
                self.layers.append(ConvLayer(channels, wider, kernel, dense=False))
                channels = wider
        width = bands * channels
        if n_lstm_units > 0:
            self.lstm = LSTMOverTime(width, n_lstm_units, bidirectional)
            width = 2 * n_lstm_units if bidirectional else n_lstm_units
        self.pool, width = make_pooling(pooling, width)
        self.highway = nn.Sequential(*[Highway(width) for _ in range(n_highway_layers)])
        self.output = nn.Linear(width, n_outputs)

    def forward(self, X: Tensor, lengths: Tensor) -> Tensor:
        """Score the classes.

        Parameters
        ----------
        X : Tensor of shape (n, n_frames, n_features)
            A padded batch.

        lengths : Tensor of shape (n,)
            Number of valid frames.

        Returns
        -------
        Tensor of shape (n, n_outputs)
            Class scores (logits).
        """
        X = self.input_dropout(X)
        X = X[:, :, :, None] if self.over_bands else X[:, :, None, :]
        X, lengths = self.stem(X, lengths)
        X = torch.relu(self.stem_norm(X, lengths))
        if not self.over_bands:  # what is dropped of a map, its neighbours still tell
            X = self.dropout(X)
        for layer in self.layers:
            if isinstance(layer, Transition):
                X, lengths = layer(X, lengths)
            else:
                X = layer(X, lengths)
        X = X.flatten(2)
        if hasattr(self, "lstm"):
            X = self.lstm(X, lengths)
        return self.output(self.dropout(self.highway(self.pool(X, lengths))))
