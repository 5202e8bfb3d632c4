"""A plain multi-layer perceptron."""

from torch import Tensor, nn

from sklearn_ser.modules._pooling import MeanOverTime


class MLP(nn.Module):
    """The mean over time, fully connected layers with ReLU and dropout, class scores.

    Parameters
    ----------
    n_features : int
        Width of the input.

    n_outputs : int
        Width of the output.

    hidden_sizes : tuple of int, default=(256, 256)
        Units of each hidden layer; none makes a linear model.

    input_dropout : float, default=0.5
        Share of the input features that is dropped in training.

    dropout : float, default=0.5
        Share of the units of each hidden layer that is dropped in training.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules import MLP
    >>> module = MLP(n_features=40, n_outputs=4)
    >>> module(torch.randn(2, 100, 40), torch.tensor([100, 70])).shape
    torch.Size([2, 4])
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        *,
        hidden_sizes: tuple[int, ...] = (256, 256),
        input_dropout: float = 0.5,
        dropout: float = 0.5,
    ):
        super().__init__()
        self.pool = MeanOverTime()
        layers: list[nn.Module] = [nn.Dropout(input_dropout)]
        width = n_features
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
        return self.layers(self.pool(X, lengths))
