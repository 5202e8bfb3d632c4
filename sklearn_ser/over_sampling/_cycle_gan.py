"""An over-sampler that maps rows of a source to each class by cycle-consistent GANs."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.utils import check_array
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import validate_data

from sklearn_ser.modules import CycleGAN
from sklearn_ser.neural_network._alternating import balanced_rows, make_net, train
from sklearn_ser.neural_network._net import AlternatingNet
from sklearn_ser.neural_network._scaling import fit_scaler, standardize
from sklearn_ser.over_sampling._base import GANSampler, sample
from sklearn_ser.utils._sizes import Sizes

_WEIGHT = [Interval(Real, 0, None, closed="left")]
_RATE = [Interval(Real, 0, None, closed="neither")]


class CycleGANSampler(GANSampler):
    """Over-sample by mapping unlabelled rows to each emotion, after Bao et al.

    For each class a network maps rows of a source to rows of the class, another maps them back,
    and a discriminator stands at either end; a vector that goes there and back should be what it
    was. A classifier sees to it that mapped rows can be told apart.

    The source is speech without emotion labels. Where there is none, the source of a class is the
    rows of the other classes. Either way the networks meet nothing but these rows and the rows
    that are to be resampled: inside a pipeline, those of the training fold.

    Parameters
    ----------
    sampling_strategy : float, str, dict or callable, default="auto"
        How many rows each class is brought to, as in imbalanced-learn. A float is the wanted ratio
        of the minority to the majority class (binary targets only). A string names the classes to
        bring to the size of the largest: ``"minority"``, ``"not minority"``, ``"not majority"``,
        ``"all"``, or ``"auto"``, which is ``"not majority"``. A dict maps classes to the number of
        rows wanted, originals included; a callable maps ``y`` to such a dict.

    X_unlabeled : array-like of shape (n_unlabeled, n_features), default=None
        Rows of the source, with the features of X. ``fit_resample`` takes them too. None takes the
        rows of the other classes.

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
        Weight of the classifier's error on mapped vectors.

    clip : float, default=5.0
        Largest absolute value of a standardised feature, in standard deviations.

    pretrain_epochs : int, default=10
        Epochs in which the mappers learn to restore what they get; 0 begins with random weights.

    max_epochs : int, default=20
        Epochs of mappers against discriminators. In an epoch every class is seen as often as the
        largest, and small data often enough for ten batches.

    batch_size : int, default=64
        Rows a batch, at least two, and as many of the source.

    lr : float, default=1e-3
        Learning rate of mappers and classifier.

    discriminator_lr : float, default=2e-4
        Learning rate of the discriminators.

    min_diversity : float, default=0.25
        A warning tells of classes whose ``diversity_`` is lower. 0 never warns.

    min_novelty : float, default=0.2
        A warning tells of classes whose ``novelty_`` is lower. 0 never warns.

    device : str, default="auto"
        Torch device; ``"auto"`` takes CUDA where there is a device and the CPU elsewhere.

    verbose : int, default=0
        Above 0, prints the losses of each epoch.

    random_state : int, RandomState instance or None, default=None
        Seed of weights, batches and sources. The global generators of numpy and torch are left
        alone.

    Attributes
    ----------
    sampling_strategy_ : dict
        Number of rows to draw for each class that is over-sampled.

    net_ : AlternatingNet or None
        The trained skorch net; its ``module_`` is a :class:`~sklearn_ser.modules.CycleGAN`. None
        where no rows had to be drawn, in which case nothing is trained.

    history_ : list of dict
        Losses of each epoch by name, those of the restoring first; empty where nothing was trained.

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
    ConditionalGANSampler : Draws whole feature vectors from noise.

    Notes
    -----
    X and the unlabelled rows are each standardised by their own statistics inside, so that another
    corpus or another microphone will do. Synthetic rows are in the units of X and stay, feature by
    feature, inside the range of the originals; constant features stay constant. Each row of the
    source is mapped once; when more rows are wanted, mixtures of two rows of the source are mapped.

    The authors' networks are larger and trained for thousands of epochs, and their classifier
    learns from the mapped rows; here it learns from the real ones.

    In a search, unlabelled rows that are passed to ``fit_resample`` must not be as many as the rows
    of X, or scikit-learn takes them for metadata of X and splits them too. At construction they
    may.

    References
    ----------
    Bao, F., Neumann, M., & Vu, N. T. (2019). CycleGAN-based emotion style transfer as data
    augmentation for speech emotion recognition. Interspeech.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import make_blobs
    >>> from sklearn_ser.over_sampling import CycleGANSampler
    >>> X, y = make_blobs([40, 10], n_features=8, random_state=0)
    >>> X_unlabeled = np.random.default_rng(0).normal(size=(50, 8))
    >>> sampler = CycleGANSampler(X_unlabeled=X_unlabeled, max_epochs=5, random_state=0)
    >>> X_resampled, y_resampled = sampler.fit_resample(X, y)
    >>> X_resampled.shape, np.bincount(y_resampled)
    ((80, 8), array([40, 40]))
    """

    _parameter_constraints: ClassVar[dict] = {
        **GANSampler._parameter_constraints,
        "X_unlabeled": ["array-like", None],
        "mapper_sizes": [Sizes()],
        "discriminator_sizes": [Sizes()],
        "classifier_sizes": [Sizes()],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "cycle_weight": _WEIGHT,
        "classifier_weight": _WEIGHT,
        "pretrain_epochs": [Interval(Integral, 0, None, closed="left")],
        "lr": _RATE,
        "discriminator_lr": _RATE,
    }

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        X_unlabeled: Any = None,
        mapper_sizes: Sequence[int] = (128, 64, 128),
        discriminator_sizes: Sequence[int] = (128, 64),
        classifier_sizes: Sequence[int] = (100, 100),
        dropout: float = 0.2,
        cycle_weight: float = 5.0,
        classifier_weight: float = 2.0,
        clip: float = 5.0,
        pretrain_epochs: int = 10,
        max_epochs: int = 20,
        batch_size: int = 64,
        lr: float = 1e-3,
        discriminator_lr: float = 2e-4,
        min_diversity: float = 0.25,
        min_novelty: float = 0.2,
        device: str = "auto",
        verbose: int = 0,
        random_state: Any = None,
    ):
        super().__init__(sampling_strategy=sampling_strategy)
        self.X_unlabeled = X_unlabeled
        self.mapper_sizes = mapper_sizes
        self.discriminator_sizes = discriminator_sizes
        self.classifier_sizes = classifier_sizes
        self.dropout = dropout
        self.cycle_weight = cycle_weight
        self.classifier_weight = classifier_weight
        self.clip = clip
        self.pretrain_epochs = pretrain_epochs
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.lr = lr
        self.discriminator_lr = discriminator_lr
        self.min_diversity = min_diversity
        self.min_novelty = min_novelty
        self.device = device
        self.verbose = verbose
        self.random_state = random_state

    # A parameter by name lets scikit-learn route it.
    def fit_resample(  # type: ignore[override]
        self, X: Any, y: Any, *, X_unlabeled: Any = None
    ) -> tuple[Any, Any]:
        """Train the networks and add rows that they map to each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.

        y : array-like of shape (n_samples,)
            Emotions.

        X_unlabeled : array-like of shape (n_unlabeled, n_features), default=None
            Rows of the source. None takes those given at construction or, where there are none,
            the rows of the other classes.

        Returns
        -------
        X_resampled : array-like of shape (n_samples_new, n_features)
            The originals, then the synthetic rows.

        y_resampled : array-like of shape (n_samples_new,)
            Their emotions.

        Raises
        ------
        ValueError
            If the unlabelled rows are not numbers, or not of the features of X.
        """
        return super().fit_resample(X, y, X_unlabeled=X_unlabeled)

    def _generate(
        self, Z: np.ndarray, y: np.ndarray, y_synthetic: np.ndarray, **params: Any
    ) -> tuple[AlternatingNet, np.ndarray]:
        pool = self._standardized_source(params["X_unlabeled"])
        arguments = {
            "n_features": Z.shape[1],
            "n_classes": y.shape[1],
            "mapper_sizes": self.mapper_sizes,
            "discriminator_sizes": self.discriminator_sizes,
            "classifier_sizes": self.classifier_sizes,
            "dropout": self.dropout,
            "cycle_weight": self.cycle_weight,
            "classifier_weight": self.classifier_weight,
        }
        lr = {
            "classifier": self.lr,
            "discriminator": self.discriminator_lr,
            "generator": self.lr,
        }
        net = make_net(self, CycleGAN, arguments, lr)
        rows = balanced_rows(y.argmax(axis=1), self.batch_size)
        targets = {"y": y[rows], "source": draw_sources(Z, y, y[rows], pool)}
        train(net, Z[rows], targets, self.pretrain_epochs)
        return net, sample(net, draw_sources(Z, y, y_synthetic, pool), y_synthetic)

    def _standardized_source(self, X_unlabeled: Any) -> np.ndarray | None:
        X_unlabeled = self.X_unlabeled if X_unlabeled is None else X_unlabeled
        if X_unlabeled is None:
            return None
        checked = check_array(X_unlabeled, dtype=[np.float64, np.float32], input_name="X_unlabeled")
        if checked.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X_unlabeled has {checked.shape[1]} features, but X has {self.n_features_in_}: "
                "extract the same feature set from both."
            )
        validate_data(self, X_unlabeled, reset=False, skip_check_array=True)  # names of features
        return standardize(checked, fit_scaler(checked), self.clip)


def draw_sources(
    Z: np.ndarray, y: np.ndarray, y_wanted: np.ndarray, pool: np.ndarray | None
) -> np.ndarray:
    """Draw a row of the source for each row wanted, by torch's generator.

    Parameters
    ----------
    Z : ndarray of shape (n_samples, n_features), float32
        Standardised rows.

    y : ndarray of shape (n_samples, n_classes)
        Their classes, one-hot.

    y_wanted : ndarray of shape (n, n_classes)
        The classes that the sources are to be mapped to, one-hot.

    pool : ndarray of shape (n_unlabeled, n_features) or None
        The source of all classes. None takes for each class the rows of the others.

    Returns
    -------
    ndarray of shape (n, n_features), float32
        Rows of the source, for each class each of them once, and then mixtures of two.
    """
    labels, wanted = y.argmax(axis=1), y_wanted.argmax(axis=1)
    sources = np.empty((len(wanted), Z.shape[1]), dtype=Z.dtype)
    for k in np.unique(wanted):
        of_class = wanted == k
        sources[of_class] = _draw(Z[labels != k] if pool is None else pool, of_class.sum())
    return sources


def _draw(pool: np.ndarray, n: int) -> np.ndarray:
    """Draw each row once, in random order, and then mixtures of two."""
    once = pool[torch.randperm(len(pool))[:n].numpy()]
    n_mixed = n - len(once)
    first, second = torch.randint(len(pool), (2, n_mixed)).numpy()
    share = torch.rand(n_mixed, 1).numpy()
    return np.concatenate([once, share * pool[first] + (1 - share) * pool[second]])
