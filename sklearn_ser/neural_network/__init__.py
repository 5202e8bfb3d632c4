"""Deep models as scikit-learn estimators."""

from sklearn_ser.neural_network._densenet import DenseNetSER

__all__ = ["DenseNetSER"]
