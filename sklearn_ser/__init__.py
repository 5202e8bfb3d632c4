"""Speech emotion recognition with scikit-learn.

Feature extractors are transformers, deep models are estimators, generative models are
over-samplers: all of them compose with ``Pipeline``, ``GridSearchCV`` and ``GroupKFold``.

Public names are resolved on first use (PEP 562), so that ``import sklearn_ser`` loads neither
torch nor openSMILE nor librosa nor imbalanced-learn.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_SUBPACKAGES = (
    "augmentation",
    "datasets",
    "evaluation",
    "features",
    "metrics",
    "modules",
    "neural_network",
    "over_sampling",
    "preprocessing",
    "utils",
)

_HOME_OF = {
    "ConditionalGANSampler": "over_sampling",
    "CycleGANSampler": "over_sampling",
    "CNNLSTMSER": "neural_network",
    "DenseNetSER": "neural_network",
    "DenseNetSERRegressor": "neural_network",
    "AdversarialAutoencoderSER": "neural_network",
    "AdversarialAutoencoderSERRegressor": "neural_network",
    "DomainAdversarialSER": "neural_network",
    "Functionals": "features",
    "LogMelSpectrogram": "features",
    "MFCC": "features",
    "MLPSER": "neural_network",
    "MLPSERRegressor": "neural_network",
    "MixupGANEncoder": "neural_network",
    "MelCNNSER": "neural_network",
    "MixupGANSampler": "over_sampling",
    "MixupSampler": "over_sampling",
    "NoiseSampler": "augmentation",
    "OpenSmileFeatures": "features",
    "RawSpeechSER": "neural_network",
    "RawWaveform": "features",
    "SequenceCropper": "preprocessing",
    "SequenceScaler": "preprocessing",
    "SpeakerNormalizer": "preprocessing",
    "SpeechNetClassifier": "neural_network",
    "SpeedSampler": "augmentation",
}

__all__ = ["__version__", *_HOME_OF, *_SUBPACKAGES]


def __getattr__(name: str) -> Any:
    if name in _SUBPACKAGES:
        return import_module(f"{__name__}.{name}")
    if name in _HOME_OF:
        return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
