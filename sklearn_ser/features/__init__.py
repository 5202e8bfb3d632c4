"""Transformers from utterances to features and sequences."""

from sklearn_ser.features._functionals import Functionals
from sklearn_ser.features._opensmile import OpenSmileFeatures
from sklearn_ser.features._spectral import MFCC, LogMelSpectrogram
from sklearn_ser.features._waveform import RawWaveform

__all__ = ["MFCC", "Functionals", "LogMelSpectrogram", "OpenSmileFeatures", "RawWaveform"]
