"""How the estimators that own an alternating net train it: autoencoders and GANs."""

from typing import Any

import numpy as np
import torch

from sklearn_ser.neural_network._batches import UtteranceDataset
from sklearn_ser.neural_network._checks import resolve_device
from sklearn_ser.neural_network._net import AlternatingNet


def balanced_rows(y: np.ndarray, batch_size: int) -> np.ndarray:
    """Index every class as often as the largest, and often enough for ten batches of small data.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), int
        Class of each row.

    batch_size : int
        Rows a batch.

    Returns
    -------
    ndarray of shape (n_rows,), int
        Rows of an epoch.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser.neural_network._alternating import balanced_rows
    >>> balanced_rows(np.array([0, 0, 0, 1]), batch_size=1)
    array([0, 1, 2, 0, 1, 3, 3, 3, 3, 3])
    """
    sizes = np.bincount(y)
    n_each = max(sizes.max(), -(-10 * batch_size // len(sizes)))
    return np.concatenate([np.resize(np.flatnonzero(y == k), n_each) for k in np.unique(y)])


def make_net(
    estimator: Any,
    module: type[torch.nn.Module],
    arguments: dict[str, Any],
    lr: float | dict[str, float],
    **params: Any,
) -> AlternatingNet:
    """Build the net of an estimator.

    Parameters
    ----------
    estimator : object
        Has the parameters ``max_epochs``, ``batch_size``, ``device`` and ``verbose``.

    module : type
        The architecture.

    arguments : dict
        Arguments of the architecture.

    lr : float or dict of str to float
        Learning rate of all optimisers, or of each.
    **params : dict
        Further parameters of the net.

    Returns
    -------
    AlternatingNet
        The net, not yet initialised.
    """
    return AlternatingNet(
        module,
        lr=lr,
        optimizer=torch.optim.Adam,
        # The usual momentum of 0.9 makes generator and discriminator circle each other.
        optimizer__betas=(0.5, 0.99),
        max_epochs=estimator.max_epochs,
        batch_size=estimator.batch_size,
        train_split=None,
        device=resolve_device(estimator.device),
        verbose=int(estimator.verbose),
        **params,
        **{f"module__{name}": value for name, value in arguments.items()},
    )


def train(
    net: AlternatingNet, X: np.ndarray, targets: dict[str, np.ndarray], pretrain_epochs: int = 0
) -> None:
    """Train a net from the start.

    Parameters
    ----------
    net : AlternatingNet
        The net.

    X : ndarray of shape (n_samples, n_features), float32
        Standardised features.

    targets : dict of str to ndarray of shape (n_samples, ...), float32
        What ``training_step`` of the module takes beside X.

    pretrain_epochs : int, default=0
        Epochs to train with ``pretrains`` of the module set, before all others.

    Raises
    ------
    ValueError
        If a loss is no longer finite.
    """
    data = UtteranceDataset(X, targets)
    net.initialize()
    if pretrain_epochs:
        net.module_.pretrains = True
        net.partial_fit(data, None, epochs=pretrain_epochs)
        net.module_.pretrains = False
        net.initialize_callbacks()  # the printed table gets the columns of other losses
    net.partial_fit(data, None, epochs=net.max_epochs)


def losses_by_epoch(net: AlternatingNet) -> list[dict[str, float]]:
    """List the losses of each epoch.

    Parameters
    ----------
    net : AlternatingNet
        A trained net.

    Returns
    -------
    list of dict of str to float
        Losses by name.
    """
    by_skorch = {"batches", "dur", "epoch", "train_loss", "train_loss_best", "train_batch_count"}
    return [
        {name: float(loss) for name, loss in epoch.items() if name not in by_skorch}
        for epoch in net.history
    ]
