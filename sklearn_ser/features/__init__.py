"""Transformers from utterances to features and sequences."""

from ._opensmile import OpenSmileFeatures

__all__ = ["OpenSmileFeatures"]
