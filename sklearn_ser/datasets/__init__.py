"""Corpora of emotional speech: a synthetic one, and loaders of real ones."""

from sklearn_ser.datasets._audformat import load_audb, load_audformat
from sklearn_ser.datasets._emodb import load_emodb
from sklearn_ser.datasets._emotale import load_emotale
from sklearn_ser.datasets._iemocap import load_iemocap
from sklearn_ser.datasets._index import load_index
from sklearn_ser.datasets._meld import load_meld
from sklearn_ser.datasets._msp import load_msp_improv, load_msp_podcast
from sklearn_ser.datasets._names_asian import load_esd, load_shemo, load_urdu
from sklearn_ser.datasets._names_english import load_cremad, load_savee, load_tess
from sklearn_ser.datasets._names_european import load_aesdd, load_emovo, load_nemo
from sklearn_ser.datasets._ravdess import load_ravdess
from sklearn_ser.datasets._stack import stack_corpora
from sklearn_ser.datasets._synthetic import make_emotional_speech

__all__ = [
    "load_aesdd",
    "load_audb",
    "load_audformat",
    "load_cremad",
    "load_emodb",
    "load_emotale",
    "load_emovo",
    "load_esd",
    "load_iemocap",
    "load_index",
    "load_meld",
    "load_msp_improv",
    "load_msp_podcast",
    "load_nemo",
    "load_ravdess",
    "load_savee",
    "load_shemo",
    "load_tess",
    "load_urdu",
    "make_emotional_speech",
    "stack_corpora",
]
