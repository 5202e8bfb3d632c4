"""Transformers from sequences to sequences."""

from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from sklearn.base import OneToOneFeatureMixin
from sklearn.utils._param_validation import Interval, StrOptions

from sklearn_ser.utils._moments import guarded_scale, pool_moments, utterance_moments
from sklearn_ser.utils._ragged import as_sequences
from sklearn_ser.utils._sequence_transformer import SequenceTransformer


class SequenceScaler(OneToOneFeatureMixin, SequenceTransformer):
    """Standardise the features of sequences.

    Parameters
    ----------
    by : {"corpus", "utterance"}, default="corpus"
        Mean and standard deviation are those over all frames of the training utterances, or those
        over the frames of each utterance itself, which takes the level of the voice and the
        channel away.
    clip : float or None, default=None
        Standardised values are clipped to this many standard deviations; None clips nothing.

    Attributes
    ----------
    mean_ : ndarray of shape (n_features,)
        Mean over the training frames, with ``by="corpus"``.
    scale_ : ndarray of shape (n_features,)
        Standard deviation over the training frames, 1 for a constant feature, with
        ``by="corpus"``.
    n_features_in_ : int
        Number of features of a frame.

    See Also
    --------
    SpeakerNormalizer : Standardises by speaker.
    sklearn.preprocessing.StandardScaler : The same for features.

    Notes
    -----
    The networks of this library standardise their input themselves; the scaler is for other
    models. Each frame counts alike, so that long utterances weigh more. The sequences returned
    are float32.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser.preprocessing import SequenceScaler
    >>> rng = np.random.default_rng(0)
    >>> X = np.empty(2, dtype=object)
    >>> X[:] = [rng.normal(loc=5.0, size=(n_frames, 3)) for n_frames in (40, 60)]
    >>> scaled = SequenceScaler().fit_transform(X)
    >>> [sequence.shape for sequence in scaled]
    [(40, 3), (60, 3)]
    >>> bool(abs(np.concatenate(list(scaled)).mean()) < 1e-6)
    True
    """

    _parameter_constraints: ClassVar[dict] = {
        "by": [StrOptions({"corpus", "utterance"})],
        "clip": [Interval(Real, 0, None, closed="neither"), None],
    }

    def __init__(self, by: str = "corpus", *, clip: float | None = None):
        self.by = by
        self.clip = clip

    def _learn(self, sequences: np.ndarray) -> None:
        if self.by == "corpus":
            _, self.mean_, variance = pool_moments(
                utterance_moments(sequences), np.arange(len(sequences))
            )
            self.scale_ = guarded_scale(self.mean_, variance)

    def _transform(self, sequences: np.ndarray) -> np.ndarray:
        return as_sequences([self._scale(frames) for frames in sequences])

    def _scale(self, frames: np.ndarray) -> np.ndarray:
        if self.by == "corpus":
            mean, scale = self.mean_, self.scale_
        else:
            mean = frames.mean(axis=0, dtype=np.float64)
            scale = guarded_scale(mean, frames.var(axis=0, dtype=np.float64))
        scaled = (frames - mean) / scale
        if self.clip is not None:
            scaled = np.clip(scaled, -self.clip, self.clip)
        return scaled.astype(np.float32)


class SequenceCropper(OneToOneFeatureMixin, SequenceTransformer):
    """Cut long sequences to a number of frames.

    Parameters
    ----------
    n_frames : int, default=150
        The length of a crop, 3 s at 20 ms a frame.
    position : {"start", "center", "end"}, default="center"
        Where the crop lies in the utterance.
    short : {"keep", "repeat"}, default="keep"
        What to do with shorter sequences: leave them, or repeat them up to `n_frames`, so that
        all sequences have one length.

    Attributes
    ----------
    n_features_in_ : int
        Number of features of a frame.

    See Also
    --------
    SequenceScaler : Standardises sequences.

    Notes
    -----
    A transformer gives one row for each it gets, and the same one in training and at prediction:
    neither random crops in training nor an average over several crops at prediction can be a
    step of a pipeline, since both need to know the model. They are parameters of the networks
    that crop.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser.preprocessing import SequenceCropper
    >>> X = np.empty(2, dtype=object)
    >>> X[:] = [np.arange(7.0)[:, np.newaxis], np.arange(2.0)[:, np.newaxis]]
    >>> cropped = SequenceCropper(3, short="repeat").fit_transform(X)
    >>> [sequence.ravel().tolist() for sequence in cropped]
    [[2.0, 3.0, 4.0], [0.0, 1.0, 0.0]]
    """

    _parameter_constraints: ClassVar[dict] = {
        "n_frames": [Interval(Integral, 1, None, closed="left")],
        "position": [StrOptions({"start", "center", "end"})],
        "short": [StrOptions({"keep", "repeat"})],
    }

    def __init__(self, n_frames: int = 150, *, position: str = "center", short: str = "keep"):
        self.n_frames = n_frames
        self.position = position
        self.short = short

    def _transform(self, sequences: np.ndarray) -> np.ndarray:
        return as_sequences([self._crop(frames) for frames in sequences])

    def _crop(self, frames: np.ndarray) -> np.ndarray:
        surplus = len(frames) - self.n_frames
        if surplus <= 0:
            return frames if self.short == "keep" else _repeat(frames, self.n_frames)
        start = {"start": 0, "center": surplus // 2, "end": surplus}[self.position]
        return frames[start : start + self.n_frames]


def _repeat(frames: np.ndarray, n_frames: int) -> np.ndarray:
    return frames[np.arange(n_frames) % len(frames)]
