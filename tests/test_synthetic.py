"""The synthetic corpus: contract, determinism, and the effects that it promises."""

import subprocess
import sys
import time
from typing import Any

import numpy as np
import pytest
import soundfile
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import (
    GroupKFold,
    StratifiedKFold,
    cross_val_predict,
    train_test_split,
)
from sklearn.preprocessing import StandardScaler

from sklearn_ser.datasets import make_emotional_speech
from sklearn_ser.metrics import unweighted_average_recall_score

ALL = ("anger", "boredom", "disgust", "fear", "happiness", "neutral", "sadness")


def _same(left, right):
    return all(np.array_equal(a, b) for a, b in zip(left, right, strict=True))


def test_bunch_without_folder():
    """Without a folder, X is an object array of waveforms with the speakers beside it."""
    corpus = make_emotional_speech(2, n_utterances=3, random_state=0)
    assert corpus.data.shape == (24,)
    assert corpus.data.dtype == object
    assert {w.shape for w in corpus.data} == {(48000,)}
    assert {w.dtype for w in corpus.data} == {np.dtype(np.float32)}
    assert list(corpus.frame.columns) == ["speaker", "gender", "text_id", "duration_s", "emotion"]
    assert corpus.target.dtype.kind == "U"
    np.testing.assert_array_equal(corpus.target, corpus.frame["emotion"])
    np.testing.assert_array_equal(corpus.speaker, corpus.frame["speaker"])
    assert set(corpus.speaker) == {"01", "02"}
    assert set(corpus.frame["gender"]) == {"female", "male"}
    assert "synthetic" in corpus.DESCR
    train, test = train_test_split(corpus.data, random_state=0)
    assert train.dtype == test.dtype == object


def test_folder_gives_an_utterance_frame(tmp_path):
    """With a folder, X names 16-bit wav files with the samples that are otherwise returned."""
    parameters: dict[str, Any] = {
        "n_speakers": 2,
        "n_utterances": 2,
        "duration": 0.5,
        "random_state": 3,
    }
    X, y = make_emotional_speech(**parameters, folder=tmp_path / "new", return_X_y=True)
    waveforms = make_emotional_speech(**parameters).data
    assert list(X.columns) == ["file", "speaker", "gender", "text_id", "duration_s"]
    assert "emotion" not in X
    assert X["file"].nunique() == len(y) == 16
    for file, waveform in zip(X["file"], waveforms, strict=True):
        written, rate = soundfile.read(file, dtype="float32")
        assert rate == 16000
        np.testing.assert_allclose(written, waveform, atol=1 / 32768)
    frame = make_emotional_speech(**parameters, folder=tmp_path / "new").frame
    np.testing.assert_array_equal(frame["emotion"], y)


def test_same_seed_same_bits_and_global_rng_untouched():
    """The same random_state gives the same bits and leaves the global generator alone."""
    before = np.random.get_state(legacy=False)["state"]["key"].copy()  # noqa: NPY002
    first, again = (make_emotional_speech(2, n_utterances=1, random_state=7) for _ in range(2))
    assert _same(first.data, again.data)
    other = make_emotional_speech(2, n_utterances=1, random_state=8)
    assert not _same(first.data, other.data)
    instance = np.random.RandomState(7)
    assert _same(first.data, make_emotional_speech(2, n_utterances=1, random_state=instance).data)
    after = np.random.get_state(legacy=False)["state"]["key"]  # noqa: NPY002
    np.testing.assert_array_equal(before, after)


def test_same_bits_in_a_new_process():
    """Nothing depends on the hash seed or the state of the process."""
    parameters: dict[str, Any] = {
        "n_speakers": 2,
        "n_utterances": 1,
        "duration": 0.5,
        "random_state": 7,
    }
    code = (
        "import sys; from sklearn_ser.datasets import make_emotional_speech as make;"
        f"sys.stdout.buffer.write(b''.join(x.tobytes() for x in make(**{parameters}).data))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert run.stdout == b"".join(x.tobytes() for x in make_emotional_speech(**parameters).data)


def test_asking_for_more_does_not_change_what_was_there():
    """More speakers, emotions or utterances leave the others as they were."""
    small = make_emotional_speech(2, ("sadness", "anger"), 2, duration=0.5, random_state=0)
    large = make_emotional_speech(3, ALL, 4, duration=0.5, random_state=0)
    keys = ["speaker", "emotion", "text_id"]
    by_key = dict(zip(large.frame[keys].itertuples(index=False), large.data, strict=True))
    for key, waveform in zip(small.frame[keys].itertuples(index=False), small.data, strict=True):
        np.testing.assert_array_equal(waveform, by_key[key])


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_every_waveform_is_sound(rate):
    """All samples are finite and below full scale, at every rate and for the shortest length."""
    for duration in (0.1, (0.3, 1.0)):
        corpus = make_emotional_speech(
            6, ALL, 2, duration=duration, sampling_rate=rate, random_state=1
        )
        for waveform in corpus.data:
            assert np.isfinite(waveform).all()
            assert 1e-3 < np.abs(waveform).max() <= 0.951
    assert corpus.frame["duration_s"].between(0.299, 1.001).all()
    assert corpus.frame["duration_s"].nunique() > 50


def test_an_utterance_of_three_seconds_takes_less_than_ten_milliseconds():
    """On a slow or busy machine the limit is the time of a million and a half normal numbers."""
    rng = np.random.default_rng(0)
    utterance = _best_time(lambda: make_emotional_speech(1, n_utterances=1, random_state=0)) / 4
    assert utterance < max(0.010, 1.5 * _best_time(lambda: rng.standard_normal(1_000_000)))


def _best_time(function):
    times = []
    for _ in range(10):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return min(times)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_speakers": 0}, "n_speakers must be"),
        ({"n_utterances": 2.5}, "n_utterances must be"),
        ({"emotions": ("anger", "joy")}, "joy"),
        ({"emotions": "anger"}, "emotions must be"),
        ({"emotions": ("anger",)}, "two or more"),
        ({"emotions": ("anger", "anger")}, "two or more"),
        ({"sampling_rate": 4000}, "4000"),
        ({"duration": 0.0}, "duration must be"),
        ({"duration": (2.0, 1.0)}, "duration must be"),
        ({"duration": np.nan}, "duration must be"),
    ],
)
def test_bad_parameters(parameters, message):
    """Each bad parameter has one error that names it."""
    with pytest.raises(ValueError, match=message):
        make_emotional_speech(**parameters)


