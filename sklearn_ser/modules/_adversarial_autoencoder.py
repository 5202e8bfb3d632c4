"""A multi-task semi-supervised adversarial autoencoder, after Latif et al. and Makhzani et al."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from sklearn_ser.modules._adversarial import fully_connected
from sklearn_ser.modules._autoencoder import BaseAdversarialAutoencoder
from sklearn_ser.modules.functional import soft_cross_entropy

# Weight of the latest batch in the running mean of the predictions.
_MEMORY = 0.05


class AdversarialAutoencoder(BaseAdversarialAutoencoder):
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
        super().__init__(
            n_features,
            n_classes,
            n_restored_from=code_size + n_classes,
            auxiliary=auxiliary,
            auxiliary_weights=auxiliary_weights,
            reversed_tasks=reversed_tasks,
            conv_channels=conv_channels,
            kernel_size=kernel_size,
            hidden_sizes=hidden_sizes,
            code_size=code_size,
            discriminator_sizes=discriminator_sizes,
            input_dropout=input_dropout,
            dropout=dropout,
            prior=prior,
            mixup_alpha=mixup_alpha,
            reconstruction_weight=reconstruction_weight,
            adversarial_weight=adversarial_weight,
            consistency_weight=consistency_weight,
            max_grad_norm=max_grad_norm,
        )
        self.n_classes = n_classes
        self.confidence_threshold = confidence_threshold
        self.categorical_weight = categorical_weight
        uniform = torch.ones(n_classes)
        chosen = uniform if class_prior is None else torch.tensor(list(class_prior))
        self.class_prior: Tensor
        self.mean_prediction: Tensor
        self.register_buffer("class_prior", (chosen / chosen.sum()).float())
        self.register_buffer("mean_prediction", self.class_prior.clone())
        if categorical_weight:
            self.discriminators["class"] = fully_connected([n_classes, *discriminator_sizes, 1])

    def validation_loss(
        self, outputs: Tensor, target: Tensor, weight: Tensor, **_: Tensor
    ) -> Tensor:
        """Compute the loss of the emotions, which is also the one to stop by.

        Parameters
        ----------
        outputs : Tensor of shape (n, n_classes)
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
        return soft_cross_entropy(outputs, target, weight)

    def _read(self, outputs: Tensor) -> Tensor:
        return outputs.softmax(dim=1)

    def _restore_from(self, code: Tensor, said: Tensor) -> Tensor:
        return torch.cat([code, said], dim=1)

    def _matched(self, batch: dict[str, Tensor], code: Tensor, said: Tensor) -> dict[str, Tensor]:
        matched = super()._matched(batch, code, said)
        if "class" in self.discriminators:
            # Those whose emotions are distributed as the prior says; all if there are none.
            chosen = batch["emotional"] > 0
            matched["class"] = said[chosen] if chosen.any() else said
        return matched

    def _draw_prior(self, name: str, code: Tensor) -> Tensor:
        if name != "class":
            return super()._draw_prior(name, code)
        drawn = torch.multinomial(self.class_prior, len(code), replacement=True)
        return one_hot(drawn, self.n_classes).to(code.dtype)

    def _assume(self, batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        labelled = batch["weight"] > 0
        assumed, confidence = self._assume_labels(batch, labelled)
        target = torch.where(labelled[:, None], batch["target"], assumed)
        sure = (labelled | (confidence > self.confidence_threshold)).nonzero()[:, 0]
        return sure, {"target": target[sure]}

    @torch.no_grad()
    def _assume_labels(self, batch: dict[str, Tensor], labelled: Tensor) -> tuple[Tensor, Tensor]:
        """Predict the emotions of utterances that are taken from the same corpora as the labels.

        The predictions are divided by their running mean and multiplied by the class prior, lest
        the most frequent prediction takes over.
        """
        candidates = batch["emotional"].bool() & ~labelled
        expected = self._outputs_without_dropout(batch).softmax(dim=1)
        if candidates.any():
            self.mean_prediction.lerp_(expected[candidates].mean(dim=0), _MEMORY)
        expected = expected * self.class_prior / self.mean_prediction
        confidence, best = (expected / expected.sum(dim=1, keepdim=True)).max(dim=1)
        return one_hot(best, self.n_classes).to(expected.dtype), confidence * candidates
