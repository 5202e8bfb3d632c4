"""The compressed code of a mixup-GAN as a transformer."""

import copy
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.utils import Tags, check_array, check_consistent_length, column_or_1d
from sklearn.utils._param_validation import Interval
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_ser.modules import MixupGAN
from sklearn_ser.neural_network._alternating import (
    balanced_rows,
    losses_by_epoch,
    make_net,
    train,
)
from sklearn_ser.neural_network._checks import resolve_device
from sklearn_ser.neural_network._net import AlternatingNet
from sklearn_ser.neural_network._scaling import fit_scaler, standardize
from sklearn_ser.utils._random import seed_from, torch_rng
from sklearn_ser.utils._sizes import Sizes

_WEIGHT = [Interval(Real, 0, None, closed="left")]
_SIZE = [Interval(Integral, 1, None, closed="left")]
_RATE = [Interval(Real, 0, None, closed="neither")]


class MixupGANEncoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Compress feature vectors with the encoder of a mixup-GAN, after Latif et al.

    The network is that of :class:`~sklearn_ser.over_sampling.MixupGANSampler`: an autoencoder whose
    codes an auxiliary classifier keeps telling, trained on mixtures of rows and of their labels.
    Here the encoder also takes part in the game: the discriminator should take the codes of real
    rows for codes of the generator, and the other way round.

    Given no emotions, it learns without the classifier, from all rows as of one class. With
    ``adversarial_weight=0`` there is no generator: what is left is an autoencoder, and with
    ``mixup_alpha=0`` too a plain one.

    Parameters
    ----------
    code_size : int, default=100
        Size of the codes; 2 makes a plane to look at.

    noise_size : int, default=64
        Size of the generator's noise.

    hidden_sizes : sequence of int, default=(256,)
        Layers of the encoder; the decoder mirrors them.

    generator_sizes : sequence of int, default=(128, 128)
        Layers of the generator.

    discriminator_sizes : sequence of int, default=(128, 128)
        Layers of the discriminator.

    input_dropout : float, default=0.5
        Share of the features that the encoder does not see in training, and that the decoder
        restores all the same.

    dropout : float, default=0.0
        Share of units dropped in the discriminator and before the auxiliary classifier. Small codes
        cannot spare any.

    mixup_alpha : float, default=0.2
        Rows are mixed in pairs by shares from Beta(alpha, alpha); 0 mixes nothing.

    reconstruction_weight : float, default=1.0
        Weight of the reconstruction error.

    classifier_weight : float, default=1.0
        Weight of the auxiliary classifier's error. Not used where no emotions are given.

    adversarial_weight : float, default=0.1
        Weight of the discriminator's verdict in the encoder's loss; 0 trains no generator.

    clip : float, default=5.0
        Largest absolute value of a standardised feature, in standard deviations.

    max_epochs : int, default=40
        Length of the training. In an epoch every class is seen as often as the largest, and small
        data often enough for ten batches.

    batch_size : int, default=64
        Rows a batch, at least two.

    lr : float, default=1e-3
        Learning rate of the autoencoder.

    gan_lr : float, default=1e-3
        Learning rate of the generator and the discriminator.

    device : str, default="auto"
        Torch device; ``"auto"`` takes CUDA where there is a device and the CPU elsewhere.

    verbose : int, default=0
        Above 0, prints the losses of each epoch.

    random_state : int, RandomState instance or None, default=None
        Seed of weights, batches and mixing. The global generators of numpy and torch are left
        alone.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,) or None
        The emotions; None where none were given.

    net_ : AlternatingNet
        The trained skorch net; its ``module_`` is a :class:`~sklearn_ser.modules.MixupGAN`.

    history_ : list of dict
        Losses of each epoch by name.

    n_features_in_ : int
        Number of features seen during fit.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features seen during fit, where X had names that are all strings.

    See Also
    --------
    sklearn_ser.over_sampling.MixupGANSampler : Draws new rows from the same network.
    sklearn.decomposition.PCA : Linear codes, without emotions.
    sklearn.discriminant_analysis.LinearDiscriminantAnalysis : Linear codes that keep the emotions
        apart.

    Notes
    -----
    Rows are standardised inside, so X needs no scaling. Codes of supervised training are fitted to
    the emotions of the training rows: judge them on speakers that were held out.

    References
    ----------
    Latif, S., Asim, M., Rana, R., Khalifa, S., Jurdak, R., & Schuller, B. W. (2020). Augmenting
    generative adversarial networks for speech emotion recognition. Interspeech. arXiv:2005.08447.

    Examples
    --------
    >>> from sklearn.datasets import make_blobs
    >>> from sklearn_ser.neural_network import MixupGANEncoder
    >>> X, y = make_blobs(60, n_features=8, random_state=0)
    >>> encoder = MixupGANEncoder(code_size=2, max_epochs=5, random_state=0).fit(X, y)
    >>> encoder.transform(X).shape
    (60, 2)
    >>> encoder.inverse_transform(encoder.transform(X)).shape
    (60, 8)
    >>> encoder.get_feature_names_out()
    array(['mixupganencoder0', 'mixupganencoder1'], dtype=object)
    """

    net_: AlternatingNet

    _parameter_constraints: ClassVar[dict] = {
        "code_size": _SIZE,
        "noise_size": _SIZE,
        "hidden_sizes": [Sizes()],
        "generator_sizes": [Sizes()],
        "discriminator_sizes": [Sizes()],
        "input_dropout": [Interval(Real, 0, 1, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "mixup_alpha": _WEIGHT,
        "reconstruction_weight": _WEIGHT,
        "classifier_weight": _WEIGHT,
        "adversarial_weight": _WEIGHT,
        "clip": _RATE,
        "max_epochs": _SIZE,
        "batch_size": [Interval(Integral, 2, None, closed="left")],
        "lr": _RATE,
        "gan_lr": _RATE,
        "device": [str],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        code_size: int = 100,
        noise_size: int = 64,
        hidden_sizes: Sequence[int] = (256,),
        generator_sizes: Sequence[int] = (128, 128),
        discriminator_sizes: Sequence[int] = (128, 128),
        input_dropout: float = 0.5,
        dropout: float = 0.0,
        mixup_alpha: float = 0.2,
        reconstruction_weight: float = 1.0,
        classifier_weight: float = 1.0,
        adversarial_weight: float = 0.1,
        clip: float = 5.0,
        max_epochs: int = 40,
        batch_size: int = 64,
        lr: float = 1e-3,
        gan_lr: float = 1e-3,
        device: str = "auto",
        verbose: int = 0,
        random_state: Any = None,
    ):
        self.code_size = code_size
        self.noise_size = noise_size
        self.hidden_sizes = hidden_sizes
        self.generator_sizes = generator_sizes
        self.discriminator_sizes = discriminator_sizes
        self.input_dropout = input_dropout
        self.dropout = dropout
        self.mixup_alpha = mixup_alpha
        self.reconstruction_weight = reconstruction_weight
        self.classifier_weight = classifier_weight
        self.adversarial_weight = adversarial_weight
        self.clip = clip
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.lr = lr
        self.gan_lr = gan_lr
        self.device = device
        self.verbose = verbose
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Train the network.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.

        y : array-like of shape (n_samples,), default=None
            Emotions; None learns without.

        Returns
        -------
        self : object
            The fitted encoder.
        """
        if hasattr(self, "net_"):
            del self.net_  # lest a fit that fails leaves it with the scale of other data
        X = validate_data(self, X, dtype=[np.float64, np.float32])
        y_encoded = self._encode_emotions(X, y)
        self.scaler_ = fit_scaler(X)
        Z = standardize(X, self.scaler_, self.clip)
        one_hot = np.eye(y_encoded.max() + 1, dtype=np.float32)[y_encoded]
        rows = balanced_rows(y_encoded, self.batch_size)
        lr = {"autoencoder": self.lr, "discriminator": self.gan_lr, "generator": self.gan_lr}
        with torch_rng(seed_from(self.random_state), resolve_device(self.device)):
            net = make_net(self, MixupGAN, self._arguments(one_hot), lr)
            train(net, Z[rows], {"y": one_hot[rows]})
        self.net_ = net
        self.history_ = losses_by_epoch(self.net_)
        return self

    def _encode_emotions(self, X: np.ndarray, y: Any) -> np.ndarray:
        """Return the number of each row's emotion; without any, all rows are of one class."""
        self.classes_: np.ndarray | None = None
        if y is None:
            return np.zeros(len(X), dtype=int)
        y = column_or_1d(y, warn=True)
        check_consistent_length(X, y)
        check_classification_targets(y)
        self.classes_, y_encoded = np.unique(y, return_inverse=True)
        return y_encoded

    def _arguments(self, one_hot: np.ndarray) -> dict[str, Any]:
        """Name the arguments of the module; without adversary it has no generator to train."""
        supervised = self.classes_ is not None
        arguments = {
            "n_features": self.n_features_in_,
            "n_classes": one_hot.shape[1],
            "code_size": self.code_size,
            "noise_size": self.noise_size,
            "hidden_sizes": self.hidden_sizes,
            "generator_sizes": self.generator_sizes,
            "discriminator_sizes": self.discriminator_sizes,
            "input_dropout": self.input_dropout,
            "dropout": self.dropout,
            "mixup_alpha": self.mixup_alpha,
            "reconstruction_weight": self.reconstruction_weight,
            "code_classifier_weight": self.classifier_weight if supervised else 0.0,
            "encoder_adversarial_weight": self.adversarial_weight,
        }
        if not supervised:
            arguments["classifier_weight"] = 0.0
        if not self.adversarial_weight:
            weights = ("adversarial_weight", "classifier_weight", "energy_weight")
            arguments |= dict.fromkeys(weights, 0.0)
        return arguments

    def transform(self, X: Any) -> np.ndarray:
        """Compress rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        ndarray of shape (n_samples, code_size)
            Codes in (-1, 1), of the type of X.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        Z = standardize(X, self.scaler_, self.clip)
        return apply(self.net_.module_.encoder, Z).astype(X.dtype)

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Turn codes into rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, code_size)
            Codes.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            Features in the units of the rows seen during fit, of the type of X.

        Raises
        ------
        ValueError
            If the codes are of another size.
        """
        check_is_fitted(self)
        X = check_array(X, dtype=[np.float64, np.float32])
        if X.shape[1] != self._n_features_out:
            raise ValueError(
                f"X has {X.shape[1]} columns, but the codes have {self._n_features_out}: pass what "
                "transform returns."
            )
        Z = apply(self.net_.module_.decoder, X)
        return (Z * self.scaler_.scale_ + self.scaler_.mean_).astype(X.dtype)

    @property
    def _n_features_out(self) -> int:
        return self.net_.module_.decoder[0].in_features

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "net_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def apply(network: torch.nn.Module, rows: np.ndarray) -> np.ndarray:
    """Send rows through a part of a trained network.

    Parameters
    ----------
    network : Module
        The part; it stays as it is.

    rows : ndarray of shape (n, n_in)
        Its input.

    Returns
    -------
    ndarray of shape (n, n_out), float64
        Its output.
    """
    # In single precision a row depends, in the last bits, on the rows beside it.
    exact = copy.deepcopy(network).to("cpu", torch.float64).eval()
    with torch.no_grad():
        return exact(torch.from_numpy(rows.astype(np.float64))).numpy()
