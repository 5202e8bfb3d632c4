"""Named corruptions of recordings: what telephones, microphones and rooms do."""

import io
from collections.abc import Callable

import numpy as np
from scipy.signal import butter, fftconvolve, sosfilt

from sklearn_ser.evaluation._mixing import active_frames

# ITU-T G.712: what a telephone transmits.
_TELEPHONE_BAND = (300.0, 3400.0)
_TELEPHONE_RATE = 8000
# Share of the samples of speech that a recording with too high a gain cuts off.
_CLIPPED_SHARE = 0.1
# A reverberation of 60 dB takes this long, as in a large living room.
_REVERBERATION_SECONDS = 0.6
# Power of the reverberation as a ratio to that of the direct sound.
_REVERBERANT_RATIO = 1.0


def _limit_band(signal: np.ndarray, sampling_rate: int, rng: np.random.Generator) -> np.ndarray:
    low, high = _TELEPHONE_BAND
    high = min(high, 0.45 * sampling_rate)
    filters = butter(4, (low, high), "bandpass", fs=sampling_rate, output="sos")
    return sosfilt(filters, signal)


def _clip(signal: np.ndarray, sampling_rate: int, rng: np.random.Generator) -> np.ndarray:
    # Pauses would lower the limit, down to zero where they take nine tenths of the utterance.
    limit = np.quantile(np.abs(active_frames(signal, sampling_rate)), 1 - _CLIPPED_SHARE)
    return np.clip(signal, -limit, limit) if limit > 0 else signal


def _reverberate(signal: np.ndarray, sampling_rate: int, rng: np.random.Generator) -> np.ndarray:
    seconds = np.arange(1, round(_REVERBERATION_SECONDS * sampling_rate)) / sampling_rate
    tail = rng.standard_normal(len(seconds)) * 10 ** (-3 * seconds / _REVERBERATION_SECONDS)
    tail *= np.sqrt(_REVERBERANT_RATIO / np.sum(np.square(tail)))
    return fftconvolve(signal, np.r_[1.0, tail])[: len(signal)]


def _transmit(signal: np.ndarray, sampling_rate: int, rng: np.random.Generator) -> np.ndarray:
    import soundfile
    import soxr

    narrow = soxr.resample(np.asarray(signal, dtype=np.float64), sampling_rate, _TELEPHONE_RATE)
    gain = 0.9 / max(np.abs(narrow).max(), 0.9)  # the coder takes samples up to 1
    memory = io.BytesIO()
    soundfile.write(memory, gain * narrow, _TELEPHONE_RATE, format="WAV", subtype="GSM610")
    memory.seek(0)
    decoded = soundfile.read(memory)[0] / gain
    wide = soxr.resample(decoded, _TELEPHONE_RATE, sampling_rate)
    return np.resize(np.r_[wide, np.zeros(len(signal))], len(signal))


# Each takes the samples, the sampling rate and a generator, and gives as many samples.
CORRUPTIONS: dict[str, Callable[[np.ndarray, int, np.random.Generator], np.ndarray]] = {
    "telephone": _limit_band,
    "codec": _transmit,
    "clipping": _clip,
    "reverberation": _reverberate,
}
