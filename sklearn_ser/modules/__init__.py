"""Torch modules, one architecture a file. They import torch only."""

from sklearn_ser.modules._adversarial_autoencoder import AdversarialAutoencoder
from sklearn_ser.modules._densenet import DenseLayer, DenseNetLSTMHighway, Transition
from sklearn_ser.modules._highway import Highway
from sklearn_ser.modules._masked import (
    ConvolutionalFront,
    HalveTime,
    MaskedBatchNorm,
    MeanOverTime,
    TimeConv,
)
from sklearn_ser.modules._mixup_gan import MixupGAN
from sklearn_ser.modules._mlp import MLP

__all__ = [
    "MLP",
    "AdversarialAutoencoder",
    "ConvolutionalFront",
    "DenseLayer",
    "DenseNetLSTMHighway",
    "HalveTime",
    "Highway",
    "MaskedBatchNorm",
    "MeanOverTime",
    "MixupGAN",
    "TimeConv",
    "Transition",
]
