"""Torch modules, one architecture a file. They import torch only."""

from sklearn_ser.modules._adversarial_autoencoder import AdversarialAutoencoder
from sklearn_ser.modules._cnn_lstm import CNNLSTM
from sklearn_ser.modules._conditional_gan import ConditionalGAN
from sklearn_ser.modules._convolutional_front import ConvolutionalFront
from sklearn_ser.modules._cycle_gan import CycleGAN
from sklearn_ser.modules._densenet import ConvLayer, DenseNetLSTMHighway, Transition
from sklearn_ser.modules._ensemble import Ensemble
from sklearn_ser.modules._highway import Highway
from sklearn_ser.modules._masked import HalveTimeAndBands, MaskedBatchNorm, MaskedConv
from sklearn_ser.modules._mel_cnn import MelCNN
from sklearn_ser.modules._mixup_gan import MixupGAN
from sklearn_ser.modules._mlp import MLP
from sklearn_ser.modules._pooling import (
    AttentionOverTime,
    LastOverTime,
    MaxOverTime,
    MeanOverTime,
    StatisticsOverTime,
)
from sklearn_ser.modules._rating_autoencoder import RatingAutoencoder
from sklearn_ser.modules._raw_speech import FilterBank, MeanOfFrames, RawSpeech
from sklearn_ser.modules._recurrent import LSTMOverTime

__all__ = [
    "CNNLSTM",
    "MLP",
    "AdversarialAutoencoder",
    "AttentionOverTime",
    "ConditionalGAN",
    "ConvLayer",
    "ConvolutionalFront",
    "CycleGAN",
    "DenseNetLSTMHighway",
    "Ensemble",
    "FilterBank",
    "HalveTimeAndBands",
    "Highway",
    "LSTMOverTime",
    "LastOverTime",
    "MaskedBatchNorm",
    "MaskedConv",
    "MaxOverTime",
    "MeanOfFrames",
    "MeanOverTime",
    "MelCNN",
    "MixupGAN",
    "RatingAutoencoder",
    "RawSpeech",
    "StatisticsOverTime",
    "Transition",
]
