"""Generative models as imbalanced-learn over-samplers."""

from sklearn_ser.over_sampling._conditional_gan import ConditionalGANSampler
from sklearn_ser.over_sampling._cycle_gan import CycleGANSampler
from sklearn_ser.over_sampling._mixup import MixupSampler
from sklearn_ser.over_sampling._mixup_gan import MixupGANSampler
from sklearn_ser.over_sampling._report import SyntheticDataWarning

__all__ = [
    "ConditionalGANSampler",
    "CycleGANSampler",
    "MixupGANSampler",
    "MixupSampler",
    "SyntheticDataWarning",
]
