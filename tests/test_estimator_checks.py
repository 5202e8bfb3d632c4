"""The common checks catch what they are there to catch."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from sklearn_ser.augmentation import NoiseSampler, SpeedSampler
from sklearn_ser.features import Functionals
from sklearn_ser.preprocessing import SequenceCropper, SequenceScaler
from sklearn_ser.utils._audio import check_utterances, read_utterance
from sklearn_ser.utils.estimator_checks import (
    check_sequence_transformer,
    check_utterance_classifier,
    check_utterance_sampler,
)


class ByBatch(SequenceScaler):
    """Scales by whatever happens to be in X."""

    def _transform(self, sequences):
        self._learn(sequences)
        return super()._transform(sequences)


class InPlace(SequenceScaler):
    """Writes into the sequences of the caller."""

    def _transform(self, sequences):
        for sequence in sequences:
            sequence -= self.mean_.astype(sequence.dtype)
        return sequences


class Random(SequenceCropper):
    """Draws from the global generator."""

    def _transform(self, sequences):
        np.random.rand()  # noqa: NPY002
        return super()._transform(sequences)


class Stacked(SequenceCropper):
    """Returns a 3-D array."""

    def _transform(self, sequences):
        return np.stack(list(super()._transform(sequences)))


class Dropping(SequenceCropper):
    """Drops short sequences."""

    def _transform(self, sequences):
        return np.array([x for x in sequences if len(x) > 10] + [None], dtype=object)[:-1]


class Lenient(Functionals):
    """Takes sequences that hold NaN or have another width."""

    def transform(self, X):
        """Transform without a check."""
        return self._contain(self._transform(X), X)


class Misnamed(Functionals):
    """Forgets a name."""

    def get_feature_names_out(self, input_features=None):
        """Name all but one."""
        return super().get_feature_names_out(input_features)[1:]


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (ByBatch(), "another order|row 0 alone"),
        (InPlace(), "changed a sequence|row 0 differs"),
        (Random(), "global random state"),
        (Stacked(5, short="repeat"), "2-D"),
        (Dropping(), "keeps the number of rows"),
        (Lenient(), "is accepted"),
        (Misnamed(), "names for"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_sequence_check_finds(estimator, message):
    with pytest.raises(AssertionError, match=message):
        check_sequence_transformer(estimator)


@pytest.mark.parametrize("estimator", [Functionals(("mean",)), SequenceCropper(4)], ids=repr)
def test_sequence_check_passes(estimator):
    check_sequence_transformer(estimator)


class LastFirst(SpeedSampler):
    """Puts the copies first."""

    def fit_resample(self, X, y, **params):
        """Turn the rows round."""
        X, y = super().fit_resample(X, y)
        return X[::-1], y[::-1]


class Bare(SpeedSampler):
    """Returns the files alone."""

    def fit_resample(self, X, y, **params):
        """Drop the other columns."""
        X, y = super().fit_resample(X, y)
        return X[["file"]] if hasattr(X, "columns") else X, y


class Unlabelled(SpeedSampler):
    """Gives the copies a wrong label."""

    def fit_resample(self, X, y, **params):
        """Label everything alike."""
        X, y = super().fit_resample(X, y)
        return X, np.full_like(y, "fear")


class Transforming(SpeedSampler):
    """Would run at prediction too."""

    def transform(self, X):
        """Do nothing."""
        return X


class ByPlace(NoiseSampler):
    """Draws noise by the place in X."""

    def _copy(self, utterance, seed):
        signal = np.asarray(super()._copy(utterance, seed)[0])
        return [signal + np.float32(utterance.row)]


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (LastFirst(), "originals come first"),
        (Bare(), "columns of X"),
        (Unlabelled(), "lose their label"),
        (Transforming(), "does not transform"),
        (NoiseSampler(), "the same seed"),
        (ByPlace(random_state=0), "other utterances beside it"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_sampler_check_finds(estimator, message):
    with pytest.raises(AssertionError, match=message):
        check_utterance_sampler(estimator)


def test_sampler_check_passes():
    check_utterance_sampler(NoiseSampler(n_copies=2, random_state=3))


class Reader(ClassifierMixin, BaseEstimator):
    """Tells voices by their level; classifies files, as it should."""

    def __init__(self, random_state=0):
        self.random_state = random_state

    def fit(self, X, y):
        """Remember the mean level of each class."""
        levels = self._levels(X)
        if len(levels) != len(y):
            raise ValueError("X and y differ in length")
        self.classes_, code = np.unique(y, return_inverse=True)
        self.level_ = np.array([levels[code == k].mean() for k in range(len(self.classes_))])
        return self

    def predict_proba(self, X):
        """Compare levels."""
        check_is_fitted(self)
        return softmax(-np.abs(self._levels(X)[:, None] - self.level_), axis=1)

    def predict(self, X):
        """Name the nearest class."""
        proba = self.predict_proba(X)
        return self.classes_[proba.argmax(axis=1)]

    def _levels(self, X):
        return np.array([np.std(read_utterance(x)) for x in check_utterances(X)])


class Neighbourly(Reader):
    """Looks at the other utterances."""

    def _levels(self, X):
        levels = super()._levels(X)
        return levels - levels.mean()


class Forgetful(Reader):
    """Learns from the last row alone, but another one each time."""

    def fit(self, X, y):
        """Learn noise."""
        super().fit(X, y)
        self.level_ = self.level_ + np.random.default_rng().random(2)
        return self


class Careless(Reader):
    """Takes any number of labels."""

    def fit(self, X, y):
        """Cut what is too much."""
        n = min(len(X), len(y))
        return super().fit(X[:n], y[:n])


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (Neighbourly(), "alone"),
        (Forgetful(), "the same seed"),
        (Careless(), "a label too few"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_classifier_check_finds(estimator, message):
    with pytest.raises(AssertionError, match=message):
        check_utterance_classifier(estimator)


def test_classifier_check_passes():
    check_utterance_classifier(Reader())
