"""A multi-task semi-supervised adversarial autoencoder, after Latif et al. and Makhzani et al."""

import math
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import Parameter
from torch.nn.functional import cross_entropy, mse_loss, one_hot
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
from sklearn_ser.modules.functional import (
    mixup,
    mixup_share,
    reverse_gradient,
    soft_cross_entropy,
)

# Share of the training in which the losses that presume some knowledge of the classes set in.
_RAMP = 0.3
# Weight of the latest batch in the running mean of the predictions.
_MEMORY = 0.05


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
    >>> from sklearn_ser.modules._adversarial_autoencoder import reversal_strength
    >>> reversal_strength(0.0), round(reversal_strength(1.0), 3)
    (0.0, 1.0)
    """
    return math.tanh(5 * progress)  # the same function


class AdversarialAutoencoder(nn.Module):
    """Encoder, decoder, emotion head, auxiliary heads, and two discriminators.

    The encoder gives a continuous code, on which each head sits. The emotion head's distribution
    is the second, categorical code; the decoder restores the utterance from both. The
    discriminators compare the codes with draws of their priors. A sequence is restored by the
    means and standard deviations of its features over time.

    Parameters
    ----------
    n_features : int
        Width of the input.

    n_classes : int
        Number of emotions.

    class_prior : sequence of float of length n_classes, default=None
        Prior of the categorical code; None is uniform.

    auxiliary : dict of str to int, default=None
        Number of classes of each auxiliary task, by the name of its target in the batch.

    auxiliary_weights : dict of str to float, default=None
        Weight of the loss of each auxiliary task; 1 where there is none.

    reversed_tasks : sequence of str, default=()
        Auxiliary tasks that the encoder learns to make impossible, by gradient reversal.

    conv_channels : sequence of int, default=()
        Filters of the convolutions over time before the encoder; none for vectors.

    kernel_size : int, default=5
        Frames that a filter spans.

    hidden_sizes : sequence of int, default=(256,)
        Layers of the encoder; the decoder mirrors them.

    code_size : int, default=64
        Size of the continuous code.

    discriminator_sizes : sequence of int, default=(64,)
        Layers of the discriminators.

    input_dropout : float, default=0.5
        Share of the input that the encoder does not see in training.

    dropout : float, default=0.3
        Share of the units of the hidden layers and of the code that is dropped in training.

    prior : {"gaussian", "uniform"}, default="gaussian"
        Prior of the continuous code: standard normal, or uniform in (-1, 1).

    mixup_alpha : float, default=1.0
        Shares of the mixtures are drawn from Beta(alpha, alpha); 0 mixes nothing.

    confidence_threshold : float, default=0.7
        Probability from which a prediction is taken for a label.

    reconstruction_weight : float, default=1.0
        Weight of the mean squared error of the decoder; 0 builds none.

    adversarial_weight : float, default=0.1
        Weight of the discriminator's verdict on the continuous code; 0 builds none.

    categorical_weight : float, default=0.1
        Weight of the discriminator's verdict on the categorical code; 0 builds none.

    consistency_weight : float, default=1.0
        Weight of the cross-entropy of what is predicted for mixtures of two utterances, against
        mixtures of their labels: known, or predicted with confidence.

    max_grad_norm : float, default=None
        Gradients of encoder, decoder and heads are scaled down to this norm.

    References
    ----------
    Latif, S., Rana, R., Khalifa, S., Jurdak, R., Epps, J., & Schuller, B. W. (2022). Multi-task
    semi-supervised adversarial autoencoding for speech emotion recognition. IEEE Transactions on
    Affective Computing, 13(2). arXiv:1907.06078.

    Makhzani, A., Shlens, J., Jaitly, N., Goodfellow, I., & Frey, B. (2015). Adversarial
    autoencoders. arXiv:1511.05644.

    Berthelot, D., Carlini, N., Cubuk, E. D., Kurakin, A., Sohn, K., Zhang, H., & Raffel, C. (2020).
    ReMixMatch: Semi-supervised learning with distribution alignment and augmentation anchoring.
    ICLR.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules import AdversarialAutoencoder
    >>> module = AdversarialAutoencoder(88, 4, auxiliary={"gender": 2})
    >>> X, lengths = torch.randn(3, 1, 88), torch.ones(3, dtype=torch.int64)
    >>> module(X, lengths).shape, module.encode(X, lengths).shape
    (torch.Size([3, 4]), torch.Size([3, 64]))
    """

    def __init__(
        self,
        n_features: int,
        n_classes: int,
        *,
        class_prior: Sequence[float] | None = None,
        auxiliary: Mapping[str, int] | None = None,
        auxiliary_weights: Mapping[str, float] | None = None,
        reversed_tasks: Sequence[str] = (),
        conv_channels: Sequence[int] = (),
        kernel_size: int = 5,
        hidden_sizes: Sequence[int] = (256,),
        code_size: int = 64,
        discriminator_sizes: Sequence[int] = (64,),
        input_dropout: float = 0.5,
        dropout: float = 0.3,
        prior: str = "gaussian",
        mixup_alpha: float = 1.0,
        confidence_threshold: float = 0.7,
        reconstruction_weight: float = 1.0,
        adversarial_weight: float = 0.1,
        categorical_weight: float = 0.1,
        consistency_weight: float = 1.0,
        max_grad_norm: float | None = None,
    ):
        super().__init__()
        self.n_classes = n_classes
        self.code_size = code_size
        self.prior = prior
        self.mixup_alpha = mixup_alpha
        self.confidence_threshold = confidence_threshold
        self.reconstruction_weight = reconstruction_weight
        self.adversarial_weight = adversarial_weight
        self.categorical_weight = categorical_weight
        self.consistency_weight = consistency_weight
        self.auxiliary_weights = dict(auxiliary_weights or {})
        self.reversed_tasks = tuple(reversed_tasks)
        self.max_grad_norm = max_grad_norm
        # Share of the training that is done; who trains the module sets it.
        self.progress = 0.0
        uniform = torch.ones(n_classes)
        chosen = uniform if class_prior is None else torch.tensor(list(class_prior))
        self.class_prior: Tensor
        self.mean_prediction: Tensor
        self.register_buffer("class_prior", (chosen / chosen.sum()).float())
        self.register_buffer("mean_prediction", self.class_prior.clone())

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
        self.emotion_head = _head(code_size, n_classes, dropout)
        self.auxiliary_heads = nn.ModuleDict(
            {name: _head(code_size, n, dropout) for name, n in (auxiliary or {}).items()}
        )
        self.decoder = None
        if reconstruction_weight:
            self.decoder = fully_connected(
                [code_size + n_classes, *reversed(hidden_sizes), n_restored]
            )
        self.discriminators = nn.ModuleDict()
        if adversarial_weight:
            self.discriminators["code"] = fully_connected([code_size, *discriminator_sizes, 1])
        if categorical_weight:
            self.discriminators["class"] = fully_connected([n_classes, *discriminator_sizes, 1])

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
        """Score the emotions.

        Parameters
        ----------
        X : Tensor of shape (n, n_frames, n_features)
            A padded batch.

        lengths : Tensor of shape (n,)
            Number of valid frames.

        Returns
        -------
        Tensor of shape (n, n_classes)
            Scores (logits).
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
        self, logits: Tensor, target: Tensor, weight: Tensor, **_: Tensor
    ) -> Tensor:
        """Compute the loss to stop by: that of the emotions.

        Parameters
        ----------
        logits : Tensor of shape (n, n_classes)
            Scores.

        target : Tensor of shape (n, n_classes)
            Distributions over the emotions.

        weight : Tensor of shape (n,)
            Weights of the utterances.

        **_ : Tensor
            Targets of other tasks; not used.

        Returns
        -------
        Tensor of shape ()
            The loss.
        """
        return soft_cross_entropy(logits, target, weight)

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
            ``"X"`` of shape (n, n_frames, n_features), ``"lengths"`` of shape (n,), ``"target"``
            of shape (n, n_classes), distributions over the emotions, ``"weight"`` of shape (n,),
            zero for the utterances without an emotion, ``"emotional"`` of shape (n,), zero for
            those whose emotions nothing is assumed of, and for each auxiliary task its classes,
            of shape (n,), -1 where unknown.

        optimizers : dict of str to Optimizer
            One for each group of :meth:`optimizer_parameters`.

        Returns
        -------
        dict of str to Tensor
            Detached losses, each before it is weighted; ``"loss"`` is the weighted sum of all but
            the discriminators'.
        """
        code = self.encode(batch["X"], batch["lengths"])
        logits = self.emotion_head(code)
        classes = logits.softmax(dim=1)
        losses = {}
        if self.discriminators:
            shown = _emotional(classes, batch)
            losses["discriminator_loss"] = self._train_discriminators(code, shown, optimizers)
        terms = self._terms(batch, code, logits, classes)
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

    def _terms(
        self, batch: dict[str, Tensor], code: Tensor, logits: Tensor, classes: Tensor
    ) -> dict[str, tuple[float, Tensor]]:
        """Compute every loss of encoder, decoder and heads, with its weight."""
        ramp = min(1.0, self.progress / _RAMP)
        terms = {"emotion_loss": (1.0, self._emotion_loss(batch, logits))}
        if self.decoder is not None:
            restored = self.decoder(torch.cat([code, classes], dim=1))
            error = mse_loss(restored, self.summary(batch["X"], batch["lengths"]))
            terms["reconstruction_loss"] = (self.reconstruction_weight, error)
        if "code" in self.discriminators:
            verdict = self.discriminators["code"](code)[:, 0]
            terms["adversarial_loss"] = (ramp * self.adversarial_weight, deception_loss(verdict))
        if "class" in self.discriminators:
            verdict = self.discriminators["class"](_emotional(classes, batch))[:, 0]
            terms["categorical_loss"] = (ramp * self.categorical_weight, deception_loss(verdict))
        if self.consistency_weight:
            terms["consistency_loss"] = (ramp * self.consistency_weight, self._inconsistency(batch))
        for name, head in self.auxiliary_heads.items():
            weight = self.auxiliary_weights.get(name, 1.0)
            terms[f"{name}_loss"] = (weight, self._auxiliary_loss(name, head, code, batch[name]))
        return terms

    def _emotion_loss(self, batch: dict[str, Tensor], logits: Tensor) -> Tensor:
        labelled = batch["weight"] > 0
        if not labelled.any():
            return 0 * logits.sum()
        return soft_cross_entropy(
            logits[labelled], batch["target"][labelled], batch["weight"][labelled]
        )

    def _auxiliary_loss(self, name: str, head: nn.Module, code: Tensor, target: Tensor) -> Tensor:
        if name in self.reversed_tasks:
            code = reverse_gradient(code, reversal_strength(self.progress))
        target = target.long()
        total = cross_entropy(head(code), target, ignore_index=-1, reduction="sum")
        return total / (target >= 0).sum().clamp(min=1)

    def _inconsistency(self, batch: dict[str, Tensor]) -> Tensor:
        """Cross-entropy of predictions of mixtures against mixtures of labels, some assumed."""
        labelled = batch["weight"] > 0
        assumed, confidence = self._assume_labels(batch, labelled)
        target = torch.where(labelled[:, None], batch["target"], assumed)
        sure = (labelled | (confidence > self.confidence_threshold)).nonzero()[:, 0]
        if len(sure) == 0:
            return 0 * target.sum()
        X, lengths, target = batch["X"][sure], batch["lengths"][sure], target[sure]
        share = mixup_share(self.mixup_alpha, len(X)).to(X.device)
        partner = torch.randperm(len(X)).to(X.device)
        logits = self(mixup(X, partner, share), torch.maximum(lengths, lengths[partner]))
        return soft_cross_entropy(logits, mixup(target, partner, share), torch.ones_like(share))

    @torch.no_grad()
    def _assume_labels(self, batch: dict[str, Tensor], labelled: Tensor) -> tuple[Tensor, Tensor]:
        """Predict the emotions of utterances that are taken from the same corpora as the labels.

        The predictions are divided by their running mean and multiplied by the class prior, lest
        the most frequent prediction takes over.
        """
        candidates = batch["emotional"].bool() & ~labelled
        self.eval()
        expected = self(batch["X"], batch["lengths"]).softmax(dim=1)
        self.train()
        if candidates.any():
            self.mean_prediction.lerp_(expected[candidates].mean(dim=0), _MEMORY)
        expected = expected * self.class_prior / self.mean_prediction
        confidence, best = (expected / expected.sum(dim=1, keepdim=True)).max(dim=1)
        return one_hot(best, self.n_classes).to(expected.dtype), confidence * candidates

    def _train_discriminators(
        self, code: Tensor, classes: Tensor, optimizers: dict[str, Optimizer]
    ) -> Tensor:
        losses = []
        if "code" in self.discriminators:
            real = torch.randn_like(code)
            if self.prior == "uniform":
                real = 2 * torch.rand_like(code) - 1
            losses.append(_judge(self.discriminators["code"], real, code.detach()))
        if "class" in self.discriminators:
            drawn = torch.multinomial(self.class_prior, len(classes), replacement=True)
            real = one_hot(drawn, self.n_classes).to(classes.dtype)
            losses.append(_judge(self.discriminators["class"], real, classes.detach()))
        loss = torch.stack(losses).sum()
        descend(optimizers["discriminator"], loss)
        return loss


def _head(code_size: int, n_classes: int, dropout: float) -> nn.Sequential:
    """Build a linear classifier of the rectified code."""
    return nn.Sequential(nn.ReLU(), nn.Dropout(dropout), nn.Linear(code_size, n_classes))


def _emotional(classes: Tensor, batch: dict[str, Tensor]) -> Tensor:
    """Choose the rows whose emotions are distributed as the prior says; all if there are none."""
    chosen = batch["emotional"] > 0
    return classes[chosen] if chosen.any() else classes


def _judge(discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    return discriminator_loss(discriminator(real)[:, 0], discriminator(fake)[:, 0])
