"""Transformers from utterances to features and sequences."""

from sklearn_ser.features._opensmile import OpenSmileFeatures

__all__ = ["OpenSmileFeatures"]
