"""What the adversarial autoencoders of emotions and of ratings share."""

import math
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import Parameter
from torch.nn.functional import cross_entropy, mse_loss
from torch.nn.utils import clip_grad_norm_
from torch.optim import Optimizer

from sklearn_ser.modules._adversarial import (
    deception_loss,
    descend,
    discriminator_loss,
    fully_connected,
)
from sklearn_ser.modules._convolutional_front import ConvolutionalFront
from sklearn_ser.modules._pooling import MeanOverTime, StatisticsOverTime
from sklearn_ser.modules.functional import mixup, mixup_share, reverse_gradient

# Share of the training in which the losses that presume some knowledge of the labels set in.
_RAMP = 0.3
# What the match of each code with its prior is called, by the name of its discriminator.
_MATCHES = {"code": "adversarial", "class": "categorical"}


def reversal_strength(progress: float) -> float:
    """Let the reversed gradient set in slowly, after Ganin & Lempitsky.

    Parameters
    ----------
    progress : float
        Share of the training that is done, in [0, 1].

    Returns
    -------
    float
        ``2 / (1 + exp(-10 progress)) - 1``, from 0 to almost 1.

    Examples
    --------
    >>> from sklearn_ser.modules._autoencoder import reversal_strength
    >>> reversal_strength(0.0), round(reversal_strength(1.0), 3)
    (0.0, 1.0)
    """
    return math.tanh(5 * progress)  # the same function


