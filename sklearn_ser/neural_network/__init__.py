"""Deep models as scikit-learn estimators."""

from sklearn_ser.neural_network._densenet import DenseNetSER
from sklearn_ser.neural_network._mixup_gan_encoder import MixupGANEncoder
from sklearn_ser.neural_network._mlp import MLPSER

__all__ = ["MLPSER", "DenseNetSER", "MixupGANEncoder"]
