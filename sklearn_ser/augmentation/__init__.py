"""Samplers that add changed copies of the training utterances."""

from sklearn_ser.augmentation._noise import NoiseSampler
from sklearn_ser.augmentation._speed import SpeedSampler

__all__ = ["NoiseSampler", "SpeedSampler"]
