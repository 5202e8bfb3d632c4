"""Deep models as scikit-learn estimators."""

from sklearn_ser.neural_network._adversarial_autoencoder import AdversarialAutoencoderSER
from sklearn_ser.neural_network._adversarial_autoencoder_regressor import (
    AdversarialAutoencoderSERRegressor,
)
from sklearn_ser.neural_network._cnn_lstm import CNNLSTMSER
from sklearn_ser.neural_network._densenet import DenseNetSER
from sklearn_ser.neural_network._densenet_regressor import DenseNetSERRegressor
from sklearn_ser.neural_network._domain_adversarial import DomainAdversarialSER
from sklearn_ser.neural_network._mel_cnn import MelCNNSER
from sklearn_ser.neural_network._mixup_gan_encoder import MixupGANEncoder
from sklearn_ser.neural_network._mlp import MLPSER
from sklearn_ser.neural_network._mlp_regressor import MLPSERRegressor
from sklearn_ser.neural_network._raw_speech import RawSpeechSER
from sklearn_ser.neural_network._speech_net import SpeechNetClassifier

__all__ = [
    "CNNLSTMSER",
    "MLPSER",
    "AdversarialAutoencoderSER",
    "AdversarialAutoencoderSERRegressor",
    "DenseNetSER",
    "DenseNetSERRegressor",
    "DomainAdversarialSER",
    "MLPSERRegressor",
    "MelCNNSER",
    "MixupGANEncoder",
    "RawSpeechSER",
    "SpeechNetClassifier",
]
