"""The adversarial autoencoder with ratings in place of classes of emotion."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from sklearn_ser.modules._autoencoder import BaseAdversarialAutoencoder
from sklearn_ser.modules.functional import rating_loss


class RatingAutoencoder(BaseAdversarialAutoencoder):
    """Encoder, decoder, a head for ratings, auxiliary heads and a discriminator.

    As :class:`AdversarialAutoencoder`, but ratings are no code: nothing is known of how they are
    distributed, so that none is matched to a prior, and the decoder restores the utterance from the
    continuous code alone. A sequence is restored by the means and standard deviations of its
    features over time.

    Parameters
    ----------
    n_features : int
        Width of the input.

    n_outputs : int
        Number of dimensions.

    loss : {"ccc", "mse", "ccc_mse"}, default="ccc"
        Loss of the ratings, see :func:`~sklearn_ser.modules.functional.rating_loss`.

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
        Size of the code.

    discriminator_sizes : sequence of int, default=(64,)
        Layers of the discriminator.

    input_dropout : float, default=0.5
        Share of the input that the encoder does not see in training.

    dropout : float, default=0.3
        Share of the units of the hidden layers and of the code that is dropped in training.

    prior : {"gaussian", "uniform"}, default="gaussian"
        Prior of the code: standard normal, or uniform in (-1, 1).

    mixup_alpha : float, default=1.0
        Shares of the mixtures are drawn from Beta(alpha, alpha); 0 mixes nothing.

    reconstruction_weight : float, default=1.0
        Weight of the mean squared error of the decoder; 0 builds none.

    adversarial_weight : float, default=0.1
        Weight of the discriminator's verdict on the code; 0 builds none.

    consistency_weight : float, default=1.0
        Weight of the loss of what is predicted for mixtures of two utterances, against mixtures of
        their ratings: known, or predicted.

    max_grad_norm : float, default=None
        Gradients of encoder, decoder and heads are scaled down to this norm.

    References
    ----------
    Latif, S., Rana, R., Khalifa, S., Jurdak, R., Epps, J., & Schuller, B. W. (2022). Multi-task
    semi-supervised adversarial autoencoding for speech emotion recognition. IEEE Transactions on
    Affective Computing, 13(2). arXiv:1907.06078.

    Verma, V., Lamb, A., Kannala, J., Bengio, Y., & Lopez-Paz, D. (2019). Interpolation consistency
    training for semi-supervised learning. IJCAI.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules import RatingAutoencoder
    >>> module = RatingAutoencoder(88, 3, auxiliary={"gender": 2})
    >>> X, lengths = torch.randn(5, 1, 88), torch.ones(5, dtype=torch.int64)
    >>> module(X, lengths).shape, module.encode(X, lengths).shape
    (torch.Size([5, 3]), torch.Size([5, 64]))
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        *,
        loss: str = "ccc",
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
        reconstruction_weight: float = 1.0,
        adversarial_weight: float = 0.1,
        consistency_weight: float = 1.0,
        max_grad_norm: float | None = None,
    ):
        super().__init__(
            n_features,
            n_outputs,
            n_restored_from=code_size,
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
        self.loss = loss

    def validation_loss(
        self,
        outputs: Tensor,
        target: Tensor,
        weight: Tensor,
        known: Tensor | None = None,
        **_: Tensor,
    ) -> Tensor:
        """Compute the loss of the ratings, which is also the one to stop by.

        Parameters
        ----------
        outputs : Tensor of shape (n, n_outputs)
            Predicted ratings.

        target : Tensor of shape (n, n_outputs)
            Ratings, zero where missing.

        weight : Tensor of shape (n,)
            Weights of the utterances.

        known : Tensor of shape (n, n_outputs), default=None
            One for a rating and zero for a missing one; None: none is missing.

        **_ : Tensor
            Targets of other tasks; not used.

        Returns
        -------
        Tensor of shape ()
            The loss.
        """
        known = torch.ones_like(target) if known is None else known
        return rating_loss(outputs, target, known, weight, self.loss)

    @torch.no_grad()
    def _assume(self, batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        expected = self._outputs_without_dropout(batch)
        target = torch.where(batch["known"] > 0, batch["target"], expected)
        rows = ((batch["weight"] > 0) | batch["emotional"].bool()).nonzero()[:, 0]
        return rows, {"target": target[rows]}
