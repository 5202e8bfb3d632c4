"""One cycle-consistent GAN for each emotion, all fed from one source."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import Parameter
from torch.nn.functional import cross_entropy, mse_loss
from torch.optim import Optimizer

from sklearn_ser.modules._adversarial import (
    deception_loss,
    descend,
    discriminator_loss,
    fully_connected,
)


class CycleGAN(nn.Module):
    """Maps feature vectors of a source to each emotion and back, after Bao et al.

    For each class there are a network from the source to the class, one back, and a discriminator
    at either end. A vector that goes there and back should be what it was, and a classifier that is
    trained on real vectors should know the class of those that went there.

    The classifier learns from real vectors, other than in the authors' code, where it learns from
    the synthetic ones and so rewards any that can be told apart. Sizes and rates are ours, and
    smaller than theirs.

    Parameters
    ----------
    n_features : int
        Size of the feature vectors, which should be standardised.

    n_classes : int
        Number of classes.

    mapper_sizes : sequence of int, default=(128, 64, 128)
        Layers of the networks there and back.

    discriminator_sizes : sequence of int, default=(128, 64)
        Layers of the discriminators.

    classifier_sizes : sequence of int, default=(100, 100)
        Layers of the classifier.

    dropout : float, default=0.2
        Share of units dropped in all networks.

    cycle_weight : float, default=5.0
        Weight of the error of vectors that went there and back.

    classifier_weight : float, default=2.0
        Weight of the classifier's error on vectors that went to a class.

    Attributes
    ----------
    pretrains : bool
        Whether :meth:`training_step` trains the classifier, and the mappers as autoencoders, alone.

    References
    ----------
    Bao, F., Neumann, M., & Vu, N. T. (2019). CycleGAN-based emotion style transfer as data
    augmentation for speech emotion recognition. Interspeech.

    Zhu, J.-Y., Park, T., Isola, P., & Efros, A. A. (2017). Unpaired image-to-image translation
    using cycle-consistent adversarial networks. ICCV. arXiv:1703.10593.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ser.modules import CycleGAN
    >>> gan = CycleGAN(n_features=88, n_classes=4)
    >>> gan.sample(torch.randn(4, 88), torch.eye(4)).shape
    torch.Size([4, 88])
    """

    def __init__(
        self,
        n_features: int,
        n_classes: int,
        *,
        mapper_sizes: Sequence[int] = (128, 64, 128),
        discriminator_sizes: Sequence[int] = (128, 64),
        classifier_sizes: Sequence[int] = (100, 100),
        dropout: float = 0.2,
        cycle_weight: float = 5.0,
        classifier_weight: float = 2.0,
    ):
        super().__init__()
        self.cycle_weight = cycle_weight
        self.classifier_weight = classifier_weight
        self.pretrains = False

        def for_each_class(sizes: Sequence[int], n_outputs: int) -> nn.ModuleList:
            layers = [n_features, *sizes, n_outputs]
            return nn.ModuleList(fully_connected(layers, dropout) for _ in range(n_classes))

        self.there = for_each_class(mapper_sizes, n_features)
        self.back = for_each_class(mapper_sizes, n_features)
        self.judges_there = for_each_class(discriminator_sizes, 1)
        self.judges_back = for_each_class(discriminator_sizes, 1)
        self.classifier = fully_connected([n_features, *classifier_sizes, n_classes], dropout)

    def sample(self, X: Tensor, y: Tensor) -> Tensor:
        """Map source vectors to classes.

        Parameters
        ----------
        X : Tensor of shape (n, n_features)
            Standardised vectors of the source.

        y : Tensor of shape (n, n_classes)
            The classes, one-hot.

        Returns
        -------
        Tensor of shape (n, n_features)
            Standardised feature vectors of these classes.
        """
        return _each_by_its_class(self.there, X, y)

    def optimizer_parameters(self) -> dict[str, Iterable[Parameter]]:
        """Name the groups of parameters that are optimised in turn.

        Returns
        -------
        dict of str to iterable of Parameter
            Groups ``"classifier"``, ``"discriminator"`` (all of them) and ``"generator"`` (all
            mappers).
        """
        return {
            "classifier": list(self.classifier.parameters()),
            "discriminator": [*self.judges_there.parameters(), *self.judges_back.parameters()],
            "generator": [*self.there.parameters(), *self.back.parameters()],
        }

    def training_step(
        self, batch: dict[str, Tensor], optimizers: dict[str, Optimizer]
    ) -> dict[str, Tensor]:
        """Train the classifier, the discriminators and the mappers on one batch, in this order.

        Parameters
        ----------
        batch : dict of str to Tensor
            ``"X"`` of shape (n, 1, n_features) or (n, n_features); ``"y"`` of shape (n, n_classes),
            one-hot; and ``"source"`` of shape (n, n_features), vectors to map to these classes.

        optimizers : dict of str to Optimizer
            One for each group of :meth:`optimizer_parameters`.

        Returns
        -------
        dict of str to Tensor
            Detached losses.
        """
        X, y, source = batch["X"].flatten(1), batch["y"], batch["source"]
        classifier_loss = cross_entropy(self.classifier(X), y)
        descend(optimizers["classifier"], classifier_loss)
        if self.pretrains:
            loss = mse_loss(self.sample(source, y), source) + mse_loss(self._return(X, y), X)
            descend(optimizers["generator"], loss)
            losses = {"reconstruction_loss": loss, "loss": loss}
        else:
            of_discriminators = self._discriminator_loss(X, source, y)
            descend(optimizers["discriminator"], of_discriminators)
            losses = self._generator_losses(X, source, y)
            descend(optimizers["generator"], losses["generator_loss"])
            losses |= {"discriminator_loss": of_discriminators, "loss": losses["generator_loss"]}
        losses["classifier_loss"] = classifier_loss
        return {name: loss.detach() for name, loss in losses.items()}

    def _return(self, X: Tensor, y: Tensor) -> Tensor:
        return _each_by_its_class(self.back, X, y)

    def _judge_there(self, X: Tensor, y: Tensor) -> Tensor:
        return _each_by_its_class(self.judges_there, X, y)[:, 0]

    def _judge_back(self, X: Tensor, y: Tensor) -> Tensor:
        return _each_by_its_class(self.judges_back, X, y)[:, 0]

    def _discriminator_loss(self, X: Tensor, source: Tensor, y: Tensor) -> Tensor:
        with torch.no_grad():
            there, back = self.sample(source, y), self._return(X, y)
        loss_there = discriminator_loss(self._judge_there(X, y), self._judge_there(there, y))
        loss_back = discriminator_loss(self._judge_back(source, y), self._judge_back(back, y))
        return (loss_there + loss_back) / 2

    def _generator_losses(self, X: Tensor, source: Tensor, y: Tensor) -> dict[str, Tensor]:
        there, back = self.sample(source, y), self._return(X, y)
        adversarial = deception_loss(self._judge_there(there, y))
        adversarial = adversarial + deception_loss(self._judge_back(back, y))
        cycle = mse_loss(self._return(there, y), source) + mse_loss(self.sample(back, y), X)
        classification = cross_entropy(self.classifier(there), y)
        loss = adversarial + self.cycle_weight * cycle + self.classifier_weight * classification
        return {
            "generator_loss": loss,
            "adversarial_loss": adversarial,
            "cycle_loss": cycle,
            "generator_classifier_loss": classification,
        }


def _each_by_its_class(networks: nn.ModuleList, X: Tensor, y: Tensor) -> Tensor:
    """Send each row through the network of its class."""
    owner = y.argmax(dim=1)
    outputs = torch.cat([networks[k](X[owner == k]) for k in owner.unique().tolist()])
    # Outputs stand class by class; the inverse of that order brings them back to the rows.
    return outputs[owner.argsort(stable=True).argsort()]
