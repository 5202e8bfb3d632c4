"""Generative models as imbalanced-learn over-samplers."""

from sklearn_ser.over_sampling._mixup import MixupSampler
from sklearn_ser.over_sampling._mixup_gan import MixupGANSampler

__all__ = ["MixupGANSampler", "MixupSampler"]
