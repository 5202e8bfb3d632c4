"""An over-sampler that draws synthetic feature vectors from a conditional GAN."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import Interval

from sklearn_ser.modules import ConditionalGAN
from sklearn_ser.neural_network._alternating import balanced_rows, make_net, train
from sklearn_ser.neural_network._net import AlternatingNet
from sklearn_ser.over_sampling._base import GANSampler, sample
from sklearn_ser.utils._sizes import Sizes


class ConditionalGANSampler(GANSampler):
    """Over-sample with a conditional GAN on whole feature vectors, after Sahu et al.

    A generator maps noise and a class to a feature vector, a discriminator judges vectors given
    their class. The generator begins as the decoder of an autoencoder of the same rows.

    The publication names the parts and that the decoder helps the training to converge; sizes,
    rates and lengths here are this library's.

    Parameters
    ----------
    sampling_strategy : float, str, dict or callable, default="auto"
        How many rows each class is brought to, as in imbalanced-learn. A float is the wanted ratio
        of the minority to the majority class (binary targets only). A string names the classes to
        bring to the size of the largest: ``"minority"``, ``"not minority"``, ``"not majority"``,
        ``"all"``, or ``"auto"``, which is ``"not majority"``. A dict maps classes to the number of
        rows wanted, originals included; a callable maps ``y`` to such a dict.

    noise_size : int, default=64
        Size of the generator's noise and of the autoencoder's codes.

    generator_sizes : sequence of int, default=(128, 256)
        Layers of the generator; the encoder mirrors them.

    discriminator_sizes : sequence of int, default=(256, 128)
        Layers of the discriminator.

    dropout : float, default=0.3
        Share of units dropped in the discriminator.

    clip : float, default=5.0
        Largest absolute value of a standardised feature, in standard deviations.

    pretrain_epochs : int, default=20
        Epochs of the autoencoder; 0 begins with random weights.

    max_epochs : int, default=40
        Epochs of generator against discriminator. In an epoch every class is seen as often as the
        largest, and small data often enough for ten batches.

    batch_size : int, default=64
        Rows a batch, at least two.

    lr : float, default=1e-3
        Learning rate of the autoencoder.

    gan_lr : float, default=2e-4
        Learning rate of the generator and the discriminator.

    min_diversity : float, default=0.25
        A warning tells of classes whose ``diversity_`` is lower. 0 never warns.

    min_novelty : float, default=0.2
        A warning tells of classes whose ``novelty_`` is lower. 0 never warns.

    device : str, default="auto"
        Torch device; ``"auto"`` takes CUDA where there is a device and the CPU elsewhere.

    verbose : int, default=0
        Above 0, prints the losses of each epoch.

    random_state : int, RandomState instance or None, default=None
        Seed of weights, batches and samples. The global generators of numpy and torch are left
        alone.

    Attributes
    ----------
    sampling_strategy_ : dict
        Number of rows to draw for each class that is over-sampled.

    net_ : AlternatingNet or None
        The trained skorch net; its ``module_`` is a :class:`~sklearn_ser.modules.ConditionalGAN`.
        None where no rows had to be drawn, in which case nothing is trained.

    history_ : list of dict
        Losses of each epoch by name, those of the autoencoder first; empty where nothing was
        trained.

    diversity_ : dict
        How varied the synthetic rows of each class are: root mean square distance between two, as
        a share of that between two real ones. Near 0, the generator has collapsed. NaN where fewer
        than two were drawn.

    novelty_ : dict
        How new the synthetic rows of each class are: median distance from the nearest real one, as
        a share of that of the real ones from each other. Near 0, the generator copies.

    synthetic_mask_ : ndarray of shape (n_samples_new,), bool
        True for the synthetic rows of the last output, which follow all the originals.

    n_features_in_ : int
        Number of features seen during fit.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features seen during fit, where X had names that are all strings.

    See Also
    --------
    MixupGANSampler : Draws codes of an autoencoder, and is trained on mixed rows.
    CycleGANSampler : Maps rows of a source to each class.

    Notes
    -----
    Rows are standardised inside, so X needs no scaling. Synthetic rows are in the units of X and
    stay, feature by feature, inside the range of the originals; constant features stay constant.
    Use the sampler inside a pipeline of imbalanced-learn, so that it sees the training folds only.

    References
    ----------
    Sahu, S., Gupta, R., & Espy-Wilson, C. (2018). On enhancing speech emotion recognition using
    generative adversarial networks. Interspeech. arXiv:1806.06626.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import make_blobs
    >>> from sklearn_ser.over_sampling import ConditionalGANSampler
    >>> X, y = make_blobs([40, 10], n_features=8, random_state=0)
    >>> sampler = ConditionalGANSampler(random_state=0)
    >>> X_resampled, y_resampled = sampler.fit_resample(X, y)
    >>> X_resampled.shape, np.bincount(y_resampled)
    ((80, 8), array([40, 40]))
    """

    _parameter_constraints: ClassVar[dict] = {
        **GANSampler._parameter_constraints,
        "noise_size": [Interval(Integral, 1, None, closed="left")],
        "generator_sizes": [Sizes()],
        "discriminator_sizes": [Sizes()],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "pretrain_epochs": [Interval(Integral, 0, None, closed="left")],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "gan_lr": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        noise_size: int = 64,
        generator_sizes: Sequence[int] = (128, 256),
        discriminator_sizes: Sequence[int] = (256, 128),
        dropout: float = 0.3,
        clip: float = 5.0,
        pretrain_epochs: int = 20,
        max_epochs: int = 40,
        batch_size: int = 64,
        lr: float = 1e-3,
        gan_lr: float = 2e-4,
        min_diversity: float = 0.25,
        min_novelty: float = 0.2,
        device: str = "auto",
        verbose: int = 0,
        random_state: Any = None,
    ):
        super().__init__(sampling_strategy=sampling_strategy)
        self.noise_size = noise_size
        self.generator_sizes = generator_sizes
        self.discriminator_sizes = discriminator_sizes
        self.dropout = dropout
        self.clip = clip
        self.pretrain_epochs = pretrain_epochs
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.lr = lr
        self.gan_lr = gan_lr
        self.min_diversity = min_diversity
        self.min_novelty = min_novelty
        self.device = device
        self.verbose = verbose
        self.random_state = random_state

    def _generate(
        self, Z: np.ndarray, y: np.ndarray, y_synthetic: np.ndarray, **params: Any
    ) -> tuple[AlternatingNet, np.ndarray]:
        arguments = {
            "n_features": Z.shape[1],
            "n_classes": y.shape[1],
            "noise_size": self.noise_size,
            "generator_sizes": self.generator_sizes,
            "discriminator_sizes": self.discriminator_sizes,
            "dropout": self.dropout,
        }
        lr = {"autoencoder": self.lr, "discriminator": self.gan_lr, "generator": self.gan_lr}
        net = make_net(self, ConditionalGAN, arguments, lr)
        rows = balanced_rows(y.argmax(axis=1), self.batch_size)
        train(net, Z[rows], {"y": y[rows]}, self.pretrain_epochs)
        return net, sample(net, y_synthetic)
