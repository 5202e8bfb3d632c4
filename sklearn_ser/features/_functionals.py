"""Statistics over the frames of a sequence: one row of features an utterance."""

from typing import Any, ClassVar

import numpy as np
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from sklearn_ser.utils._moments import guarded_scale
from sklearn_ser.utils._sequence_transformer import SequenceTransformer

STATISTICS = (
    "mean",
    "std",
    "skewness",
    "kurtosis",
    "min",
    "max",
    "range",
    "min_position",
    "max_position",
    "intercept",
    "slope",
    "error",
)


def describe_frames(frames: np.ndarray) -> dict[str, np.ndarray]:
    """Describe each feature of a sequence.

    Parameters
    ----------
    frames : ndarray of shape (n_frames, n_features)
        A sequence.

    Returns
    -------
    statistics : dict of str to ndarray of shape (n_features,)
        The entries of `STATISTICS`, in their order.
    """
    frames = frames.astype(np.float64)
    mean, variance = frames.mean(axis=0), frames.var(axis=0)
    deviations = (frames - mean) / guarded_scale(mean, variance)
    squares = deviations**2
    lowest, highest = frames.min(axis=0), frames.max(axis=0)

    time = np.arange(len(frames)) - (len(frames) - 1) / 2
    time_variance = np.mean(time**2)
    last = max(len(frames) - 1, 1)
    # One frame has no slope.
    slope = time @ frames / len(frames) / (time_variance or 1.0)
    return {
        "mean": mean,
        "std": np.sqrt(variance),
        "skewness": (squares * deviations).mean(axis=0),
        # The squares have mean 1, but 0 where a constant has no shape.
        "kurtosis": np.where(squares.mean(axis=0) > 0.5, (squares**2).mean(axis=0) - 3, 0.0),
        "min": lowest,
        "max": highest,
        "range": highest - lowest,
        "min_position": frames.argmin(axis=0) / last,
        "max_position": frames.argmax(axis=0) / last,
        "intercept": mean + slope * time[0],
        "slope": slope,
        # Rounding may leave less than nothing beside a straight line.
        "error": np.maximum(variance - slope**2 * time_variance, 0.0),
    }


class Functionals(SequenceTransformer):
    """Statistics over the frames of each sequence.

    They turn sequences of any length into one row an utterance, for every classifier of
    scikit-learn and every over-sampler. The default is the twelve functionals of the INTERSPEECH
    2009 emotion challenge [1]_.

    Parameters
    ----------
    statistics : tuple of str, default=all twelve
        What is computed of each feature: "mean", "std", "skewness", "kurtosis", "min", "max",
        "range", "min_position", "max_position", "intercept", "slope", "error". Positions are
        shares of the utterance, from 0, its first frame, to 1, its last. Intercept, slope per
        frame and mean squared error are those of a straight line fitted to the frames.
    percentiles : tuple of float, default=()
        Percentiles to compute besides, from 0 to 100; 50 is the median.

    Attributes
    ----------
    n_features_in_ : int
        Number of features of a frame.

    See Also
    --------
    LogMelSpectrogram : Gives sequences.
    OpenSmileFeatures : Computes functionals of its own.

    Notes
    -----
    Standard deviation, skewness and kurtosis are those of the population; the kurtosis of a normal
    distribution is 0. Of a constant feature, or an utterance of one frame, everything that
    describes variation is 0.

    References
    ----------
    .. [1] B. Schuller, S. Steidl, A. Batliner, "The INTERSPEECH 2009 emotion challenge",
       Interspeech, 2009.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_ser.features import MFCC, Functionals
    >>> rng = np.random.default_rng(0)
    >>> utterances = [rng.normal(scale=0.1, size=n) for n in (8000, 12000)]
    >>> pipeline = make_pipeline(MFCC(), Functionals(("mean", "std"), percentiles=(5, 95)))
    >>> pipeline.fit_transform(utterances).shape
    (2, 156)
    >>> pipeline.get_feature_names_out()[[0, 39, 78]]
    array(['mfcc0_mean', 'mfcc0_std', 'mfcc0_percentile5'], dtype=object)
    """

    _parameter_constraints: ClassVar[dict] = {
        "statistics": [tuple, list],
        "percentiles": [tuple, list],
    }

    def __init__(
        self, statistics: tuple[str, ...] = STATISTICS, *, percentiles: tuple[float, ...] = ()
    ):
        self.statistics = statistics
        self.percentiles = percentiles

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the features: that of the frame, an underscore, the statistic.

        Parameters
        ----------
        input_features : array-like of str of shape (n_features,), default=None
            Names of the features of a frame; x0, x1, ... by default.

        Returns
        -------
        feature_names_out : ndarray of str objects of shape (n_features_out,)
            Names of the columns, statistic by statistic.
        """
        check_is_fitted(self)
        names = _check_feature_names_in(self, input_features)
        suffixes = [*self.statistics, *(f"percentile{share:g}" for share in self.percentiles)]
        return np.array([f"{name}_{suffix}" for suffix in suffixes for name in names], dtype=object)

    def _check_parameters(self) -> None:
        super()._check_parameters()
        unknown = [name for name in self.statistics if name not in STATISTICS]
        if unknown or not (len(self.statistics) or len(self.percentiles)):
            raise ValueError(
                f"statistics={self.statistics!r} and percentiles={self.percentiles!r}: choose "
                f"one or more of {', '.join(STATISTICS)}, or percentiles."
            )
        if not all(0 <= share <= 100 for share in self.percentiles):
            raise ValueError(f"percentiles={self.percentiles!r}: give numbers from 0 to 100.")

    def _transform(self, sequences: np.ndarray) -> np.ndarray:
        return np.stack([self._describe(frames) for frames in sequences])

    def _describe(self, frames: np.ndarray) -> np.ndarray:
        described = describe_frames(frames)
        rows = [described[name] for name in self.statistics]
        if len(self.percentiles):
            rows.extend(np.percentile(frames.astype(np.float64), self.percentiles, axis=0))
        return np.concatenate(rows)
