"""LogMelSpectrogram and MFCC against librosa, and against what a spectrum must do."""

import librosa
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.pipeline import make_pipeline

from sklearn_ser import DenseNetSER, LogMelSpectrogram, SpeakerNormalizer
from sklearn_ser.features import MFCC, Functionals
from sklearn_ser.features._spectral import append_deltas

RATE = 16000

# What the docstrings promise, in decibels; librosa in double precision is the reference.
TOLERANCE = 1e-3


def voice(seconds=3.0, seed=0):
    """Return noise whose level and colour change, with a pause."""
    rng = np.random.default_rng(seed)
    n_samples = int(seconds * RATE)
    colour = np.convolve(rng.normal(size=n_samples), [1, 0.9, 0.6, 0.2], mode="same")
    level = np.abs(np.sin(np.linspace(0, 7, n_samples))) ** 3
    return (0.1 * colour * level).astype(np.float32)


def by_librosa(signal, *, top_db=80.0, amin=1e-10, deltas=0, **parameters):
    """Return what librosa makes of a signal, time first."""
    parameters = {"n_mels": 64, "n_fft": 512, "hop_length": 320, **parameters}
    power = librosa.feature.melspectrogram(y=signal.astype(np.float64), sr=RATE, **parameters)
    return with_deltas(librosa.power_to_db(power, top_db=top_db, amin=amin), deltas)


