"""A conditional GAN in the code space of an autoencoder, trained on mixed batches."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import Parameter
from torch.nn.functional import cross_entropy, dropout, mse_loss
from torch.optim import Optimizer

from sklearn_ser.modules._adversarial import (
    ConditionalDiscriminator,
    deception_loss,
    descend,
    discriminator_loss,
    fully_connected,
    verdict_loss,
)
from sklearn_ser.modules.functional import mixup, mixup_share


def energy_distance(first: Tensor, second: Tensor) -> Tensor:
    """Estimate how far apart two distributions are from one sample of each.

    The estimate is unbiased: zero on average, and at times below zero, where both samples come
    from one distribution. A sample that has collapsed to a point lies far from a spread one.

    Parameters
    ----------
    first : Tensor of shape (n, d)
        Sample of the one distribution, of at least two rows.

    second : Tensor of shape (m, d)
        Sample of the other, of at least two rows.

    Returns
    -------
    Tensor of shape ()
        ``2 E|a - b| - E|a - a'| - E|b - b'|``.

    References
    ----------
    Székely, G. J., & Rizzo, M. L. (2013). Energy statistics: A class of statistics based on
    distances. Journal of Statistical Planning and Inference, 143(8), 1249-1272.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules._mixup_gan import energy_distance
    >>> energy_distance(torch.tensor([[0.0], [1.0]]), torch.tensor([[4.0], [5.0]]))
    tensor(6.)
    """
    n, m = len(first), len(second)
    within_first = torch.cdist(first, first).sum() / (n * (n - 1))
    within_second = torch.cdist(second, second).sum() / (m * (m - 1))
    return 2 * torch.cdist(first, second).mean() - within_first - within_second


class MixupGAN(nn.Module):
    """Conditional GAN over the codes of an autoencoder, with mixup, after Latif et al.

    An autoencoder compresses feature vectors to codes; an auxiliary classifier keeps the codes
    telling. The generator maps noise and a class to a code, the discriminator judges codes given
    their class, and decoding a generated code gives a synthetic feature vector. All losses take
    soft labels, so that batches can be mixed.

    The publication gives no layout and no loss weights: those here are this library's. The
    energy distance in the generator's loss guards against mode collapse.

    Parameters
    ----------
    n_features : int
        Size of the feature vectors, which should be standardised.

    n_classes : int
        Number of classes.

    code_size : int, default=100
        Size of the codes, which lie in (-1, 1).

    noise_size : int, default=64
        Size of the generator's noise.

    hidden_sizes : sequence of int, default=(256,)
        Layers of the encoder; the decoder mirrors them.

    generator_sizes : sequence of int, default=(128, 128)
        Layers of the generator.

    discriminator_sizes : sequence of int, default=(128, 128)
        Layers of the discriminator.

    dropout : float, default=0.3
        Share of units dropped in the discriminator and before the auxiliary classifier.

    mixup_alpha : float, default=0.2
        Mixing shares are drawn from Beta(alpha, alpha); 0 mixes nothing.

    mixup_mode : {"real", "real_fake", "both", "none"}, default="real"
        What is mixed: pairs of real rows before anything sees them, real with generated codes
        before the discriminator, both, or nothing.

    reconstruction_weight : float, default=1.0
        Weight of the reconstruction error in the autoencoder's loss.

    code_classifier_weight : float, default=1.0
        Weight of the auxiliary classifier's error in the autoencoder's loss.

    adversarial_weight : float, default=1.0
        Weight of the discriminator's verdict in the generator's loss.

    classifier_weight : float, default=0.5
        Weight of the auxiliary classifier's error in the generator's loss.

    energy_weight : float, default=30.0
        Weight of the energy distance between real and generated codes in the generator's loss.
        A generator whose three weights are all zero is not trained, nor is the discriminator.

    encoder_adversarial_weight : float, default=0.0
        Weight of the discriminator's verdict in the autoencoder's loss, where it is that the codes
        of real vectors are to be taken for generated ones: the encoder meets the generator half
        way.

    input_dropout : float, default=0.0
        Share of the features that the encoder does not see in its own training, and that the
        decoder restores all the same.

    gan_steps : int, default=1
        Steps of discriminator and generator for each step of the autoencoder.

    References
    ----------
    Latif, S., Asim, M., Rana, R., Khalifa, S., Jurdak, R., & Schuller, B. W. (2020). Augmenting
    generative adversarial networks for speech emotion recognition. Interspeech. arXiv:2005.08447.

    Miyato, T., & Koyama, M. (2018). cGANs with projection discriminator. ICLR.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules import MixupGAN
    >>> gan = MixupGAN(n_features=88, n_classes=4)
    >>> gan.encode(torch.zeros(3, 88)).shape
    torch.Size([3, 100])
    >>> gan.sample(torch.eye(4)).shape
    torch.Size([4, 88])
    """

    def __init__(
        self,
        n_features: int,
        n_classes: int,
        *,
        code_size: int = 100,
        noise_size: int = 64,
        hidden_sizes: Sequence[int] = (256,),
        generator_sizes: Sequence[int] = (128, 128),
        discriminator_sizes: Sequence[int] = (128, 128),
        dropout: float = 0.3,
        mixup_alpha: float = 0.2,
        mixup_mode: str = "real",
        reconstruction_weight: float = 1.0,
        code_classifier_weight: float = 1.0,
        adversarial_weight: float = 1.0,
        classifier_weight: float = 0.5,
        energy_weight: float = 30.0,
        encoder_adversarial_weight: float = 0.0,
        input_dropout: float = 0.0,
        gan_steps: int = 1,
    ):
        super().__init__()
        self.noise_size = noise_size
        self.mixup_alpha = mixup_alpha
        self.mixes_real = mixup_mode in ("real", "both")
        self.mixes_real_with_fake = mixup_mode in ("real_fake", "both")
        self.reconstruction_weight = reconstruction_weight
        self.code_classifier_weight = code_classifier_weight
        self.adversarial_weight = adversarial_weight
        self.classifier_weight = classifier_weight
        self.energy_weight = energy_weight
        self.encoder_adversarial_weight = encoder_adversarial_weight
        self.input_dropout = input_dropout
        self.gan_steps = gan_steps
        self.generates = any((adversarial_weight, classifier_weight, energy_weight))

        self.encoder = nn.Sequential(
            fully_connected([n_features, *hidden_sizes, code_size]), nn.Tanh()
        )
        self.decoder = fully_connected([code_size, *reversed(hidden_sizes), n_features])
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(code_size, n_classes))
        self.generator = nn.Sequential(
            fully_connected([noise_size + n_classes, *generator_sizes, code_size]), nn.Tanh()
        )
        self.discriminator = ConditionalDiscriminator(
            code_size, n_classes, discriminator_sizes, dropout
        )

    def encode(self, X: Tensor) -> Tensor:
        """Compress feature vectors.

        Parameters
        ----------
        X : Tensor of shape (n, n_features)
            Standardised feature vectors.

        Returns
        -------
        Tensor of shape (n, code_size)
            Codes in (-1, 1).
        """
        return self.encoder(X)

    def decode(self, code: Tensor) -> Tensor:
        """Turn codes into feature vectors.

        Parameters
        ----------
        code : Tensor of shape (n, code_size)
            Codes, of real or generated vectors.

        Returns
        -------
        Tensor of shape (n, n_features)
            Standardised feature vectors.
        """
        return self.decoder(code)

    def classify(self, code: Tensor) -> Tensor:
        """Score the classes of codes by the auxiliary classifier.

        Parameters
        ----------
        code : Tensor of shape (n, code_size)
            Codes, of real or generated vectors.

        Returns
        -------
        Tensor of shape (n, n_classes)
            Class scores (logits).
        """
        # Codes of a few numbers between -1 and 1 are too short to be told apart by small weights:
        # all sizes are as long as one of 100.
        return self.classifier(10 / code.shape[1] ** 0.5 * code)

    def generate(self, y: Tensor) -> Tensor:
        """Draw codes of the given classes, by torch's generator.

        Parameters
        ----------
        y : Tensor of shape (n, n_classes)
            A distribution over the classes each row; one-hot for a pure class.

        Returns
        -------
        Tensor of shape (n, code_size)
            Codes in (-1, 1).
        """
        noise = torch.randn(len(y), self.noise_size, device=y.device)
        # Scaled so that the class moves the code as much as the noise does from the first step on.
        return self.generator(torch.cat([noise, self.noise_size**0.5 * y], dim=1))

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
        return self.decode(self.generate(y))

    def forward(self, X: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Compress feature vectors and restore them.

        Parameters
        ----------
        X : Tensor of shape (n, 1, n_features) or (n, n_features)
            Standardised feature vectors.

        lengths : Tensor of shape (n,), default=None
            Not used: a vector is a sequence of one frame.

        Returns
        -------
        Tensor of shape (n, n_features)
            The restored vectors.
        """
        return self.decode(self.encode(X.flatten(1)))

    def optimizer_parameters(self) -> dict[str, Iterable[Parameter]]:
        """Name the groups of parameters that are optimised in turn.

        Returns
        -------
        dict of str to iterable of Parameter
            Groups ``"autoencoder"`` (with the auxiliary classifier), ``"discriminator"`` and
            ``"generator"``.
        """
        autoencoder = nn.ModuleList([self.encoder, self.decoder, self.classifier])
        return {
            "autoencoder": list(autoencoder.parameters()),
            "discriminator": list(self.discriminator.parameters()),
            "generator": list(self.generator.parameters()),
        }

    def training_step(
        self, batch: dict[str, Tensor], optimizers: dict[str, Optimizer]
    ) -> dict[str, Tensor]:
        """Train the autoencoder, the discriminator and the generator on one batch, in this order.

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
        if self.mixes_real:
            X, y = self._mix(X, y)
        losses = self._autoencoder_losses(X, y)
        descend(optimizers["autoencoder"], losses["autoencoder_loss"])
        if not self.generates:
            losses["loss"] = losses["autoencoder_loss"]
            return {name: loss.detach() for name, loss in losses.items()}
        with torch.no_grad():
            code = self.encode(X)
        for _ in range(self.gan_steps):
            losses["discriminator_loss"] = self._discriminator_loss(code, y)
            descend(optimizers["discriminator"], losses["discriminator_loss"])
            losses |= self._generator_losses(code, y)
            descend(optimizers["generator"], losses["generator_loss"])
        losses["loss"] = losses["autoencoder_loss"] + losses["generator_loss"]
        return {name: loss.detach() for name, loss in losses.items()}

    def _mix(self, X: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        partner = torch.randperm(len(X)).to(X.device)
        share = mixup_share(self.mixup_alpha, len(X)).to(X.device)
        return mixup(X, partner, share), mixup(y, partner, share)

    def _autoencoder_losses(self, X: Tensor, y: Tensor) -> dict[str, Tensor]:
        code = self.encode(dropout(X, self.input_dropout) if self.input_dropout else X)
        reconstruction = mse_loss(self.decode(code), X)
        classification = cross_entropy(self.classify(code), y)
        loss = (
            self.reconstruction_weight * reconstruction
            + self.code_classifier_weight * classification
        )
        losses = {"reconstruction_loss": reconstruction, "classifier_loss": classification}
        if self.encoder_adversarial_weight:
            verdict = self.discriminator(code, y)
            losses["encoder_adversarial_loss"] = deception_loss(-verdict)
            loss = loss + self.encoder_adversarial_weight * losses["encoder_adversarial_loss"]
        return {"autoencoder_loss": loss} | losses

    def _discriminator_loss(self, code: Tensor, y: Tensor) -> Tensor:
        with torch.no_grad():
            fake = self.generate(y)
        if self.mixes_real_with_fake:
            share = mixup_share(self.mixup_alpha, len(code)).to(code.device)
            mixed = share[:, None] * code + (1 - share[:, None]) * fake
            return verdict_loss(self.discriminator(mixed, y), share)
        return discriminator_loss(self.discriminator(code, y), self.discriminator(fake, y))

    def _generator_losses(self, code: Tensor, y: Tensor) -> dict[str, Tensor]:
        fake = self.generate(y)
        adversarial = deception_loss(self.discriminator(fake, y))
        classification = cross_entropy(self.classify(fake), y)
        # The class stands beside the code and weighs more than any code can, so that the codes of
        # each class are compared with those of their own class.
        size = code.shape[1] ** 0.5
        energy = energy_distance(
            torch.cat([fake, 4 * size * y], dim=1), torch.cat([code, 4 * size * y], dim=1)
        )
        loss = (
            self.adversarial_weight * adversarial
            + self.classifier_weight * classification
            + self.energy_weight * energy / size
        )
        return {
            "generator_loss": loss,
            "adversarial_loss": adversarial,
            "generator_classifier_loss": classification,
            "energy_distance": energy / size,
        }
