"""An over-sampler that mixes pairs of rows."""

from numbers import Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from sklearn_ser.over_sampling._base import DenseOverSampler
from sklearn_ser.utils._random import seed_from


class MixupSampler(DenseOverSampler):
    """Over-sample with mixtures of two rows: mixup without a network.

    A synthetic row lies on the line between a row of its class and another one, at a share drawn
    from Beta(alpha, alpha). It is the arm that tells how much of the gain of a GAN that is trained
    with mixup comes from the mixup.

    Parameters
    ----------
    sampling_strategy : float, str, dict or callable, default="auto"
        How many rows each class is brought to, as in imbalanced-learn. A float is the wanted ratio
        of the minority to the majority class (binary targets only). A string names the classes to
        bring to the size of the largest: ``"minority"``, ``"not minority"``, ``"not majority"``,
        ``"all"``, or ``"auto"``, which is ``"not majority"``. A dict maps classes to the number of
        rows wanted, originals included; a callable maps ``y`` to such a dict.

    alpha : float, default=1.0
        Shares are drawn from Beta(alpha, alpha). 1 draws them evenly; below 1 most synthetic rows
        are close to one of their two parents, above 1 they are close to the middle.

    partner : {"same_class", "any"}, default="same_class"
        Where the second row comes from. A mixture of two classes has a soft label in mixup, which
        an over-sampler cannot return: with ``"any"`` it gets the label of the larger share.

    random_state : int, RandomState instance or None, default=None
        Seed of pairs and shares. The global generator of numpy is left alone.

    Attributes
    ----------
    sampling_strategy_ : dict
        Number of rows to draw for each class that is over-sampled.

    synthetic_mask_ : ndarray of shape (n_samples_new,), bool
        True for the synthetic rows of the last output, which follow all the originals.

    n_features_in_ : int
        Number of features seen during fit.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features seen during fit, where X had names that are all strings.

    See Also
    --------
    MixupGANSampler : Draws new rows from a network trained with mixup.
    imblearn.over_sampling.SMOTE : Mixes a row with one of its nearest neighbours.

    Notes
    -----
    Scaling X does not change the mixtures, for no distances are measured. Columns of integers are
    rounded; constant features stay constant.

    References
    ----------
    Zhang, H., Cisse, M., Dauphin, Y. N., & Lopez-Paz, D. (2018). mixup: Beyond empirical risk
    minimization. ICLR. arXiv:1710.09412.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import make_blobs
    >>> from sklearn_ser.over_sampling import MixupSampler
    >>> X, y = make_blobs([40, 10], n_features=8, random_state=0)
    >>> sampler = MixupSampler(random_state=0)
    >>> X_resampled, y_resampled = sampler.fit_resample(X, y)
    >>> X_resampled.shape, np.bincount(y_resampled)
    ((80, 8), array([40, 40]))
    """

    _parameter_constraints: ClassVar[dict] = {
        **DenseOverSampler._parameter_constraints,
        "alpha": [Interval(Real, 0, None, closed="neither")],
        "partner": [StrOptions({"same_class", "any"})],
    }

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        alpha: float = 1.0,
        partner: str = "same_class",
        random_state: Any = None,
    ):
        super().__init__(sampling_strategy=sampling_strategy)
        self.alpha = alpha
        self.partner = partner
        self.random_state = random_state

    def _fit_resample(
        self, X: np.ndarray, y: np.ndarray, **params: Any
    ) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed_from(self.random_state))
        drawn = [X]
        labels = [y]
        for label, n_wanted in self.sampling_strategy_.items():
            members = np.flatnonzero(y == label)
            if len(members) == 1 and n_wanted and self.partner == "same_class":
                raise ValueError(
                    f"Class {str(label)!r} has one sample, and no other of its class to mix it "
                    "with. Collect more of it, set partner='any', or name the classes to "
                    "over-sample in a dict as sampling_strategy."
                )
            drawn.append(self._draw(X, members, n_wanted, rng))
            labels.append(np.full(n_wanted, label, dtype=y.dtype))
        self.synthetic_mask_ = np.arange(sum(map(len, labels))) >= len(y)
        return np.concatenate(drawn), np.concatenate(labels)

    def _draw(
        self, X: np.ndarray, members: np.ndarray, n_wanted: int, rng: np.random.Generator
    ) -> np.ndarray:
        """Mix rows of a class, each with a partner other than itself."""
        partners = members if self.partner == "same_class" else np.arange(len(X))
        if not n_wanted:
            return X[:0]
        place = rng.integers(len(members), size=n_wanted)
        first = members[place]
        if self.partner == "any":
            place = first
        second = partners[(place + rng.integers(1, len(partners), size=n_wanted)) % len(partners)]
        share = rng.beta(self.alpha, self.alpha, size=n_wanted)
        if self.partner == "any":
            share = np.maximum(share, 1 - share)
        return mix_rows(X[first], X[second], share)


def mix_rows(first: np.ndarray, second: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Mix aligned rows.

    Parameters
    ----------
    first, second : ndarray of shape (n, n_features)
        The parents.

    share : ndarray of shape (n,)
        Share of the first parent, in [0, 1].

    Returns
    -------
    ndarray of shape (n, n_features)
        Mixtures, of the type of the parents; integers are rounded.
    """
    low, high = np.minimum(first, second), np.maximum(first, second)
    mixed = second + share[:, None] * (first.astype(np.float64) - second)
    if np.issubdtype(first.dtype, np.integer):
        mixed = np.rint(mixed)
    # Rounding may carry a mixture past a parent, and a constant away from itself.
    return np.clip(mixed, low, high).astype(first.dtype)
