"""The course of a training: schedules of the learning rate, and callbacks that follow it."""

from collections.abc import Callable
from typing import Any

import numpy as np
from skorch import NeuralNet
from skorch.callbacks import Callback


class Course(Callback):
    """A callback that goes by the share of the training that is done.

    Parameters
    ----------
    max_epochs : int
        Length of the whole training.
    """

    def __init__(self, max_epochs: int):
        self.max_epochs = max_epochs
        self.first_epoch = 0

    def begin(self, max_epochs: int, first_epoch: int) -> None:
        """Begin another training of the same net.

        Parameters
        ----------
        max_epochs : int
            Its length.

        first_epoch : int
            Number of epochs that the net was trained before.
        """
        self.max_epochs, self.first_epoch = max_epochs, first_epoch

    def share_done(self, net: NeuralNet) -> float:
        """Count what is behind the batch under way; behind the last epoch the count begins anew.

        Parameters
        ----------
        net : NeuralNet
            The net that trains.

        Returns
        -------
        float
            In [0, 1].
        """
        # The last rows of the history are the epoch and the batch under way.
        batches = len(net.history[-1]["batches"]) - 1
        epochs = (len(net.history) - 1 - self.first_epoch) % self.max_epochs
        return (epochs + batches / net.batches_per_epoch_) / self.max_epochs


class LearningRateSchedule(Course):
    """Sets the learning rate of each step from the share of the training that is done.

    A training that is stopped and continued goes on where it was, since the share counts the epochs
    in the history; one that goes on behind its last epoch, as with ``warm_start``, begins anew.

    Parameters
    ----------
    factor : callable
        Maps the share done, in [0, 1], to a factor of the learning rate.

    max_epochs : int
        Length of the whole training.
    """

    def __init__(self, factor: Callable[[float], float], max_epochs: int):
        super().__init__(max_epochs)
        self.factor = factor

    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        """Remember the learning rate of each group and count the steps of an epoch.

        Parameters
        ----------
        net : NeuralNet
            The net that trains.

        **kwargs : dict
            Not used.
        """
        for optimizer in net.optimizers():
            for group in optimizer.param_groups:
                group.setdefault("max_lr", group["lr"])

    def on_batch_begin(
        self, net: NeuralNet, batch: Any = None, training: bool = False, **kwargs: Any
    ) -> None:
        """Set the learning rate.

        Parameters
        ----------
        net : NeuralNet
            The net that trains.

        batch : tuple
            Not used.

        training : bool
            Whether the batch is of the training data.

        **kwargs : dict
            Not used.
        """
        if not training:
            return
        factor = self.factor(self.share_done(net))
        for optimizer in net.optimizers():
            for group in optimizer.param_groups:
                group["lr"] = factor * group["max_lr"]


class Progress(Course):
    """Tells the module the share of the training that is done, as its attribute ``progress``."""

    def on_batch_begin(
        self, net: NeuralNet, batch: Any = None, training: bool = False, **kwargs: Any
    ) -> None:
        """Tell the module.

        Parameters
        ----------
        net : NeuralNet
            The net that trains.

        batch : tuple
            Not used.

        training : bool
            Whether the batch is of the training data.

        **kwargs : dict
            Not used.
        """
        if training:
            net.module_.progress = self.share_done(net)


def one_cycle(done: float, warm_up: float = 0.3) -> float:
    """Rise to the full learning rate along a cosine, then fall to nothing along another.

    Parameters
    ----------
    done : float
        Share of the training that is done, in [0, 1].

    warm_up : float, default=0.3
        Share of the training in which the rate rises.

    Returns
    -------
    float
        Factor of the learning rate, in [0, 1].

    References
    ----------
    Smith, L. N., & Topin, N. (2018). Super-convergence: Very fast training of neural networks
    using large learning rates. arXiv:1708.07120.

    Examples
    --------
    >>> from sklearn_ser.neural_network._schedule import one_cycle
    >>> one_cycle(0.0), one_cycle(0.3), round(one_cycle(1.0), 6)
    (0.04, 1.0, 0.0)
    """
    if done < warm_up:
        return float(0.04 + 0.96 * (1 - np.cos(np.pi * done / warm_up)) / 2)
    return float((1 + np.cos(np.pi * (done - warm_up) / (1 - warm_up))) / 2)


def late_decay(done: float) -> float:
    """Keep the full learning rate for half the training, then fall to nothing in a straight line.

    Parameters
    ----------
    done : float
        Share of the training that is done, in [0, 1].

    Returns
    -------
    float
        Factor of the learning rate, in [0, 1].

    Examples
    --------
    >>> from sklearn_ser.neural_network._schedule import late_decay
    >>> late_decay(0.2), late_decay(0.75), late_decay(1.0)
    (1.0, 0.5, 0.0)
    """
    return min(1.0, 2 * (1 - done))
