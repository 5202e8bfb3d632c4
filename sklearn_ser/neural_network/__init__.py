"""Deep models as scikit-learn estimators."""

from sklearn_ser.neural_network._densenet import DenseNetSER
from sklearn_ser.neural_network._densenet_regressor import DenseNetSERRegressor
from sklearn_ser.neural_network._mixup_gan_encoder import MixupGANEncoder
from sklearn_ser.neural_network._mlp import MLPSER
from sklearn_ser.neural_network._mlp_regressor import MLPSERRegressor

__all__ = [
    "MLPSER",
    "DenseNetSER",
    "DenseNetSERRegressor",
    "MLPSERRegressor",
    "MixupGANEncoder",
]
