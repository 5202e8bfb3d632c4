"""Convolutions over a spectrogram and an LSTM."""

import torch
from torch import Tensor, nn

from sklearn_ser.modules._masked import HalveTimeAndBands, MaskedBatchNorm, MaskedConv
from sklearn_ser.modules._pooling import MeanOverTime
from sklearn_ser.modules._recurrent import LSTMOverTime


class CNNLSTM(nn.Module):
    """Convolutions over time and frequency, an LSTM that reads both ways, class scores.

    Parameters
    ----------
    n_features : int
        Number of bands of the input.

    n_outputs : int
        Width of the output.

    n_filters : tuple of int, default=(16, 24, 32)
        Filters of each convolution. Frames and bands are halved after each.

    kernel_size : int, default=3
        Frames and bands that a filter spans; odd.

    n_lstm_units : int, default=128
        Units of each direction of the LSTM.

    dropout : float, default=0.3
        Share of the units before and behind the LSTM that is dropped in training.

    References
    ----------
    Satt, A., Rozenberg, S., & Hoory, R. (2017). Efficient emotion recognition from speech using
    deep learning on spectrograms. Interspeech, 1089-1093.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules import CNNLSTM
    >>> CNNLSTM(40, 4)(torch.randn(2, 100, 40), torch.tensor([100, 70])).shape
    torch.Size([2, 4])
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        *,
        n_filters: tuple[int, ...] = (16, 24, 32),
        kernel_size: int = 3,
        n_lstm_units: int = 128,
        dropout: float = 0.3,
    ):
        super().__init__()
        self.convs, self.norms = nn.ModuleList(), nn.ModuleList()
        bands, channels = n_features, 1
        for n in n_filters:
            self.convs.append(MaskedConv(channels, n, (kernel_size, kernel_size)))
            self.norms.append(MaskedBatchNorm(n))
            bands, channels = (bands + 1) // 2, n
        self.halve = HalveTimeAndBands()
        self.dropout = nn.Dropout(dropout)
        self.lstm = LSTMOverTime(bands * channels, n_lstm_units, bidirectional=True)
        self.pool = MeanOverTime()
        self.output = nn.Linear(2 * n_lstm_units, n_outputs)

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
        X = X[:, :, :, None]
        for conv, norm in zip(self.convs, self.norms, strict=True):
            X, lengths = conv(X, lengths)
            X, lengths = self.halve(torch.relu(norm(X, lengths)), lengths)
        states = self.lstm(self.dropout(X.flatten(2)), lengths)
        return self.output(self.dropout(self.pool(states, lengths)))
