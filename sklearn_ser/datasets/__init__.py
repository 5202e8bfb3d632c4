"""Corpora of emotional speech: a synthetic one, and loaders of real ones."""

from sklearn_ser.datasets._emodb import load_emodb
from sklearn_ser.datasets._emotale import load_emotale
from sklearn_ser.datasets._index import load_index
from sklearn_ser.datasets._ravdess import load_ravdess
from sklearn_ser.datasets._synthetic import make_emotional_speech

__all__ = ["load_emodb", "load_emotale", "load_index", "load_ravdess", "make_emotional_speech"]
