"""The skorch nets that the estimators own.

Every estimator owns one of these as ``net_`` and never subclasses skorch itself: any attribute of
a skorch net becomes one of its hyperparameters and leaks through ``clone``.
"""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import torch
from skorch import NeuralNet
from skorch.callbacks import Callback, EarlyStopping
from torch import Tensor
from torch.utils.data import DataLoader

from sklearn_ser.neural_network._batch_augmentation import Batch
from sklearn_ser.neural_network._batches import UtteranceDataset, as_fetched
from sklearn_ser.neural_network._schedule import Course


def _has_stopped(callback: Callback) -> bool:
    return isinstance(callback, EarlyStopping) and callback.misses_ >= callback.patience


class DivergenceError(ValueError):
    """A training led to losses or weights that are not finite."""


class _BatchingNet(NeuralNet):
    """What the nets share: batches, outputs, and that an interrupt reaches the caller."""

    def partial_fit(
        self, X: Any, y: Any = None, classes: Any = None, **fit_params: Any
    ) -> "_BatchingNet":
        """Train on as skorch does, but do not pass an interrupted training off as complete.

        Parameters
        ----------
        X : Dataset
            The data.

        y : None, default=None
            Not used.

        classes : None, default=None
            Not used.

        **fit_params : dict
            Handed on.

        Returns
        -------
        NeuralNet
            The net.

        Raises
        ------
        KeyboardInterrupt
            If the user, or a callback, interrupts the training.
        DivergenceError
            If losses or weights are not finite.
        """
        self._interrupt: KeyboardInterrupt | None = None
        super().partial_fit(X, y, classes, **fit_params)
        interrupt, self._interrupt = self._interrupt, None
        if interrupt is not None:
            raise interrupt
        # No loss tells what the last step did. Products of weights have to be finite too.
        trained = [w for w in self.module_.parameters() if w.requires_grad]
        if not all(w.float().square().sum().isfinite() for w in trained):
            raise self._divergence("weights")
        return self

    def _divergence(self, what: str) -> DivergenceError:
        rate = max(group.get("max_lr", group["lr"]) for group in self._groups())
        return DivergenceError(
            f"The {what} are no longer finite in epoch {len(self.history)}. Train with smaller "
            f"learning rates than lr={rate:g}, or with max_grad_norm where it is a parameter."
        )

    def fit_loop(self, X: Any, y: Any = None, epochs: int | None = None, **fit_params: Any) -> Any:
        """Run the epochs, and remember an interrupt, which skorch would swallow.

        Parameters
        ----------
        X : Dataset
            The data.

        y : None, default=None
            Not used.

        epochs : int, default=None
            Number of epochs; None is ``max_epochs``.

        **fit_params : dict
            Handed on.

        Returns
        -------
        NeuralNet
            The net.
        """
        try:
            return super().fit_loop(X, y, epochs, **fit_params)
        except KeyboardInterrupt as interrupt:
            # skorch's way to stop early is an interrupt too.
            if not any(_has_stopped(callback) for _, callback in self.callbacks_):
                self._interrupt = interrupt
            return self

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Stop a training that diverged, before it predicts NaN.

        Parameters
        ----------
        net : NeuralNet
            This net.

        **kwargs : dict
            Handed on.

        Raises
        ------
        DivergenceError
            If a loss of the epoch is not finite.
        """
        super().on_epoch_end(net, **kwargs)
        # The callback that averages the batches over the epoch has yet to run.
        batches = self.history[-1]["batches"]
        losses = [v for batch in batches for name, v in batch.items() if name.endswith("loss")]
        if not np.isfinite(losses).all():
            raise self._divergence("losses")

    def optimizers(self) -> list[torch.optim.Optimizer]:
        """List the optimisers.

        Returns
        -------
        list of Optimizer
            One, or several that take turns.
        """
        return [self.optimizer_]

    def scale_rates(self, factor: float) -> None:
        """Multiply the learning rates.

        Parameters
        ----------
        factor : float
            The factor.
        """
        for group in self._groups():
            for name in {"lr", "max_lr"} & set(group):
                group[name] *= factor

    def restore_rates(self) -> None:
        """Undo what a schedule made of the learning rates."""
        for group in self._groups():
            group["lr"] = group.get("max_lr", group["lr"])

    def set_weight_decay(self, before: float, now: float) -> None:
        """Exchange the weight decay, but for groups of parameters that have one of their own.

        Parameters
        ----------
        before : float
            The weight decay so far.

        now : float
            The weight decay from now on.
        """
        for group in self._groups():
            if group["weight_decay"] == before:
                group["weight_decay"] = now

    def _groups(self) -> list[dict[str, Any]]:
        return [group for optimizer in self.optimizers() for group in optimizer.param_groups]

    def _courses(self) -> list[Course]:
        return [callback for _, callback in self.callbacks_ if isinstance(callback, Course)]

    def course(self) -> tuple[int, int]:
        """Tell the length of the training that schedules go by, and where it began.

        Returns
        -------
        max_epochs : int
            Number of epochs.
        first_epoch : int
            Number of epochs before.
        """
        for course in self._courses():
            return course.max_epochs, course.first_epoch
        return self.max_epochs, 0

    def begin_course(self, max_epochs: int, first_epoch: int) -> None:
        """Set the length of the training that schedules go by, and where it began.

        Parameters
        ----------
        max_epochs : int
            Number of epochs.

        first_epoch : int
            Number of epochs before.
        """
        for course in self._courses():
            course.begin(max_epochs, first_epoch)

    def outputs(self, dataset: UtteranceDataset, method: str, **arguments: Any) -> Tensor:
        """Run a method of the module over a dataset, in its order.

        Parameters
        ----------
        dataset : UtteranceDataset
            The data.

        method : str
            The method; it takes ``X`` and ``lengths``.

        **arguments : dict
            What else it takes.

        Returns
        -------
        Tensor of shape (n_utterances, ...)
            What it gives, on the CPU.
        """
        run = getattr(self.module_.eval(), method)
        with torch.no_grad():
            batches = [
                run(
                    X=inputs["X"].to(self.device),
                    lengths=inputs["lengths"].to(self.device),
                    **arguments,
                )
                for inputs, _ in self.get_iterator(dataset)
            ]
        return torch.cat(batches).cpu()

    def get_iterator(self, dataset: UtteranceDataset, training: bool = False) -> DataLoader:
        """Give batches of similar length in training, of the given order otherwise.

        Parameters
        ----------
        dataset : UtteranceDataset
            The data.

        training : bool, default=False
            Whether to shuffle.

        Returns
        -------
        DataLoader
            The batches.
        """
        kwargs = self.get_params_for("iterator_train" if training else "iterator_valid")
        kwargs = {"collate_fn": as_fetched, "batch_size": self.batch_size} | kwargs
        if training:
            sampler = dataset.batch_sampler(kwargs.pop("batch_size"))
            self.batches_per_epoch_ = len(sampler)  # type: ignore[arg-type]
            kwargs["batch_sampler"] = sampler
        return DataLoader(dataset, **kwargs)


class SupervisedNet(_BatchingNet):
    """The training loop of the supervised estimators: one module, one optimiser, one loss.

    Parameters
    ----------
    module : type
        The architecture; its ``forward`` takes ``X`` and ``lengths``.

    criterion : type
        Its ``forward`` takes the output and the targets of the dataset by name.

    augment : callable, default=None
        Maps each training batch, a tuple of inputs and targets, to another one.

    max_grad_norm : float, default=None
        Gradients are scaled down to this norm.

    **kwargs : dict
        Every other parameter of :class:`skorch.NeuralNet`.
    """

    def __init__(
        self,
        module: type,
        criterion: type,
        *,
        augment: Callable[[Batch], Batch] | None = None,
        max_grad_norm: float | None = None,
        **kwargs: Any,
    ):
        super().__init__(module, criterion, **kwargs)
        self.augment = augment
        self.max_grad_norm = max_grad_norm

    def get_loss(
        self, y_pred: Tensor, y_true: dict[str, Tensor], X: Any = None, training: bool = False
    ) -> Tensor:
        """Hand the targets to the criterion by name.

        Parameters
        ----------
        y_pred : Tensor
            Output of the module.

        y_true : dict of str to Tensor
            Targets of the batch.

        X : dict, default=None
            Not used.

        training : bool, default=False
            Not used.

        Returns
        -------
        Tensor of shape ()
            The loss.

        Raises
        ------
        ValueError
            If the module gives something else than a row of outputs for each utterance.
        """
        wanted = tuple(y_true["target"].shape)
        given = tuple(y_pred.shape) if isinstance(y_pred, Tensor) else type(y_pred).__name__
        if given != wanted:
            raise ValueError(
                f"{self.module.__name__} gave {given} for a batch of {wanted[0]} utterances. Its "
                f"forward has to return a tensor of shape (n_utterances, n_outputs), here {wanted}."
            )
        targets = {name: rows.to(y_pred.device) for name, rows in y_true.items()}
        return self.criterion_(y_pred, **targets)

    def train_step_single(self, batch: Any, **fit_params: Any) -> dict[str, Any]:
        """Augment the batch, then step as skorch does, with clipped gradients.

        Parameters
        ----------
        batch : tuple of dict
            Inputs and targets.

        **fit_params : dict
            Handed on.

        Returns
        -------
        dict
            Loss and output.
        """
        if self.augment is not None:
            batch = self.augment(batch)
        step = super().train_step_single(batch, **fit_params)
        if self.max_grad_norm is not None:
            torch.nn.utils.clip_grad_norm_(self.module_.parameters(), self.max_grad_norm)
        return step


class AlternatingNet(_BatchingNet):
    """A net whose module trains itself with several optimisers: autoencoders and GANs.

    The module offers ``optimizer_parameters() -> dict of str to iterable of Parameter``, which
    gives one optimiser a key, and ``training_step(batch, optimizers) -> dict of str to Tensor``,
    which zeroes, steps, and returns detached losses; ``"loss"`` must be among them. The losses are
    recorded in the history under their names. To validate, the module offers
    ``validation_loss(output, **targets)``.

    Parameters
    ----------
    module : type
        The architecture, with these methods.

    lr : float or dict of str to float, default=1e-3
        One learning rate for all optimisers, or one for each key.

    **kwargs : dict
        Every other parameter of :class:`skorch.NeuralNet`.
    """

    # skorch learns this prefix from an attribute `optimizer_`, which this net does not have.
    prefixes_: ClassVar = [*NeuralNet.prefixes_, "optimizer"]

    def __init__(self, module: type, *, lr: float | dict[str, float] = 1e-3, **kwargs: Any):
        # skorch wants a criterion, but the module computes its own losses.
        super().__init__(module, criterion=torch.nn.Identity, lr=lr, **kwargs)

    def initialize_optimizer(self, triggered_directly: bool | None = None) -> "AlternatingNet":
        """Make one optimiser for each group of parameters that the module names.

        Parameters
        ----------
        triggered_directly : bool, default=None
            Not used.

        Returns
        -------
        AlternatingNet
            The net.
        """
        kwargs = {k: v for k, v in self.get_params_for("optimizer").items() if k != "lr"}
        for name, parameters in self.module_.optimizer_parameters().items():
            lr = self.lr[name] if isinstance(self.lr, dict) else self.lr
            setattr(self, f"{name}_optimizer_", self.optimizer(parameters, lr=lr, **kwargs))
        return self

    def optimizers(self) -> list[torch.optim.Optimizer]:
        """List the optimisers.

        Returns
        -------
        list of Optimizer
            One for each group of parameters that the module names.
        """
        return list(self._optimizer_by_name().values())

    def _optimizer_by_name(self) -> dict[str, torch.optim.Optimizer]:
        names = self.module_.optimizer_parameters()
        return {name: getattr(self, f"{name}_optimizer_") for name in names}

    def get_loss(
        self, y_pred: Tensor, y_true: dict[str, Tensor], X: Any = None, training: bool = False
    ) -> Tensor:
        """Let the module compute its loss on data that it does not train on.

        Parameters
        ----------
        y_pred : Tensor
            Output of the module.

        y_true : dict of str to Tensor
            Targets of the batch.

        X : dict, default=None
            Not used.

        training : bool, default=False
            Not used.

        Returns
        -------
        Tensor of shape ()
            The loss.
        """
        targets = {name: rows.to(y_pred.device) for name, rows in y_true.items()}
        return self.module_.validation_loss(y_pred, **targets)

    def train_step(self, batch: Any, **fit_params: Any) -> dict[str, Any]:
        """Let the module train itself on a batch and record its losses.

        Parameters
        ----------
        batch : tuple of dict
            Inputs and targets; the module gets both in one dict.

        **fit_params : dict
            Not used.

        Returns
        -------
        dict
            The losses.
        """
        self._set_training(True)
        inputs, targets = batch
        tensors = {name: rows.to(self.device) for name, rows in (inputs | targets).items()}
        losses = self.module_.training_step(tensors, self._optimizer_by_name())
        for name, loss in losses.items():
            if name != "loss":  # skorch records that one as train_loss
                self.history.record_batch(name, loss.item())
        return losses | {"y_pred": losses["loss"]}

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Record the mean of each loss over the epoch.

        Parameters
        ----------
        net : NeuralNet
            This net.

        **kwargs : dict
            Handed on.
        """
        super().on_epoch_end(net, **kwargs)
        batches = self.history[-1]["batches"]
        # Batches that the net is validated on come last and lack these losses.
        batches = [batch for batch in batches if "train_loss" in batch]
        sizes = [batch["train_batch_size"] for batch in batches]
        for name in sorted(set(batches[0]) - {"train_loss", "train_batch_size"}):
            values = [batch[name] for batch in batches]
            self.history.record(name, float(np.average(values, weights=sizes)))
