"""A recurrent layer over padded sequences."""

from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class LSTMOverTime(nn.LSTM):
    """LSTM over the valid frames, forward in time or both ways.

    Parameters
    ----------
    n_channels : int
        Channels of the input.

    n_units : int
        Units of each direction.

    bidirectional : bool, default=False
        Whether a second LSTM reads each sequence from its last valid frame to its first.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules import LSTMOverTime
    >>> lstm = LSTMOverTime(4, 8, bidirectional=True)
    >>> lstm(torch.randn(2, 5, 4), torch.tensor([5, 2])).shape
    torch.Size([2, 5, 16])
    """

    def __init__(self, n_channels: int, n_units: int, bidirectional: bool = False):
        super().__init__(n_channels, n_units, batch_first=True, bidirectional=bidirectional)

    def forward(self, X: Tensor, lengths: Tensor) -> Tensor:  # type: ignore[override]
        """Read each sequence.

        Parameters
        ----------
        X : Tensor of shape (n, n_frames, n_channels)
            A padded batch.

        lengths : Tensor of shape (n,)
            Number of valid frames.

        Returns
        -------
        Tensor of shape (n, n_frames, n_units), or twice the units if bidirectional
            The states.
        """
        if not self.bidirectional:
            # Padding behind a sequence reaches no valid frame.
            return super().forward(X)[0]
        packed = pack_padded_sequence(X, lengths.cpu(), batch_first=True, enforce_sorted=False)
        states = super().forward(packed)[0]
        return pad_packed_sequence(states, batch_first=True, total_length=X.shape[1])[0]
