"""The contracts that every public estimator keeps, tested on all of them at once.

A new estimator is found by itself. It needs an entry here only if its defaults are too slow for
a hundred checks, if it has no defaults, or if it cannot keep a contract: then with the reason.
"""

import pickle
from typing import Any

import numpy as np
import pytest
import torch
from imblearn.utils import estimator_checks as imblearn_checks
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone, is_classifier
from sklearn.datasets import make_classification
from sklearn.utils import check_random_state, get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_ser.features import OpenSmileFeatures
from sklearn_ser.modules import MLP
from sklearn_ser.utils.discovery import all_estimators
from sklearn_ser.utils.estimator_checks import (
    check_sequence_transformer,
    check_utterance_classifier,
    check_utterance_sampler,
    check_utterance_transformer,
)

# Single precision rounds by the size of the batch, in the seventh digit. Checks that compare
# ratings of many utterances with those of one want more digits: here each is predicted alone.
_ALONE = {"max_epochs": 20, "net_params": {"iterator_valid__batch_size": 1}}

# Some checks have a class -1, which by default stands for an unknown emotion.
_PARTLY_LABELLED = {"max_epochs": 8, "hidden_sizes": (32,), "code_size": 16, "unlabeled": -9}

# Settings that keep a common check cheap, or that a constructor demands.
INIT_PARAMS: dict[str, dict[str, Any]] = {
    # imbalanced-learn's checks compare two calls of a sampler and do not seed them.
    "ConditionalGANSampler": {"max_epochs": 2, "pretrain_epochs": 1, "random_state": 0},
    "CycleGANSampler": {
        "max_epochs": 2,
        "pretrain_epochs": 1,
        "batch_size": 256,
        "mapper_sizes": (8,),
        "discriminator_sizes": (8,),
        "classifier_sizes": (8,),
        "random_state": 0,
    },
    "CNNLSTMSER": {"max_epochs": 20, "n_lstm_units": 16},
    "DenseNetSER": {"max_epochs": 20},
    "DenseNetSERRegressor": _ALONE,
    "AdversarialAutoencoderSER": _PARTLY_LABELLED,
    "AdversarialAutoencoderSERRegressor": {**_ALONE, "hidden_sizes": (32,), "code_size": 16},
    "DomainAdversarialSER": _PARTLY_LABELLED,
    "MLPSER": {"max_epochs": 20},
    "MLPSERRegressor": _ALONE,
    "MelCNNSER": {"max_epochs": 20, "n_filters": 32},
    "MixupGANEncoder": {"max_epochs": 2, "batch_size": 16},
    "MixupGANSampler": {"max_epochs": 3, "random_state": 0},
    "MixupSampler": {"random_state": 0},
    "NoiseSampler": {"random_state": 0},
    "RawSpeechSER": {"max_epochs": 2, "n_filters": 8, "random_state": 0},
    "SpeakerNormalizer": {"extractor": OpenSmileFeatures()},
    "SpeechNetClassifier": {"module": MLP, "max_epochs": 20, "lr": 5e-3},
}

# Check by check, the sentence that says why the estimator cannot pass it.
_DESCENT = {
    "check_sample_weight_equivalence_on_dense_data": (
        "A weight scales the loss of a sample, a repetition draws it more often: mini-batches, "
        "dropout and mixup partners differ, and with them the path of the descent."
    ),
}
_DENSE = {
    "check_samplers_pandas_sparse": (
        "Acoustic features are dense; a sparse frame is refused with an error that says so."
    ),
}
EXPECTED_FAILED_CHECKS: dict[str, dict[str, str]] = {
    "ConditionalGANSampler": _DENSE,
    "CycleGANSampler": _DENSE,
    "CNNLSTMSER": _DESCENT,
    "DenseNetSER": _DESCENT,
    "DenseNetSERRegressor": _DESCENT,
    "AdversarialAutoencoderSER": _DESCENT,
    "AdversarialAutoencoderSERRegressor": _DESCENT,
    "DomainAdversarialSER": _DESCENT,
    "MLPSER": _DESCENT,
    "MelCNNSER": _DESCENT,
    "MLPSERRegressor": _DESCENT,
    "MixupGANSampler": _DENSE,
    "MixupSampler": _DENSE,
    "SpeechNetClassifier": _DESCENT,
}


def _instances(type_filter: str | list[str] | None = None) -> list[Any]:
    """Return one instance of every public estimator of a kind, cheap enough for many fits."""
    return [cls(**INIT_PARAMS.get(name, {})) for name, cls in all_estimators(type_filter)]


def _expected_failed_checks(estimator: Any) -> dict[str, str]:
    return EXPECTED_FAILED_CHECKS.get(type(estimator).__name__, {})


def _takes(estimator: Any, kind: str) -> bool:
    return getattr(get_tags(estimator).input_tags, kind)


