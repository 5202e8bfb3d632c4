"""Transformers between the features and the model."""

from ._speaker import SpeakerNormalizer

__all__ = ["SpeakerNormalizer"]
