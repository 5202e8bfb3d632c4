"""RawWaveform: the samples themselves."""

import numpy as np
import pandas as pd
import pytest
import soundfile
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_ser import RawWaveform, SpeakerNormalizer


@pytest.fixture
def signals():
    rng = np.random.default_rng(0)
    return [(0.1 * rng.normal(0.5, size=n)).astype(np.float32) for n in (4000, 7000, 7000)]


def test_samples_are_those_of_the_file(signals, tmp_path):
    soundfile.write(tmp_path / "voice.wav", signals[0], 16000, subtype="FLOAT")
    for X in ([tmp_path / "voice.wav"], [signals[0]]):
        [sequence] = RawWaveform(normalize=False).transform(X)
        assert_array_equal(sequence, signals[0][:, np.newaxis])
        assert sequence.dtype == np.float32


def test_each_utterance_is_standardised_whatever_its_level(signals):
    sequences = RawWaveform().transform(signals)
    louder = RawWaveform().transform([3 * signal + 0.2 for signal in signals])
    for sequence, loud in zip(sequences, louder, strict=True):
        assert_allclose([sequence.mean(), sequence.std()], [0, 1], atol=1e-5)
        assert_allclose(loud, sequence, atol=1e-4)


@pytest.mark.parametrize("level", [0.0, 0.1, -1.0])
@pytest.mark.parametrize("n_samples", [1, 1000])
def test_a_constant_becomes_zero(level, n_samples):
    [sequence] = RawWaveform().transform([np.full(n_samples, level)])
    assert_array_equal(sequence, np.zeros((n_samples, 1)))


def test_quiet_speech_is_no_constant():
    quiet = 1e-4 * np.random.default_rng(0).normal(size=1000)
    assert_allclose(RawWaveform().transform([quiet])[0].std(), 1, atol=1e-4)


def test_name_and_bad_parameters(signals):
    assert list(RawWaveform().get_feature_names_out()) == ["amplitude"]
    with pytest.raises(ValueError, match="'normalize' parameter"):
        RawWaveform(normalize="utterance").fit(signals)


def test_speaker_normalizer_around_it(signals):
    frame = pd.DataFrame({"file": signals, "speaker": ["03", "08", "08"]})
    sequences = SpeakerNormalizer(RawWaveform(normalize=False), min_utterances=0).fit_transform(
        frame
    )
    pooled = np.concatenate(list(sequences[1:]))
    assert_allclose([pooled.mean(), pooled.std()], [0, 1], atol=1e-4)