@pytest.fixture(scope="module")
def corpus():
    """Eight speakers, with a few plain acoustic measurements of each utterance."""
    corpus = make_emotional_speech(8, n_utterances=8, duration=1.5, random_state=0)
    corpus.features = np.array([_measure(waveform) for waveform in corpus.data])
    return corpus


def _measure(waveform, rate=16000, size=800):
    """Return level, pitch (mean, deviation) and a cepstrum, without any library of features."""
    frames = waveform[: len(waveform) // size * size].reshape(-1, size)
    frames = frames[frames.std(axis=1) > 0.3 * waveform.std()]
    spectrum = np.abs(np.fft.rfft(frames * np.hanning(size), 2 * size)) ** 2
    correlation = np.fft.irfft(spectrum)[:, rate // 500 : rate // 70]
    pitch = np.log2(rate / (rate // 500 + correlation.argmax(axis=1)))
    log_spectrum = np.log(spectrum.mean(axis=0)[: size // 20 * 20].reshape(-1, 20).mean(axis=1))
    cepstrum = np.fft.rfft(log_spectrum)[1:12]
    level = np.log(waveform.std())
    return np.r_[level, np.median(pitch), pitch.std(), cepstrum.real, cepstrum.imag]


def _per_speaker(values, speakers):
    scaled = values.copy()
    for speaker in np.unique(speakers):
        rows = speakers == speaker
        scaled[rows] = StandardScaler().fit_transform(values[rows])
    return scaled


def test_emotions_move_the_voice_as_they_should(corpus):
    """Within speakers, anger is louder and higher than neutral, sadness softer and lower."""
    level, pitch = _per_speaker(corpus.features, corpus.speaker)[:, :2].T
    emotion = corpus.target
    assert level[emotion == "anger"].mean() > level[emotion == "neutral"].mean() + 0.5
    assert level[emotion == "sadness"].mean() < level[emotion == "neutral"].mean() - 0.5
    assert pitch[emotion == "anger"].mean() > pitch[emotion == "neutral"].mean() + 0.5
    assert pitch[emotion == "happiness"].mean() > pitch[emotion == "sadness"].mean() + 0.5


def test_female_voices_are_higher(corpus):
    """The median pitch of the female speakers lies well above that of the male ones."""
    female = (corpus.frame["gender"] == "female").to_numpy()
    pitch = corpus.features[:, 1]  # octaves
    assert 0.4 < np.median(pitch[female]) - np.median(pitch[~female]) < 1.3


def test_speaker_effects_are_as_large_as_in_real_corpora(corpus):
    """Known speakers are easier than new ones, normalised speakers easier than raw ones."""
    X, y, speaker = corpus.features, corpus.target, corpus.speaker
    model = LinearDiscriminantAnalysis()

    def uar(X, y, cv):
        groups = speaker if isinstance(cv, GroupKFold) else None
        y_pred = cross_val_predict(model, X, y, groups=groups, cv=cv)
        return unweighted_average_recall_score(y, y_pred)

    new_speakers = uar(X, y, GroupKFold(8))
    known_speakers = uar(X, y, StratifiedKFold(8, shuffle=True, random_state=0))
    normalised = uar(_per_speaker(X, speaker), y, GroupKFold(8))
    assert 0.4 < new_speakers < 0.85
    assert known_speakers > new_speakers + 0.02
    assert normalised > new_speakers + 0.04
    assert uar(X, speaker, StratifiedKFold(8, shuffle=True, random_state=0)) > 0.85