# Predictors take features and sequences; what takes features is checked with them.
ON_FEATURES = [estimator for estimator in _instances() if _takes(estimator, "two_d_array")]
_ON_OTHERS = [estimator for estimator in _instances() if not _takes(estimator, "two_d_array")]
ON_SEQUENCES = [estimator for estimator in _ON_OTHERS if _takes(estimator, "three_d_array")]
ON_UTTERANCES = [estimator for estimator in _ON_OTHERS if _takes(estimator, "one_d_array")]
PREDICTORS = [
    estimator
    for estimator in _instances(["classifier", "regressor"])
    if _takes(estimator, "two_d_array")
]
RANDOM = [estimator for estimator in ON_FEATURES if "random_state" in estimator.get_params()]


def _each(estimators: list[Any]) -> pytest.MarkDecorator:
    names = [type(estimator).__name__ for estimator in estimators]
    return pytest.mark.parametrize("estimator", estimators, ids=names)


@parametrize_with_checks(ON_FEATURES, expected_failed_checks=_expected_failed_checks)
def test_sklearn_contract(estimator, check):
    check(estimator)


@imblearn_checks.parametrize_with_checks(
    [estimator for estimator in _instances("sampler") if _takes(estimator, "two_d_array")],
    expected_failed_checks=_expected_failed_checks,
)
def test_imblearn_contract(estimator, check):
    check(estimator)


@_each(ON_UTTERANCES)
def test_utterance_contract(estimator):
    if hasattr(estimator, "fit_resample"):
        check_utterance_sampler(estimator)
    elif is_classifier(estimator):
        check_utterance_classifier(estimator)
    else:
        check_utterance_transformer(estimator)


@_each(ON_SEQUENCES)
def test_sequence_contract(estimator):
    check_sequence_transformer(estimator)


def test_every_estimator_has_a_contract():
    checked = [*ON_FEATURES, *ON_SEQUENCES, *ON_UTTERANCES]
    assert sorted(type(estimator).__name__ for estimator in checked) == [
        name for name, _ in all_estimators()
    ]


def test_every_entry_names_an_estimator():
    names = {name for name, _ in all_estimators()}
    assert names.issuperset(INIT_PARAMS)
    assert names.issuperset(EXPECTED_FAILED_CHECKS)


@pytest.fixture(scope="module")
def features() -> tuple[np.ndarray, np.ndarray]:
    """Return features of three unevenly frequent classes."""
    return make_classification(
        n_samples=60, n_classes=3, n_informative=4, weights=[0.5, 0.3, 0.2], random_state=0
    )


@pytest.fixture(scope="module")
def sequences() -> tuple[np.ndarray, np.ndarray]:
    """Return sequences of 3 to 12 frames whose level tells their class."""
    rng = np.random.default_rng(0)
    y = np.arange(24) % 2
    X = np.empty(len(y), dtype=object)
    X[:] = [rng.normal(label, size=(rng.integers(3, 13), 5)).astype("float32") for label in y]
    return X, y


def _outcome(estimator: Any, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Fit with a fixed seed and return what the estimator makes of the data."""
    estimator = clone(estimator).set_params(random_state=0)
    if hasattr(estimator, "fit_resample"):
        return estimator.fit_resample(X, y)[0]
    estimator.fit(X, y)
    if hasattr(estimator, "transform"):
        return estimator.transform(X)
    return estimator.predict_proba(X) if is_classifier(estimator) else estimator.predict(X)


@_each(RANDOM)
def test_same_seed_same_bits_and_global_generators_unmoved(estimator, features):
    first = _outcome(estimator, *features)
    of_numpy = check_random_state(None)  # The global generator itself.
    of_numpy.random(), torch.rand(1)
    before = pickle.dumps(of_numpy.get_state()), torch.get_rng_state()
    second = _outcome(estimator, *features)
    assert_array_equal(first, second)
    assert pickle.dumps(of_numpy.get_state()) == before[0]
    assert torch.equal(torch.get_rng_state(), before[1])


@_each(PREDICTORS)
def test_predictor_takes_sequences_of_unequal_length(estimator, sequences):
    X, y = sequences
    fitted = clone(estimator).set_params(random_state=0).fit(X, y)
    together = fitted.predict(X)
    assert together.shape == y.shape
    alone = np.concatenate([fitted.predict(X[i : i + 1]) for i in range(len(X))])
    assert_array_equal(together, alone)
    assert_array_equal(pickle.loads(pickle.dumps(fitted)).predict(X), together)


@_each(PREDICTORS)
def test_predictor_takes_a_3d_array_as_sequences_of_equal_length(estimator, sequences):
    X, y = sequences
    as_array = np.stack([sequence[:3] for sequence in X])
    as_objects = np.empty(len(X), dtype=object)
    as_objects[:] = list(as_array)
    assert_allclose(_outcome(estimator, as_array, y), _outcome(estimator, as_objects, y))
