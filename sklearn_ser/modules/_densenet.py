"""DenseNet over time, LSTM and highway layers."""

import torch
from torch import Tensor, nn

from sklearn_ser.modules._highway import Highway
from sklearn_ser.modules._masked import HalveTime, MaskedBatchNorm, MeanOverTime, TimeConv


class DenseLayer(nn.Module):
    """Batch normalisation, ReLU and convolution, whose output joins the input.

    Parameters
    ----------
    in_channels : int
        Channels of the input.

    growth_rate : int
        Channels that the layer adds.

    kernel_size : int
        Frames that a filter spans; odd.

    dropout : float, default=0.0
        Share of the new channels that is dropped in training.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules import DenseLayer
    >>> DenseLayer(8, 4, 3)(torch.randn(2, 5, 8), torch.tensor([5, 2])).shape
    torch.Size([2, 5, 12])
    """

    def __init__(self, in_channels: int, growth_rate: int, kernel_size: int, dropout: float = 0.0):
        super().__init__()
        self.norm = MaskedBatchNorm(in_channels)
        self.conv = TimeConv(in_channels, growth_rate, kernel_size)
        self.dropout = nn.Dropout(dropout)

    def forward(self, X: Tensor, lengths: Tensor) -> Tensor:
        """Append the new channels to the input.

        Parameters
        ----------
        X : Tensor of shape (n, n_frames, in_channels)
            A padded batch.

        lengths : Tensor of shape (n,)
            Number of valid frames.

        Returns
        -------
        Tensor of shape (n, n_frames, in_channels + growth_rate)
            Input and new channels.
        """
        new = self.conv(torch.relu(self.norm(X, lengths)), lengths)
        return torch.cat([X, self.dropout(new)], dim=2)


class Transition(nn.Module):
    """Between two dense blocks: fewer channels and half the frames.

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
    >>> X, lengths = Transition(8, 4)(torch.randn(2, 5, 8), torch.tensor([5, 2]))
    >>> X.shape, lengths
    (torch.Size([2, 3, 4]), tensor([3, 1]))
    """

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__()
        self.norm = MaskedBatchNorm(in_channels)
        self.conv = TimeConv(in_channels, out_channels, kernel_size=1)
        self.pool = HalveTime()

    def forward(self, X: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Reduce channels and frames.

        Parameters
        ----------
        X : Tensor of shape (n, n_frames, in_channels)
            A padded batch.

        lengths : Tensor of shape (n,)
            Number of valid frames.

        Returns
        -------
        X : Tensor of shape (n, ceil(n_frames / 2), out_channels)
            The reduced batch.
        lengths : Tensor of shape (n,)
            Number of valid frames.
        """
        return self.pool(self.conv(torch.relu(self.norm(X, lengths)), lengths), lengths)


class DenseNetLSTMHighway(nn.Module):
    """Dense blocks over time, an LSTM, the mean over time, highway layers, class scores.

    Parameters
    ----------
    n_features : int
        Width of the input.

    n_outputs : int
        Width of the output.

    stem_channels : int, default=256
        Channels that the input is projected to.

    block_layers : tuple of int, default=(4,)
        Number of layers of each dense block. Frames are halved between blocks.

    growth_rate : int, default=16
        Channels that each dense layer adds.

    kernel_size : int, default=3
        Frames that a filter spans; odd.

    n_lstm_units : int, default=128
        Units of the LSTM and width of the highway layers.

    n_highway_layers : int, default=2
        Number of highway layers.

    input_dropout : float, default=0.2
        Share of the input features that is dropped in training.

    dropout : float, default=0.5
        Share of the units of the stem and before the output that is dropped in training.

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
    >>> module = DenseNetLSTMHighway(n_features=40, n_outputs=4)
    >>> module(torch.randn(2, 100, 40), torch.tensor([100, 70])).shape
    torch.Size([2, 4])
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        *,
        stem_channels: int = 256,
        block_layers: tuple[int, ...] = (4,),
        growth_rate: int = 16,
        kernel_size: int = 3,
        n_lstm_units: int = 128,
        n_highway_layers: int = 2,
        input_dropout: float = 0.2,
        dropout: float = 0.5,
    ):
        super().__init__()
        self.input_dropout = nn.Dropout(input_dropout)
        self.stem = TimeConv(n_features, stem_channels, kernel_size)
        self.stem_norm = MaskedBatchNorm(stem_channels)
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList()
        channels = stem_channels
        for block, n_layers in enumerate(block_layers):
            if block > 0:
                self.layers.append(Transition(channels, channels // 2))
                channels //= 2
            for _ in range(n_layers):
                self.layers.append(DenseLayer(channels, growth_rate, kernel_size))
                channels += growth_rate
        self.lstm = nn.LSTM(channels, n_lstm_units, batch_first=True)
        self.pool = MeanOverTime()
        self.highway = nn.Sequential(*[Highway(n_lstm_units) for _ in range(n_highway_layers)])
        self.output = nn.Linear(n_lstm_units, n_outputs)

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
        X = self.stem(self.input_dropout(X), lengths)
        X = self.dropout(torch.relu(self.stem_norm(X, lengths)))
        for layer in self.layers:
            if isinstance(layer, Transition):
                X, lengths = layer(X, lengths)
            else:
                X = layer(X, lengths)
        # The LSTM reads forward in time: padding behind an utterance reaches no valid frame.
        X = self.pool(self.lstm(X)[0], lengths)
        return self.output(self.dropout(self.highway(X)))
