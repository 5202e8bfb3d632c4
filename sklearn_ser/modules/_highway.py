"""Highway layers."""

import torch
from torch import Tensor, nn


class Highway(nn.Module):
    """A layer that carries its input on where its transform gate is closed.

    Parameters
    ----------
    n_units : int
        Width of the input and of the output.

    gate_bias : float, default=-1.0
        Initial bias of the transform gate; negative values carry at first.

    References
    ----------
    Srivastava, R. K., Greff, K., & Schmidhuber, J. (2015). Highway networks. ICML Deep Learning
    Workshop.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules import Highway
    >>> Highway(8)(torch.zeros(2, 8)).shape
    torch.Size([2, 8])
    """

    def __init__(self, n_units: int, gate_bias: float = -1.0):
        super().__init__()
        self.transform = nn.Linear(n_units, n_units)
        self.gate = nn.Linear(n_units, n_units)
        nn.init.constant_(self.gate.bias, gate_bias)

    def forward(self, X: Tensor) -> Tensor:
        """Blend the transformed input with the input.

        Parameters
        ----------
        X : Tensor of shape (..., n_units)
            The input.

        Returns
        -------
        Tensor of shape (..., n_units)
            The output.
        """
        gate = torch.sigmoid(self.gate(X))
        return gate * torch.relu(self.transform(X)) + (1 - gate) * X