class BaseAdversarialAutoencoder(nn.Module):
    """Encoder, decoder, a head for emotions, auxiliary heads and discriminators.

    A subclass says what the outputs of the emotion head are: it writes `validation_loss`, their
    loss, and `_assume`, what they may be in utterances without a label. Where the outputs are a
    code as well it extends `_read`, `_restore_from`, `_matched` and `_draw_prior`.

    Parameters
    ----------
    n_features : int
        Width of the input.

    n_outputs : int
        Width of the output of the emotion head.

    n_restored_from : int
        Width of what the decoder restores the utterances from.

    auxiliary : dict of str to int or None
        Number of classes of each auxiliary task, by the name of its target in the batch.

    auxiliary_weights : dict of str to float or None
        Weight of the loss of each auxiliary task; 1 where there is none.

    reversed_tasks : sequence of str
        Auxiliary tasks that the encoder learns to make impossible, by gradient reversal.

    conv_channels : sequence of int
        Filters of the convolutions over time before the encoder; none for vectors.

    kernel_size : int
        Frames that a filter spans.

    hidden_sizes : sequence of int
        Layers of the encoder; the decoder mirrors them.

    code_size : int
        Size of the code.

    discriminator_sizes : sequence of int
        Layers of the discriminator.

    input_dropout : float
        Share of the input that the encoder does not see in training.

    dropout : float
        Share of the units of the hidden layers and of the code that is dropped in training.

    prior : {"gaussian", "uniform"}
        Prior of the code: standard normal, or uniform in (-1, 1).

    mixup_alpha : float
        Shares of the mixtures are drawn from Beta(alpha, alpha); 0 mixes nothing.

    reconstruction_weight : float
        Weight of the mean squared error of the decoder; 0 builds none.

    adversarial_weight : float
        Weight of the discriminator's verdict on the code; 0 builds none.

    consistency_weight : float
        Weight of the loss of mixtures of two utterances, against mixtures of their labels.

    max_grad_norm : float or None
        Gradients of encoder, decoder and heads are scaled down to this norm.
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        *,
        n_restored_from: int,
        auxiliary: Mapping[str, int] | None,
        auxiliary_weights: Mapping[str, float] | None,
        reversed_tasks: Sequence[str],
        conv_channels: Sequence[int],
        kernel_size: int,
        hidden_sizes: Sequence[int],
        code_size: int,
        discriminator_sizes: Sequence[int],
        input_dropout: float,
        dropout: float,
        prior: str,
        mixup_alpha: float,
        reconstruction_weight: float,
        adversarial_weight: float,
        consistency_weight: float,
        max_grad_norm: float | None,
    ):
        super().__init__()
        self.code_size = code_size
        self.prior = prior
        self.mixup_alpha = mixup_alpha
        self.reconstruction_weight = reconstruction_weight
        self.adversarial_weight = adversarial_weight
        self.consistency_weight = consistency_weight
        self.auxiliary_weights = dict(auxiliary_weights or {})
        self.reversed_tasks = tuple(reversed_tasks)
        self.max_grad_norm = max_grad_norm
        # Share of the training that is done; who trains the module sets it.
        self.progress = 0.0
        self.front: nn.Module = MeanOverTime()
        # What the decoder restores.
        self.summary: nn.Module = MeanOverTime()
        width, n_restored = n_features, n_features
        if conv_channels:
            self.front = ConvolutionalFront(n_features, conv_channels, kernel_size)
            self.summary = StatisticsOverTime()
            width, n_restored = conv_channels[-1], 2 * n_features
        layers: list[nn.Module] = []
        for size in hidden_sizes:
            layers += [nn.Linear(width, size), nn.ReLU(), nn.Dropout(dropout)]
            width = size
        self.input_dropout = nn.Dropout(input_dropout)
        self.encoder = nn.Sequential(*layers, nn.Linear(width, code_size))
        self.emotion_head = _head(code_size, n_outputs, dropout)
        self.auxiliary_heads = nn.ModuleDict(
            {name: _head(code_size, n, dropout) for name, n in (auxiliary or {}).items()}
        )
        self.decoder = None
        if reconstruction_weight:
            self.decoder = fully_connected([n_restored_from, *reversed(hidden_sizes), n_restored])
        self.discriminators = nn.ModuleDict()
        if adversarial_weight:
            self.discriminators["code"] = fully_connected([code_size, *discriminator_sizes, 1])

    def encode(self, X: Tensor, lengths: Tensor) -> Tensor:
        """Compress utterances.

        Parameters
        ----------
        X : Tensor of shape (n, n_frames, n_features)
            A padded batch.

        lengths : Tensor of shape (n,)
            Number of valid frames.

        Returns
        -------
        Tensor of shape (n, code_size)
            Continuous codes.
        """
        return self.encoder(self.front(self.input_dropout(X), lengths))

    def forward(self, X: Tensor, lengths: Tensor) -> Tensor:
        """Score the emotions, or rate them.

        Parameters
        ----------
        X : Tensor of shape (n, n_frames, n_features)
            A padded batch.

        lengths : Tensor of shape (n,)
            Number of valid frames.

        Returns
        -------
        Tensor of shape (n, n_outputs)
            Scores (logits) or ratings.
        """
        return self.emotion_head(self.encode(X, lengths))

    def score_auxiliary(self, X: Tensor, lengths: Tensor, task: str) -> Tensor:
        """Score the classes of an auxiliary task.

        Parameters
        ----------
        X : Tensor of shape (n, n_frames, n_features)
            A padded batch.

        lengths : Tensor of shape (n,)
            Number of valid frames.

        task : str
            Name of the task.

        Returns
        -------
        Tensor of shape (n, n_classes_of_the_task)
            Scores (logits).
        """
        return self.auxiliary_heads[task](self.encode(X, lengths))

    def validation_loss(
        self, outputs: Tensor, target: Tensor, weight: Tensor, **_: Tensor
    ) -> Tensor:
        """Compute the loss of the emotions, which is also the one to stop by.

        Parameters
        ----------
        outputs : Tensor of shape (n, n_outputs)
            Output of :meth:`forward`.

        target : Tensor of shape (n, n_outputs)
            What it should be.

        weight : Tensor of shape (n,)
            Weights of the utterances.

        **_ : Tensor
            Targets of other tasks; not used.

        Returns
        -------
        Tensor of shape ()
            The loss.
        """
        raise NotImplementedError

    def _assume(self, batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """Give the rows whose label is known, or may be assumed, and the targets of these."""
        raise NotImplementedError

    def _read(self, outputs: Tensor) -> Tensor:
        """Turn the outputs of the emotion head into what they say."""
        return outputs

    def _restore_from(self, code: Tensor, said: Tensor) -> Tensor:
        """Choose what the decoder restores the utterances from."""
        return code

    def _matched(self, batch: dict[str, Tensor], code: Tensor, said: Tensor) -> dict[str, Tensor]:
        """Give what each discriminator compares with its prior."""
        return {"code": code} if "code" in self.discriminators else {}

    def _draw_prior(self, name: str, code: Tensor) -> Tensor:
        """Draw as many codes of the prior as there are of the utterances."""
        return 2 * torch.rand_like(code) - 1 if self.prior == "uniform" else torch.randn_like(code)

    def optimizer_parameters(self) -> dict[str, Iterable[Parameter]]:
        """Name the groups of parameters that have an optimiser each.

        Returns
        -------
        dict of str to iterable of Parameter
            Groups ``"autoencoder"``, ``"heads"`` and, where something is adversarial,
            ``"discriminator"``.
        """
        heads = [*self.emotion_head.parameters(), *self.auxiliary_heads.parameters()]
        discriminator = list(self.discriminators.parameters())
        of_others = {id(parameter) for parameter in [*heads, *discriminator]}
        autoencoder = [p for p in self.parameters() if id(p) not in of_others]
        groups: dict[str, Iterable[Parameter]] = {"autoencoder": autoencoder, "heads": heads}
        return groups | ({"discriminator": discriminator} if discriminator else {})

    def training_step(
        self, batch: dict[str, Tensor], optimizers: dict[str, Optimizer]
    ) -> dict[str, Tensor]:
        """Train the discriminators on one batch, then everything else.

        Parameters
        ----------
        batch : dict of str to Tensor
            ``"X"`` of shape (n, n_frames, n_features); ``"lengths"`` of shape (n,); what
            :meth:`validation_loss` takes, with ``"weight"`` of shape (n,), zero for the utterances
            without an emotion; ``"emotional"`` of shape (n,), zero for those whose emotions nothing
            is assumed of; and for each auxiliary task its classes, of shape (n,), -1 where unknown.

        optimizers : dict of str to Optimizer
            One for each group of :meth:`optimizer_parameters`.

        Returns
        -------
        dict of str to Tensor
            Detached losses, each before it is weighted; ``"loss"`` is the weighted sum of all but
            the discriminators'.
        """
        code = self.encode(batch["X"], batch["lengths"])
        outputs = self.emotion_head(code)
        said = self._read(outputs)
        matched = self._matched(batch, code, said)
        losses = {}
        if matched:
            losses["discriminator_loss"] = self._train_discriminators(matched, optimizers)
        terms = {"emotion_loss": (1.0, self._emotion_loss(batch, outputs))}
        terms |= self._other_terms(batch, code, said, matched)
        loss = torch.stack([weight * term for weight, term in terms.values()]).sum()
        learners = [optimizers["autoencoder"], optimizers["heads"]]
        for optimizer in learners:
            optimizer.zero_grad()
        loss.backward()
        if self.max_grad_norm is not None:
            groups = [group for optimizer in learners for group in optimizer.param_groups]
            clip_grad_norm_([p for group in groups for p in group["params"]], self.max_grad_norm)
        for optimizer in learners:
            optimizer.step()
        losses |= {name: term for name, (_, term) in terms.items()} | {"loss": loss}
        return {name: value.detach() for name, value in losses.items()}

    def _other_terms(
        self,
        batch: dict[str, Tensor],
        code: Tensor,
        said: Tensor,
        matched: dict[str, Tensor],
    ) -> dict[str, tuple[float, Tensor]]:
        """Compute every loss but that of the emotions, with its weight."""
        ramp = min(1.0, self.progress / _RAMP)
        terms = {}
        if self.decoder is not None:
            restored = self.decoder(self._restore_from(code, said))
            error = mse_loss(restored, self.summary(batch["X"], batch["lengths"]))
            terms["reconstruction_loss"] = (self.reconstruction_weight, error)
        for name, values in matched.items():
            verdict = self.discriminators[name](values)[:, 0]
            weight = ramp * getattr(self, f"{_MATCHES[name]}_weight")
            terms[f"{_MATCHES[name]}_loss"] = (weight, deception_loss(verdict))
        if self.consistency_weight:
            terms["consistency_loss"] = (ramp * self.consistency_weight, self._inconsistency(batch))
        for name, head in self.auxiliary_heads.items():
            weight = self.auxiliary_weights.get(name, 1.0)
            terms[f"{name}_loss"] = (weight, self._auxiliary_loss(name, head, code, batch[name]))
        return terms

    def _emotion_loss(self, batch: dict[str, Tensor], outputs: Tensor) -> Tensor:
        labelled = batch["weight"] > 0
        if not labelled.any():
            return 0 * outputs.sum()
        targets = {name: rows for name, rows in batch.items() if name not in ("X", "lengths")}
        chosen = {name: rows[labelled] for name, rows in targets.items()}
        return self.validation_loss(outputs[labelled], **chosen)

    def _auxiliary_loss(self, name: str, head: nn.Module, code: Tensor, target: Tensor) -> Tensor:
        if name in self.reversed_tasks:
            code = reverse_gradient(code, reversal_strength(self.progress))
        target = target.long()
        total = cross_entropy(head(code), target, ignore_index=-1, reduction="sum")
        return total / (target >= 0).sum().clamp(min=1)

    def _inconsistency(self, batch: dict[str, Tensor]) -> Tensor:
        """Compute the loss of mixtures of utterances against mixtures of labels, some assumed."""
        rows, targets = self._assume(batch)
        if len(rows) == 0:
            return 0 * batch["weight"].sum()
        X, lengths = batch["X"][rows], batch["lengths"][rows]
        share = mixup_share(self.mixup_alpha, len(X)).to(X.device)
        partner = torch.randperm(len(X)).to(X.device)
        outputs = self(mixup(X, partner, share), torch.maximum(lengths, lengths[partner]))
        mixed = {name: mixup(target, partner, share) for name, target in targets.items()}
        return self.validation_loss(outputs, weight=torch.ones_like(share), **mixed)

    def _outputs_without_dropout(self, batch: dict[str, Tensor]) -> Tensor:
        self.eval()
        outputs = self(batch["X"], batch["lengths"])
        self.train()
        return outputs

    def _train_discriminators(
        self, matched: dict[str, Tensor], optimizers: dict[str, Optimizer]
    ) -> Tensor:
        losses = [
            _judge(self.discriminators[name], self._draw_prior(name, values), values.detach())
            for name, values in matched.items()
        ]
        loss = torch.stack(losses).sum()
        descend(optimizers["discriminator"], loss)
        return loss


def _head(code_size: int, n_outputs: int, dropout: float) -> nn.Sequential:
    """Build a linear map of the rectified code."""
    return nn.Sequential(nn.ReLU(), nn.Dropout(dropout), nn.Linear(code_size, n_outputs))


def _judge(discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    return discriminator_loss(discriminator(real)[:, 0], discriminator(fake)[:, 0])
