"""A conditional GAN on whole feature vectors, its generator begun as a decoder."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import Parameter
from torch.nn.functional import mse_loss
from torch.optim import Optimizer

from sklearn_ser.modules._adversarial import (
    ConditionalDiscriminator,
    deception_loss,
    descend,
    discriminator_loss,
    fully_connected,
)


class ConditionalGAN(nn.Module):
    """Conditional GAN on feature vectors, after Sahu et al.

    The generator maps noise and a class to a feature vector, the discriminator judges vectors given
    their class. Before the game the generator learns to restore vectors from the codes of an
    encoder, as the decoder of an autoencoder.

    The layout is this library's, and so are codes that are normalised over the batch, which makes
    noise of unit variance look like them.

    Parameters
    ----------
    n_features : int
        Size of the feature vectors, which should be standardised.

    n_classes : int
        Number of classes.

    noise_size : int, default=64
        Size of the generator's noise and of the codes.

    generator_sizes : sequence of int, default=(128, 256)
        Layers of the generator; the encoder mirrors them.

    discriminator_sizes : sequence of int, default=(256, 128)
        Layers of the discriminator.

    dropout : float, default=0.3
        Share of units dropped in the discriminator.

    Attributes
    ----------
    pretrains : bool
        Whether :meth:`training_step` trains the autoencoder alone.

    References
    ----------
    Sahu, S., Gupta, R., & Espy-Wilson, C. (2018). On enhancing speech emotion recognition using
    generative adversarial networks. Interspeech. arXiv:1806.06626.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules import ConditionalGAN
    >>> gan = ConditionalGAN(n_features=88, n_classes=4)
    >>> gan.sample(torch.eye(4)).shape
    torch.Size([4, 88])
    """

    def __init__(
        self,
        n_features: int,
        n_classes: int,
        *,
        noise_size: int = 64,
        generator_sizes: Sequence[int] = (128, 256),
        discriminator_sizes: Sequence[int] = (256, 128),
        dropout: float = 0.3,
    ):
        super().__init__()
        self.noise_size = noise_size
        self.pretrains = False
        self.encoder = nn.Sequential(
            fully_connected([n_features, *reversed(generator_sizes), noise_size]),
            nn.BatchNorm1d(noise_size, affine=False),
        )
        self.generator = fully_connected([noise_size + n_classes, *generator_sizes, n_features])
        self.discriminator = ConditionalDiscriminator(
            n_features, n_classes, discriminator_sizes, dropout
        )

    def sample(self, y: Tensor) -> Tensor:
        """Draw synthetic feature vectors of the given classes, by torch's generator.

        Parameters
        ----------
        y : Tensor of shape (n, n_classes)
            A distribution over the classes each row; one-hot for a pure class.

        Returns
        -------
        Tensor of shape (n, n_features)
            Standardised feature vectors.
        """
        return self.decode(torch.randn(len(y), self.noise_size, device=y.device), y)

    def decode(self, code: Tensor, y: Tensor) -> Tensor:
        """Turn codes or noise into feature vectors.

        Parameters
        ----------
        code : Tensor of shape (n, noise_size)
            Codes of real vectors, or noise of unit variance.

        y : Tensor of shape (n, n_classes)
            A distribution over the classes each row.

        Returns
        -------
        Tensor of shape (n, n_features)
            Standardised feature vectors.
        """
        # Scaled so that the class moves the vector as much as the noise does from the first step.
        return self.generator(torch.cat([code, self.noise_size**0.5 * y], dim=1))

    def optimizer_parameters(self) -> dict[str, Iterable[Parameter]]:
        """Name the groups of parameters that are optimised in turn.

        Returns
        -------
        dict of str to iterable of Parameter
            Groups ``"autoencoder"``, the encoder and the generator; ``"discriminator"``; and
            ``"generator"``.
        """
        generator = list(self.generator.parameters())
        return {
            "autoencoder": [*self.encoder.parameters(), *generator],
            "discriminator": list(self.discriminator.parameters()),
            "generator": generator,
        }

    def training_step(
        self, batch: dict[str, Tensor], optimizers: dict[str, Optimizer]
    ) -> dict[str, Tensor]:
        """Train on one batch: the autoencoder, or the discriminator and then the generator.

        Parameters
        ----------
        batch : dict of str to Tensor
            ``"X"`` of shape (n, 1, n_features) or (n, n_features), and ``"y"`` of shape
            (n, n_classes), distributions over the classes; at least two rows.

        optimizers : dict of str to Optimizer
            One for each group of :meth:`optimizer_parameters`.

        Returns
        -------
        dict of str to Tensor
            Detached losses.
        """
        X, y = batch["X"].flatten(1), batch["y"]
        if self.pretrains:
            loss = mse_loss(self.decode(self.encoder(X), y), X)
            descend(optimizers["autoencoder"], loss)
            losses = {"reconstruction_loss": loss, "loss": loss}
        else:
            losses = self._play(X, y, optimizers)
        return {name: loss.detach() for name, loss in losses.items()}

    def _play(self, X: Tensor, y: Tensor, optimizers: dict[str, Optimizer]) -> dict[str, Tensor]:
        with torch.no_grad():
            fake = self.sample(y)
        verdicts = self.discriminator(X, y), self.discriminator(fake, y)
        of_discriminator = discriminator_loss(*verdicts)
        descend(optimizers["discriminator"], of_discriminator)
        of_generator = deception_loss(self.discriminator(self.sample(y), y))
        descend(optimizers["generator"], of_generator)
        return {
            "discriminator_loss": of_discriminator,
            "generator_loss": of_generator,
            "loss": of_generator,
        }
