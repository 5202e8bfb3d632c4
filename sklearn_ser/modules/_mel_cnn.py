"""Parallel convolutions of several widths over mel bands."""

import torch
from torch import Tensor, nn

from sklearn_ser.modules._masked import MaskedConv
from sklearn_ser.modules._pooling import MaxOverTime


class MelCNN(nn.Module):
    """Parallel convolutions over time, the maximum of each filter, hidden layers, class scores.

    Parameters
    ----------
    n_features : int
        Width of the input; each filter spans all of it.

    n_outputs : int
        Width of the output.

    filter_frames : tuple of int, default=(8, 16, 32, 64)
        Frames that the filters of each branch span.

    n_filters : int, default=128
        Filters of each branch.

    hidden_sizes : tuple of int, default=(256, 256)
        Units of the hidden layers.

    dropout : float, default=0.3
        Share of the maxima and of the hidden units that is dropped in training.

    References
    ----------
    Aldeneh, Z., & Provost, E. M. (2017). Using regional saliency for speech emotion recognition.
    ICASSP, 2741-2745.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules import MelCNN
    >>> MelCNN(40, 4)(torch.randn(2, 100, 40), torch.tensor([100, 70])).shape
    torch.Size([2, 4])
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        *,
        filter_frames: tuple[int, ...] = (8, 16, 32, 64),
        n_filters: int = 128,
        hidden_sizes: tuple[int, ...] = (256, 256),
        dropout: float = 0.3,
    ):
        super().__init__()
        self.branches = nn.ModuleList(
            MaskedConv(n_features, n_filters, (width, 1)) for width in filter_frames
        )
        self.pool = MaxOverTime()
        layers: list[nn.Module] = [nn.Dropout(dropout)]
        width = n_filters * len(filter_frames)
        for size in hidden_sizes:
            layers += [nn.Linear(width, size), nn.ReLU(), nn.Dropout(dropout)]
            width = size
        self.layers = nn.Sequential(*layers, nn.Linear(width, n_outputs))

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
        maxima = []
        for branch in self.branches:
            filtered, n_places = branch(X[:, :, None, :], lengths)
            maxima.append(self.pool(torch.relu(filtered[:, :, 0]), n_places))
        return self.layers(torch.cat(maxima, dim=1))
