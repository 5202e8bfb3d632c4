"""An over-sampler that draws synthetic feature vectors from a mixup-GAN."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.utils._param_validation import Interval, StrOptions

from sklearn_ser.modules import MixupGAN
from sklearn_ser.neural_network._alternating import balanced_rows, make_net, train
from sklearn_ser.neural_network._net import AlternatingNet
from sklearn_ser.neural_network._schedule import LearningRateSchedule, late_decay
from sklearn_ser.over_sampling._base import GANSampler, sample
from sklearn_ser.utils._sizes import Sizes

# Every parameter of the module under the name that the sampler gives it too.
_MODULE_PARAMETERS = (
    "code_size",
    "noise_size",
    "hidden_sizes",
    "generator_sizes",
    "discriminator_sizes",
    "dropout",
    "mixup_alpha",
    "mixup_mode",
    "reconstruction_weight",
    "code_classifier_weight",
    "adversarial_weight",
    "classifier_weight",
    "energy_weight",
    "input_dropout",
    "gan_steps",
)

_WEIGHT = [Interval(Real, 0, None, closed="left")]
_SIZE = [Interval(Integral, 1, None, closed="left")]


class MixupGANSampler(GANSampler):
    """Over-sample with a conditional GAN trained on mixed feature vectors, after Latif et al.

    An autoencoder compresses the standardised rows to codes, on which an auxiliary classifier
    keeps the emotions apart; a conditional generator learns to draw codes of each class, judged by
    a discriminator and by the auxiliary classifier. A synthetic row is a decoded code, and what the
    autoencoder could not restore of a real row of the class. The network is trained on mixtures of
    rows and of their labels.

    The publication names the parts, but neither their sizes nor the losses: what it leaves open
    is a parameter here, and the defaults are this library's. So is the energy distance between
    real and generated codes in the generator's loss, without which the generator collapses to
    little more than the centre of each class.

    Parameters
    ----------
    sampling_strategy : float, str, dict or callable, default="auto"
        How many rows each class is brought to, as in imbalanced-learn. A float is the wanted ratio
        of the minority to the majority class (binary targets only). A string names the classes to
        bring to the size of the largest: ``"minority"``, ``"not minority"``, ``"not majority"``,
        ``"all"``, or ``"auto"``, which is ``"not majority"``. A dict maps classes to the number of
        rows wanted, originals included; a callable maps ``y`` to such a dict.

    code_size : int, default=100
        Size of the codes.

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
        Mixing shares are drawn from Beta(alpha, alpha); 0 mixes nothing. Without effect where
        ``mixup_mode`` is "none".

    mixup_mode : {"real", "real_fake", "both", "none"}, default="none"
        What is mixed: pairs of real rows before anything sees them, as published, real with
        generated codes before the discriminator, both, or nothing. Off by default, see Notes.

    reconstruction_weight : float, default=1.0
        Weight of the reconstruction error in the autoencoder's loss.

    code_classifier_weight : float, default=1.0
        Weight of the auxiliary classifier's error in the autoencoder's loss.

    adversarial_weight : float, default=1.0
        Weight of the discriminator's verdict in the generator's loss.

    classifier_weight : float, default=0.5
        Weight of the auxiliary classifier's error in the generator's loss.

    energy_weight : float, default=30.0
        Weight of the energy distance in the generator's loss.

    input_dropout : float, default=0.5
        Share of the features that the encoder does not see in training, and that the decoder
        restores all the same. Without it the codes of the training rows are more extreme than those
        of rows that the encoder has not met, and so are the synthetic ones.

    gan_steps : int, default=5
        Steps of discriminator and generator for each step of the autoencoder.

    residuals : bool, default=True
        Whether each synthetic row gets the residual of a real row of its class, drawn at random.
        Decoded codes are smooth: a classifier tells them from real rows, and learns the class
        sizes of the real ones after all.

    clip : float, default=5.0
        Largest absolute value of a standardised feature, in standard deviations.

    max_epochs : int, default=40
        Length of the training. In an epoch every class is seen as often as the largest, and small
        data often enough for ten batches. In the second half the learning rates fall to nothing.

    batch_size : int, default=64
        Rows a batch, at least two.

    lr : float, default=1e-3
        Learning rate of the autoencoder.

    gan_lr : float, default=1e-3
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
        Seed of weights, batches, mixing and samples. The global generators of numpy and torch
        are left alone.

    Attributes
    ----------
    sampling_strategy_ : dict
        Number of rows to draw for each class that is over-sampled.

    net_ : AlternatingNet or None
        The trained skorch net; its ``module_`` is a :class:`~sklearn_ser.modules.MixupGAN`. None
        where no rows had to be drawn, in which case nothing is trained.

    history_ : list of dict
        Losses of each epoch by name; empty where nothing was trained.

    diversity_ : dict
        How varied the decoded codes of each class are: root mean square distance between two, as
        a share of that between two real rows. Near 0, the generator has collapsed. NaN where fewer
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

    Notes
    -----
    Rows are standardised inside, so X needs no scaling. Synthetic rows are in the units of X and
    stay, feature by feature, inside the range of the originals; constant features stay constant.
    Use the sampler inside a pipeline of imbalanced-learn, so that it sees the training folds only.

    On EMO-DB (IS10, leave one speaker out, train-fit, pooled, three repeats) ``MLPSER`` has an
    unweighted average recall of 72.9 % from the synthetic rows alone, and of 77.1 % with the real
    ones beside them, which alone give 76.7 %. With ``mixup_mode="real"`` these are 69.2 and 76.1 %.
    Where two emotions were cut to 15 utterances, balancing gave 71.8 % without mixup and 70.7 %
    with it. Between EMO-DB and EmoTale neither is better.

    References
    ----------
    Latif, S., Asim, M., Rana, R., Khalifa, S., Jurdak, R., & Schuller, B. W. (2020). Augmenting
    generative adversarial networks for speech emotion recognition. Interspeech. arXiv:2005.08447.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import make_blobs
    >>> from sklearn_ser.over_sampling import MixupGANSampler
    >>> X, y = make_blobs([40, 10], n_features=8, random_state=0)
    >>> sampler = MixupGANSampler(max_epochs=5, random_state=0)
    >>> X_resampled, y_resampled = sampler.fit_resample(X, y)
    >>> X_resampled.shape, np.bincount(y_resampled)
    ((80, 8), array([40, 40]))
    >>> X_synthetic = X_resampled[sampler.synthetic_mask_]
    >>> X_synthetic.shape
    (30, 8)
    """

    _parameter_constraints: ClassVar[dict] = {
        **GANSampler._parameter_constraints,
        "code_size": _SIZE,
        "noise_size": _SIZE,
        "hidden_sizes": [Sizes()],
        "generator_sizes": [Sizes()],
        "discriminator_sizes": [Sizes()],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "mixup_alpha": _WEIGHT,
        "mixup_mode": [StrOptions({"real", "real_fake", "both", "none"})],
        "reconstruction_weight": _WEIGHT,
        "code_classifier_weight": _WEIGHT,
        "adversarial_weight": _WEIGHT,
        "classifier_weight": _WEIGHT,
        "energy_weight": _WEIGHT,
        "input_dropout": [Interval(Real, 0, 1, closed="left")],
        "gan_steps": _SIZE,
        "residuals": ["boolean"],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "gan_lr": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        code_size: int = 100,
        noise_size: int = 64,
        hidden_sizes: Sequence[int] = (256,),
        generator_sizes: Sequence[int] = (128, 128),
        discriminator_sizes: Sequence[int] = (128, 128),
        dropout: float = 0.3,
        mixup_alpha: float = 0.2,
        mixup_mode: str = "none",
        reconstruction_weight: float = 1.0,
        code_classifier_weight: float = 1.0,
        adversarial_weight: float = 1.0,
        classifier_weight: float = 0.5,
        energy_weight: float = 30.0,
        input_dropout: float = 0.5,
        gan_steps: int = 5,
        residuals: bool = True,
        clip: float = 5.0,
        max_epochs: int = 40,
        batch_size: int = 64,
        lr: float = 1e-3,
        gan_lr: float = 1e-3,
        min_diversity: float = 0.25,
        min_novelty: float = 0.2,
        device: str = "auto",
        verbose: int = 0,
        random_state: Any = None,
    ):
        super().__init__(sampling_strategy=sampling_strategy)
        self.code_size = code_size
        self.noise_size = noise_size
        self.hidden_sizes = hidden_sizes
        self.generator_sizes = generator_sizes
        self.discriminator_sizes = discriminator_sizes
        self.dropout = dropout
        self.mixup_alpha = mixup_alpha
        self.mixup_mode = mixup_mode
        self.reconstruction_weight = reconstruction_weight
        self.code_classifier_weight = code_classifier_weight
        self.adversarial_weight = adversarial_weight
        self.classifier_weight = classifier_weight
        self.energy_weight = energy_weight
        self.input_dropout = input_dropout
        self.gan_steps = gan_steps
        self.residuals = residuals
        self.clip = clip
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
        arguments = {name: getattr(self, name) for name in _MODULE_PARAMETERS}
        arguments |= {"n_features": Z.shape[1], "n_classes": y.shape[1]}
        lr = {"autoencoder": self.lr, "discriminator": self.gan_lr, "generator": self.gan_lr}
        schedule = LearningRateSchedule(late_decay, self.max_epochs)
        net = make_net(self, MixupGAN, arguments, lr, callbacks=[("schedule", schedule)])
        rows = balanced_rows(y.argmax(axis=1), self.batch_size)
        train(net, Z[rows], {"y": y[rows]})
        return net, sample(net, y_synthetic)

    def _complete(
        self,
        net: AlternatingNet,
        drawn: np.ndarray,
        y_synthetic: np.ndarray,
        Z: np.ndarray,
        y: np.ndarray,
    ) -> np.ndarray:
        if not self.residuals:
            return drawn
        with torch.no_grad():
            restored = net.module_(torch.from_numpy(Z).to(net.device)).cpu().numpy()
        return drawn + (Z - restored)[_draw_donors(y, y_synthetic)]


def _draw_donors(y: np.ndarray, y_synthetic: np.ndarray) -> np.ndarray:
    """Draw for each synthetic row a real row of its class, by torch's generator."""
    donors = np.empty(len(y_synthetic), dtype=int)
    for label in np.unique(y_synthetic):
        places, members = np.flatnonzero(y_synthetic == label), np.flatnonzero(y == label)
        donors[places] = members[torch.randint(len(members), (len(places),)).numpy()]
    return donors