def with_deltas(features, deltas):
    mode = "interp" if features.shape[1] >= 9 else "nearest"
    orders = range(1, deltas + 1)
    blocks = [librosa.feature.delta(features, order=order, mode=mode) for order in orders]
    return np.concatenate([features, *blocks]).T


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"deltas": 1},
        {"deltas": 2},
        {"n_mels": 40, "n_fft": 400, "hop_length": 160},
        {"n_mels": 26, "win_length": 400, "hop_length": 160, "window": "hamming"},
        {"n_mels": 26, "win_length": 401, "window": ("kaiser", 4.0)},
        {"n_mels": 40, "fmin": 50.0, "fmax": 4000.0},
        {"n_mels": 40, "htk": True, "norm": None},
        {"top_db": None, "amin": 1e-5},
        {"top_db": 30.0},
    ],
    ids=repr,
)
def test_log_mel_spectrogram_is_librosas(parameters):
    signals = [voice(), voice(0.5, seed=1)]
    sequences = LogMelSpectrogram(**parameters).transform(signals)
    for signal, sequence in zip(signals, sequences, strict=True):
        assert sequence.dtype == np.float32
        assert_allclose(sequence, by_librosa(signal, **parameters), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("deltas", [0, 1, 2])
@pytest.mark.parametrize(
    "parameters", [{}, {"n_mfcc": 20, "n_mels": 128, "n_fft": 2048}, {"lifter": 22}], ids=repr
)
def test_mfcc_is_librosas(parameters, deltas):
    signal = voice()
    expected = librosa.feature.mfcc(
        y=signal.astype(np.float64),
        sr=RATE,
        **{"n_mfcc": 13, "n_mels": 64, "n_fft": 512, "hop_length": 320, **parameters},
    )
    [sequence] = MFCC(**parameters, deltas=deltas).transform([signal])
    assert sequence.dtype == np.float32
    assert_allclose(sequence, with_deltas(expected, deltas), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("n_frames", [1, 2, 5, 8, 9, 10, 40])
def test_deltas_of_short_sequences_are_librosas(n_frames):
    frames = np.random.default_rng(0).normal(size=(n_frames, 3))
    assert_allclose(append_deltas(frames, 2), with_deltas(frames.T, 2), rtol=0, atol=1e-12)


def test_deltas_of_a_parabola_are_its_derivatives():
    time = np.arange(30.0)[:, np.newaxis]
    sequence = append_deltas(0.5 * time**2 - 3 * time, 2)
    assert_allclose(sequence[4:-4, 1], time[4:-4, 0] - 3, atol=1e-9)
    assert_allclose(sequence[:, 2], 1, atol=1e-9)


@pytest.mark.parametrize("extractor", [LogMelSpectrogram(deltas=2), MFCC()], ids=repr)
@pytest.mark.parametrize("n_samples", [1, 2, 100, 319, 320, 511, 512, 16000])
def test_no_utterance_is_too_short(extractor, n_samples):
    [sequence] = extractor.transform([voice()[8000 : 8000 + n_samples]])
    assert sequence.shape == (1 + n_samples // 320, len(extractor.get_feature_names_out()))
    assert np.isfinite(sequence).all()


@pytest.mark.parametrize("frequency", [200, 1000, 3000, 7000])
def test_a_tone_shows_in_the_band_around_it(frequency):
    tone = 0.5 * np.sin(2 * np.pi * frequency * np.arange(RATE) / RATE)
    [sequence] = LogMelSpectrogram().transform([tone])
    edges = librosa.mel_frequencies(66, fmin=0, fmax=RATE / 2)
    band = int(sequence[20].argmax())
    assert edges[band] < frequency < edges[band + 2]


def test_ten_times_louder_is_20_decibels_more():
    extractor = LogMelSpectrogram(40, fmin=100, deltas=1)
    [sequence] = extractor.transform([voice()])
    [louder] = extractor.transform([10 * voice()])
    assert_allclose(louder[:, :40], sequence[:, :40] + 20, atol=0.05)
    assert_allclose(louder[:, 40:], sequence[:, 40:], atol=0.05)
    # The level is in the first cepstral coefficient alone.
    [cepstra], [of_louder] = (
        MFCC(deltas=0).transform([voice()]),
        MFCC(deltas=0).transform([10 * voice()]),
    )
    assert_allclose(of_louder[:, 1:], cepstra[:, 1:], atol=0.05)
    assert_allclose(of_louder[:, 0] - cepstra[:, 0], 20 * np.sqrt(64), atol=0.5)


def test_silence_is_a_constant():
    [sequence] = LogMelSpectrogram(deltas=2).transform([np.zeros(RATE)])
    assert_allclose(sequence[:, :64], -100, atol=1e-4)
    assert_allclose(sequence[:, 64:], 0, atol=1e-4)
    assert np.isfinite(MFCC().transform([np.zeros(RATE)])[0]).all()


def test_names():
    names = LogMelSpectrogram(2, deltas=2).get_feature_names_out()
    assert list(names) == [
        *("mel0", "mel1"),
        *("mel0_delta", "mel1_delta"),
        *("mel0_delta2", "mel1_delta2"),
    ]
    assert list(MFCC(2, deltas=0).get_feature_names_out()) == ["mfcc0", "mfcc1"]
    assert len(MFCC().get_feature_names_out()) == 39


def test_empty_bands_are_warned_of():
    with pytest.warns(UserWarning, match="Empty filters"):
        LogMelSpectrogram(128, n_fft=256).transform([voice()])


@pytest.mark.parametrize("cls", [LogMelSpectrogram, MFCC])
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_mels": 0}, "'n_mels' parameter"),
        ({"hop_length": 0}, "'hop_length' parameter"),
        ({"hop_length": 10.5}, "'hop_length' parameter"),
        ({"win_length": 513}, "win_length=513 exceeds n_fft=512"),
        ({"fmin": 4000, "fmax": 300}, "fmin=4000 and fmax=300.*fmin < fmax <= 8000 Hz"),
        ({"fmax": 8001}, "fmax=8001.*8000 Hz, half the sampling_rate"),
        ({"norm": "l1"}, "'norm' parameter"),
        ({"deltas": 3}, "'deltas' parameter"),
        ({"amin": 0}, "'amin' parameter"),
        ({"top_db": -1}, "'top_db' parameter"),
        ({"window": "hahn"}, r"window='hahn' is none of scipy\.signal\.get_window"),
        ({"window": ("kaiser",)}, "window=.*is none of"),
        ({"sampling_rate": 16e3}, "sampling_rate=16000.0"),
        ({"channel": "left"}, "channel='left'"),
    ],
)
def test_bad_parameters(cls, parameters, message):
    extractor = cls(**parameters)
    for method in (extractor.fit, extractor.transform):
        with pytest.raises(ValueError, match=message):
            method([voice()])


def test_no_more_cepstra_than_bands():
    with pytest.raises(ValueError, match="n_mfcc=30 exceeds n_mels=26"):
        MFCC(30, n_mels=26).fit([voice()])


def test_cache_gives_the_same_and_knows_the_parameters(tmp_path, monkeypatch):
    signals = [voice(), voice(1.0, seed=1)]
    expected = LogMelSpectrogram().transform(signals)
    LogMelSpectrogram(memory=tmp_path).transform(signals)
    LogMelSpectrogram(memory=tmp_path, deltas=1).transform(signals[:1])
    assert len(list(tmp_path.rglob("*.npy"))) == 3
    monkeypatch.setattr(LogMelSpectrogram, "_extract", None)  # Nothing is extracted again.
    for one, other in zip(
        LogMelSpectrogram(memory=tmp_path).transform(signals), expected, strict=True
    ):
        assert_array_equal(one, other)


@pytest.fixture
def frame():
    """Return utterances of three speakers who differ in level."""
    signals = [voice(0.6 + 0.1 * i, seed=i) * 4 ** (i % 3) for i in range(12)]
    return pd.DataFrame({"file": signals, "speaker": ["03", "08", "09"] * 4})


@pytest.mark.parametrize("extractor", [LogMelSpectrogram(), MFCC()], ids=repr)
def test_speaker_normalizer_standardises_the_frames_of_each_speaker(extractor, frame):
    sequences = SpeakerNormalizer(extractor, min_utterances=0).fit_transform(frame)
    for speaker in ("03", "08", "09"):
        frames = np.concatenate(list(sequences[frame["speaker"] == speaker]))
        assert_allclose(frames.mean(axis=0), 0, atol=1e-4)
        assert_allclose(frames.std(axis=0), 1, atol=1e-4)


def test_sequences_reach_the_network_and_its_probabilities(frame):
    y = np.array(["anger", "fear"] * 6)
    model = make_pipeline(
        SpeakerNormalizer(LogMelSpectrogram(16)), DenseNetSER(max_epochs=2, random_state=0)
    ).fit(frame, y)
    assert_allclose(model.predict_proba(frame).sum(axis=1), 1, atol=1e-6)


def test_functionals_of_an_extractor_within_the_normaliser(frame):
    normalizer = SpeakerNormalizer(make_pipeline(MFCC(4, deltas=0), Functionals(("mean", "std"))))
    transformed = normalizer.set_output(transform="pandas").fit_transform(frame)
    assert list(transformed.columns[[0, 4]]) == ["mfcc0_mean", "mfcc0_std"]
    assert transformed.shape == (12, 8)
