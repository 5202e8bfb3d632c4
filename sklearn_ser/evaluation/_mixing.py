"""Speech in noise at a given ratio, and noises that need no recording."""

from collections.abc import Mapping, Sequence

import numpy as np

from sklearn_ser.utils._audio import Utterance, read_utterance
from sklearn_ser.utils._signal import signal_number

# Frames of 20 ms within this many dB of the loudest one count as speech.
_ACTIVE_RANGE = 30.0
_FRAME_SECONDS = 0.02
# Below it there is neither speech nor much of any recorded noise.
_LOWEST_PINK = 50.0


def active_frames(signal: np.ndarray, sampling_rate: int) -> np.ndarray:
    """Find the parts of a signal in which somebody speaks.

    Parameters
    ----------
    signal : ndarray of shape (n_samples,)
        Samples.

    sampling_rate : int
        In Hz.

    Returns
    -------
    ndarray of shape (n_frames, n_samples_of_frame)
        The frames of 20 ms whose power is within 30 dB of that of the loudest one; the whole of a
        signal that is shorter than a frame.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser.evaluation._mixing import active_frames
    >>> active_frames(np.r_[np.ones(16000), np.zeros(48000)], 16000).shape
    (50, 320)
    """
    size = round(_FRAME_SECONDS * sampling_rate)
    if len(signal) < size:
        return signal[np.newaxis]
    n_frames = len(signal) // size
    frames = signal[: n_frames * size].reshape(n_frames, size)
    power = np.square(frames, dtype=np.float64).mean(axis=1)
    return frames[power >= power.max() * 10 ** (-_ACTIVE_RANGE / 10)]


def active_power(signal: np.ndarray, sampling_rate: int) -> float:
    """Measure the power of the parts of a signal in which somebody speaks.

    Parameters
    ----------
    signal : ndarray of shape (n_samples,)
        Samples.

    sampling_rate : int
        In Hz.

    Returns
    -------
    float
        Mean power over what :func:`active_frames` finds.

    Notes
    -----
    Pauses do not count, as in the active speech level of ITU-T P.56, so that a recording with a
    long silence at its end gets no less noise than one that was trimmed. P.56 finds the pauses by
    an envelope and a threshold 15.9 dB below the result, this by the power of frames.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser.evaluation._mixing import active_power
    >>> speech = np.ones(16000)
    >>> active_power(np.r_[speech, np.zeros(48000)], 16000)
    1.0
    """
    frames = active_frames(signal, sampling_rate)
    return float(np.square(frames, dtype=np.float64).mean(axis=1).mean())


def mix(signal: np.ndarray, noise: np.ndarray, snr: float, sampling_rate: int) -> np.ndarray:
    """Add noise to speech.

    Parameters
    ----------
    signal : ndarray of shape (n_samples,)
        Speech.

    noise : ndarray of shape (n_samples,)
        Noise of any level; one that is silent adds nothing.

    snr : float
        Ratio of the active power of the speech to the mean power of the noise, in dB.

    sampling_rate : int
        In Hz.

    Returns
    -------
    ndarray of shape (n_samples,), float32
        The sum. Its peaks may exceed 1.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser.evaluation._mixing import mix
    >>> mix(np.full(320, 0.5), np.ones(320), 20.0, 16000)[:2]
    array([0.55, 0.55], dtype=float32)
    """
    noise = noise.astype(np.float64)
    power = np.mean(np.square(noise))
    if power > 0:
        noise *= np.sqrt(active_power(signal, sampling_rate) / power) * 10 ** (-snr / 20)
    return (signal + noise).astype(np.float32)


def make_pink_noise(n_samples: int, sampling_rate: int, rng: np.random.Generator) -> np.ndarray:
    """Draw noise whose power falls by 3 dB an octave from 50 Hz on; below there is none.

    Parameters
    ----------
    n_samples : int
        Its length.

    sampling_rate : int
        In Hz.

    rng : numpy.random.Generator
        Draws it.

    Returns
    -------
    ndarray of shape (n_samples,)
        The noise.
    """
    spectrum = np.fft.rfft(rng.standard_normal(n_samples))
    frequency = np.fft.rfftfreq(n_samples, 1 / sampling_rate)
    audible = frequency >= _LOWEST_PINK
    spectrum[audible] /= np.sqrt(frequency[audible])
    return np.fft.irfft(np.where(audible, spectrum, 0), n_samples)


def make_babble(
    voices: Mapping[str, Sequence[Utterance]],
    n_talkers: int,
    n_samples: int,
    rng: np.random.Generator,
    *,
    sampling_rate: int,
    channel: int | str,
) -> np.ndarray:
    """Let several people speak at once, all equally loud.

    Parameters
    ----------
    voices : mapping of str to sequence of Utterance
        What there is of each speaker.

    n_talkers : int
        How many speak. Where there are fewer speakers, some speak several times at once.

    n_samples : int
        Length of the babble; an utterance that is shorter begins again.

    rng : numpy.random.Generator
        Draws speakers, utterances, and where in an utterance each begins.

    sampling_rate : int
        In Hz.

    channel : int or "mean"
        As for :func:`~sklearn_ser.utils._audio.read_utterance`.

    Returns
    -------
    ndarray of shape (n_samples,)
        The babble.
    """
    names = rng.permutation(sorted(voices))
    babble = np.zeros(n_samples)
    for name in np.resize(names, n_talkers):
        # Whatever the order of the rows, the same number draws the same utterance.
        spoken = sorted(voices[name], key=_place)
        signal = read_utterance(
            spoken[rng.integers(len(spoken))], sampling_rate=sampling_rate, channel=channel
        )
        start = rng.integers(len(signal))
        piece = signal[np.arange(start, start + n_samples) % len(signal)]
        if signal.any():
            babble += piece / np.sqrt(active_power(signal, sampling_rate))
    return babble


def _place(utterance: Utterance) -> tuple[str, float, float]:
    source = utterance.source
    name = source if isinstance(source, str) else str(signal_number(source))
    return name, utterance.start or 0.0, utterance.end or np.inf
