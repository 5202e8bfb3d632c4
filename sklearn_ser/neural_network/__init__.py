"""Deep models as scikit-learn estimators."""

from sklearn_ser.neural_network._adversarial_autoencoder import AdversarialAutoencoderSER
from sklearn_ser.neural_network._densenet import DenseNetSER
from sklearn_ser.neural_network._domain_adversarial import DomainAdversarialSER
from sklearn_ser.neural_network._mlp import MLPSER

__all__ = ["MLPSER", "AdversarialAutoencoderSER", "DenseNetSER", "DomainAdversarialSER"]
