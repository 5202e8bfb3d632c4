"""Corpora of emotional speech: a synthetic one, and loaders of real ones."""

from ._emodb import load_emodb
from ._emotale import load_emotale
from ._index import load_index
from ._ravdess import load_ravdess
from ._synthetic import make_emotional_speech

__all__ = ["load_emodb", "load_emotale", "load_index", "load_ravdess", "make_emotional_speech"]
