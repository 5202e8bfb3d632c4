"""Several networks that train side by side and answer as one."""

import torch
from torch import Tensor, nn


class Ensemble(nn.Module):
    """Networks of one architecture and different weights; their mean is the answer.

    In training each member sees rows of its own: a batch holds the rows of the first member, then
    as many of the second, and so on. Members that share their rows, and the pairs that mixup makes
    of them, are too much alike for their mean to be better than one of them.

    Parameters
    ----------
    member : type
        Module whose ``forward`` takes ``X`` and ``lengths``.

    n_members : int
        Number of networks.

    averages_probabilities : bool
        Whether the outputs are class scores, whose probabilities are averaged, or values.

    **arguments : dict
        What each member is built with.

    References
    ----------
    Lakshminarayanan, B., Pritzel, A., & Blundell, C. (2017). Simple and scalable predictive
    uncertainty estimation using deep ensembles. NeurIPS, 6402-6413.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules import MLP, Ensemble
    >>> module = Ensemble(MLP, 3, averages_probabilities=True, n_features=8, n_outputs=4)
    >>> X, lengths = torch.randn(6, 1, 8), torch.ones(6, dtype=torch.int64)
    >>> module(X, lengths).shape, module.eval()(X, lengths).exp().sum(1).allclose(torch.ones(6))
    (torch.Size([6, 4]), True)
    """

    def __init__(
        self, member: type[nn.Module], n_members: int, averages_probabilities: bool, **arguments
    ):
        super().__init__()
        self.members = nn.ModuleList([member(**arguments) for _ in range(n_members)])
        self.averages_probabilities = averages_probabilities

    def forward(self, X: Tensor, lengths: Tensor) -> Tensor:
        """Answer each row: by its member in training, by all members otherwise.

        Parameters
        ----------
        X : Tensor of shape (n, n_frames, n_features)
            A padded batch; in training n is a multiple of the number of members.

        lengths : Tensor of shape (n,)
            Number of valid frames.

        Returns
        -------
        Tensor of shape (n, n_outputs)
            Class scores, logarithms of the mean probabilities out of training; or values.
        """
        n_members = len(self.members)
        if self.training:
            parts = zip(self.members, X.chunk(n_members), lengths.chunk(n_members), strict=True)
            return torch.cat([member(*rows) for member, *rows in parts])
        answers = torch.stack([member(X, lengths) for member in self.members])
        if self.averages_probabilities:
            return answers.log_softmax(2).logsumexp(0) - torch.tensor(n_members).log()
        return answers.mean(0)
