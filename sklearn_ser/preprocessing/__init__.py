"""Transformers between the features and the model."""

from sklearn_ser.preprocessing._sequence import SequenceCropper, SequenceScaler
from sklearn_ser.preprocessing._speaker import SpeakerNormalizer

__all__ = ["SequenceCropper", "SequenceScaler", "SpeakerNormalizer"]
