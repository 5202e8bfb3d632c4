"""Noise: the ratio that was asked for, of other people, the same whatever is tested beside it."""

import numpy as np
import pandas as pd
import pytest
import soundfile
from imblearn.pipeline import make_pipeline as make_sampling_pipeline
from numpy.testing import assert_allclose, assert_array_equal
from scipy.signal import welch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_ser import MFCC, Functionals, NoiseSampler
from sklearn_ser.evaluation import evaluate, noise_curve, paired_permutation_test
from sklearn_ser.evaluation._corruptions import CORRUPTIONS
from sklearn_ser.evaluation._mixing import active_power, make_babble, make_pink_noise, mix
from sklearn_ser.utils._audio import check_utterances, read_utterance
from tests.noise_files import write_noise

RATE = 16000
HEARD: list[list[np.ndarray]] = []
FITTED: list[list[np.ndarray]] = []


class Listener(ClassifierMixin, BaseEstimator):
    """Notes what it is given; its answer depends on nothing."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y):
        """Fit."""
        FITTED.append(_signals(X))
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        """Predict."""
        HEARD.append(_signals(X))
        return np.repeat(self.classes_[:1], len(X))


def _signals(X):
    return [np.asarray(read_utterance(utterance)) for utterance in check_utterances(X)]


def _corpus(n_speakers=4, n_each=2, n_samples=4000):
    """Give tones, each speaker at a frequency of its own, with a pause that holds half of them."""
    rng = np.random.default_rng(0)
    time = np.arange(n_samples) / RATE
    speakers = np.repeat([f"{i:02}" for i in range(n_speakers)], 2 * n_each)
    y = np.tile(["anger", "neutral"], n_speakers * n_each)
    X = [
        (0.1 + 0.2 * rng.random())
        * np.sin(2 * np.pi * 500 * (int(speaker) + 1) * time + rng.random())
        * (time < time[-1] / 2)
        for speaker in speakers
    ]
    HEARD.clear()
    FITTED.clear()
    return [x.astype(np.float32) for x in X], y, speakers


def _decibel(ratio):
    return 10 * np.log10(ratio)


def _loudness(frames):
    return frames.mean(axis=0)


@pytest.mark.parametrize("pause", [0, 8000, 80000])
@pytest.mark.parametrize("snr", [20, 0, -5])
def test_ratio_is_that_of_the_speech_without_its_pauses(pause, snr):
    rng = np.random.default_rng(0)
    speech = rng.normal(0, 0.1, 16000)
    signal = np.r_[speech, np.zeros(pause)]
    added = mix(signal, rng.laplace(size=len(signal)), snr, RATE) - signal
    measured = _decibel(np.mean(speech**2) / np.mean(added**2))
    # The definition takes frames of 20 ms; the speech here is a whole number of them.
    assert measured == pytest.approx(snr, abs=1e-3)


def test_active_power_leaves_out_what_is_30_decibels_down():
    parts = [np.full(3200, level) for level in (1.0, 10 ** (-29 / 20), 10 ** (-31 / 20))]
    expected = (1 + 10**-2.9) / 2
    assert active_power(np.concatenate(parts), RATE) == pytest.approx(expected)
    assert active_power(np.full(10, 0.5), RATE) == 0.25


def test_silence_stays_silent_and_silent_noise_adds_nothing():
    assert not mix(np.zeros(640), np.ones(640), 0.0, RATE).any()
    assert_allclose(mix(np.ones(640), np.zeros(640), 0.0, RATE), 1)


def test_pink_noise_falls_by_three_decibels_an_octave():
    noise = make_pink_noise(20 * RATE, RATE, np.random.default_rng(0))
    frequency, power = welch(noise, RATE, nperseg=8192)
    octaves = [
        power[(frequency >= f) & (frequency < 2 * f)].mean() for f in 100 * 2.0 ** np.arange(6)
    ]
    assert_allclose(np.diff(_decibel(np.array(octaves))), -_decibel(2), atol=0.4)
    assert power[frequency < 30].max() < 0.01 * power.max()


def test_conditions_are_tested_at_the_ratio_asked_for_and_trained_clean():
    X, y, speakers = _corpus()
    result = noise_curve(
        Listener(), X, y, groups=speakers, noise=["white", "pink", "babble"], snrs=[10, -5]
    )
    assert len(FITTED) == 4
    for fold, fitted in enumerate(FITTED):
        rows = np.flatnonzero(speakers != speakers[4 * fold])
        for signal, row in zip(fitted, rows, strict=True):
            assert_array_equal(signal, X[row])
    heard = iter(HEARD)
    snrs = [np.inf, *[10, -5] * 3]
    for fold in range(4):
        clean = [X[row] for row in range(4 * fold, 4 * fold + 4)]
        for snr in snrs:
            for signal, original in zip(next(heard), clean, strict=True):
                added = (signal - original).astype(np.float64)
                if snr == np.inf:
                    assert not added.any()
                else:
                    ratio = active_power(original, RATE) / np.mean(added**2)
                    assert _decibel(ratio) == pytest.approx(snr, abs=1e-2)
    assert result.curve["snr"].tolist() == snrs
    assert (
        result.curve["condition"].tolist()
        == ["clean"] + ["white"] * 2 + ["pink"] * 2 + ["babble"] * 2
    )


def test_babble_has_every_voice_but_that_of_the_tested_speaker():
    X, y, speakers = _corpus(n_speakers=4, n_samples=8000)
    noise_curve(Listener(), X, y, groups=speakers, noise="babble", snrs=[0], n_talkers=3)
    for fold, (clean, noisy) in enumerate(zip(HEARD[::2], HEARD[1::2], strict=True)):
        added = np.mean(
            [np.abs(np.fft.rfft(b - a)) ** 2 for a, b in zip(clean, noisy, strict=True)], 0
        )
        frequency = np.fft.rfftfreq(8000, 1 / RATE)
        power = [added[np.abs(frequency - 500 * (i + 1)) < 20].sum() for i in range(4)]
        share = np.array(power) / sum(power)
        assert share[fold] < 0.01
        # All equally loud, however loud they spoke.
        assert_allclose(np.delete(share, fold), 1 / 3, atol=0.12)


def test_babble_by_fewer_speakers_than_talkers_and_in_any_order():
    utterances = check_utterances([np.full(400, v) for v in (1.0, 2.0, 3.0)])
    voices = {"a": utterances[:2], "b": utterances[2:]}
    backward = {"b": utterances[2:], "a": utterances[1::-1]}
    drawn = [
        make_babble(v, 5, 700, np.random.default_rng(0), sampling_rate=RATE, channel="mean")
        for v in (voices, backward)
    ]
    assert_array_equal(drawn[0], drawn[1])
    assert_allclose(drawn[0], 5)  # each of power one


def _noisy(X, y, speakers, **params):
    HEARD.clear()
    noise_curve(Listener(), X, y, groups=speakers, snrs=[5], **params)
    cv = np.unique(speakers)
    order = np.concatenate([np.flatnonzero(speakers == speaker) for speaker in cv])
    return dict(zip(order.tolist(), [x for part in HEARD[1::2] for x in part], strict=True))


@pytest.mark.parametrize("noise", ["white", "babble", "recorded"])
def test_noise_of_an_utterance_depends_on_the_seed_and_not_on_its_place(noise, tmp_path):
    X, y, speakers = _corpus(n_speakers=3)
    if noise == "recorded":
        write_noise(tmp_path, ["a.wav", "below/b.wav", "c.flac"])
        noise = tmp_path
    first = _noisy(X, y, speakers, noise=noise)
    order = np.random.default_rng(1).permutation(len(X))
    again = _noisy([X[i] for i in order], y[order], speakers[order], noise=noise)
    for place, row in enumerate(order):
        assert_array_equal(again[place], first[row])
    other = _noisy(X, y, speakers, noise=noise, random_state=1)
    assert all((other[row] != first[row]).any() for row in first)
    # Two utterances have two noises.
    assert (first[0] - X[0] != first[1] - X[1]).any()


def test_the_noise_is_the_same_piece_at_all_ratios():
    X, y, speakers = _corpus(n_speakers=2)
    noise_curve(Listener(), X, y, groups=speakers, snrs=[20, 0])
    clean, weak, strong = (HEARD[i][0].astype(np.float64) for i in range(3))
    assert_allclose(strong - clean, 10 * (weak - clean), atol=1e-5)


@pytest.mark.parametrize("name", list(CORRUPTIONS))
def test_corruptions_keep_the_length_and_repeat(name):
    signal = 0.5 * np.sin(2 * np.pi * 440 * np.arange(8001) / RATE).astype(np.float32)
    one, other = (CORRUPTIONS[name](signal, RATE, np.random.default_rng(0)) for _ in range(2))
    assert len(one) == len(signal)
    assert_array_equal(one, other)
    assert np.isfinite(one).all()
    assert np.abs(one - signal).max() > 1e-3


def test_clipping_is_that_of_the_speech_however_long_the_pauses():
    rng = np.random.default_rng(0)
    speech = rng.normal(0, 0.1, RATE).astype(np.float32)
    clip = CORRUPTIONS["clipping"]
    expected = clip(speech, RATE, rng)
    for pause in (RATE, 20 * RATE):
        clipped = clip(np.r_[np.zeros(pause, np.float32), speech], RATE, rng)
        assert_allclose(clipped[pause:], expected)
        assert not clipped[:pause].any()
    silence = np.zeros(RATE + 7, np.float32)
    assert_array_equal(clip(silence, RATE, rng), silence)
    silence[-1] = 0.1  # behind the last whole frame
    assert_array_equal(clip(silence, RATE, rng), silence)


def test_corruptions_do_what_they_are_called():
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.1, 2 * RATE)
    for name in ("telephone", "codec"):
        frequency, power = welch(CORRUPTIONS[name](noise, RATE, rng), RATE, nperseg=1024)
        assert power[frequency > 5000].max() < 0.01 * power[frequency < 3000].max()
    clipped = CORRUPTIONS["clipping"](noise, RATE, rng)
    assert np.isclose(np.abs(clipped), np.abs(clipped).max()).mean() == pytest.approx(0.1, abs=1e-3)
    click = np.zeros(RATE)
    click[0] = 1
    heard = CORRUPTIONS["reverberation"](click, RATE, rng)
    assert heard[0] == pytest.approx(1)
    assert np.sum(heard[1:] ** 2) == pytest.approx(1)
    early, late = (np.mean(heard[i : i + 800] ** 2) for i in (1, 1 + RATE // 5))
    assert _decibel(early / late) == pytest.approx(20, abs=1)  # 60 dB in 0.6 s
    assert np.abs(CORRUPTIONS["codec"](np.full(RATE, 3.0), RATE, rng)).max() > 2  # no overflow


def test_a_real_pipeline_is_extracted_once_a_condition_and_clean_as_evaluate(tmp_path):
    X, y, speakers = _corpus(n_speakers=3)
    model = make_pipeline(MFCC(n_mfcc=5), Functionals(), StandardScaler(), LogisticRegression())
    params = {"groups": speakers, "noise": {"hiss": "white", "talk": "babble"}, "snrs": [10, 0]}
    result = noise_curve({"a": model, "b": model}, X, y, path=tmp_path, **params)
    expected = evaluate({"a": model}, X, y, groups=speakers).predictions
    own = result.predictions[result.predictions["pipeline"] == "a"]
    clean = own[own["condition"] == "clean"].reset_index(drop=True)
    pd.testing.assert_frame_equal(clean[expected.columns], expected)
    # Three folds, two pipelines, five conditions: each utterance is met five times.
    assert len(list((tmp_path / "features").rglob("*.npy"))) == 5 * len(X)
    noisy = result.predictions[result.predictions["snr"] == 0]
    test = paired_permutation_test(noisy[noisy["condition"] == "hiss"])
    assert test["difference"].tolist() == [0]
    assert set(result.compare_drops()["condition"]) == {"hiss", "talk"}
    assert (result.compare_drops()["difference"] == 0).all()


def test_an_interrupted_or_wider_study_continues(tmp_path):
    X, y, speakers = _corpus(n_speakers=3)
    params = {"groups": speakers, "noise": "pink", "path": tmp_path}
    first = noise_curve(Listener(), X, y, snrs=[10, 0], **params)
    assert len(FITTED) == 3
    again = noise_curve(Listener(), X, y, snrs=[10, 0], **params)
    assert len(FITTED) == 3
    pd.testing.assert_frame_equal(again.predictions, first.predictions)
    pd.testing.assert_frame_equal(again.fits, first.fits)
    next(tmp_path.glob("*pink-0-0*fold1*.json")).unlink()
    heard = len(HEARD)
    noise_curve(Listener(), X, y, snrs=[10, 0, -5], corruption="clipping", **params)
    assert len(FITTED) == 6
    assert len(HEARD) == heard + 3 * 2 + 1
    noise_curve(Listener(), X, y, snrs=[10], random_state=1, **params)
    assert len(FITTED) == 9


def test_frames_with_segments_and_speakers_keep_all_but_the_audio(tmp_path):
    X, y, speakers = _corpus(n_speakers=2)
    path = tmp_path / "all.wav"
    soundfile.write(path, np.concatenate(X), RATE, subtype="FLOAT")
    start = 0.25 * np.arange(len(X))
    frame = pd.DataFrame({"file": str(path), "start": start, "end": start + 0.25})
    frame["speaker"] = speakers
    noise_curve(Listener(), frame, y, snrs=[0])
    in_segments = [x for part in HEARD for x in part]
    HEARD.clear()
    noise_curve(Listener(), X, y, groups=speakers, snrs=[0])
    for one, other in zip(in_segments, [x for part in HEARD for x in part], strict=True):
        assert_array_equal(one, other)
    HEARD.clear()
    indexed = frame.set_index(["file", "start", "end"])
    noise_curve(Listener(), indexed, y, snrs=[0])
    for one, other in zip(in_segments, [x for part in HEARD for x in part], strict=True):
        assert_array_equal(one, other)


def test_training_and_test_noise_are_kept_apart(tmp_path):
    X, y, speakers = _corpus(n_speakers=2)
    write_noise(tmp_path, ["train/a.wav", "test/b.wav"])

    def pipeline(folder):
        return make_sampling_pipeline(
            NoiseSampler(folder), MFCC(), Functionals(), LogisticRegression()
        )

    with pytest.raises(ValueError, match=r"trains with 1 of the recordings .*b\.wav"):
        noise_curve(pipeline(tmp_path), X, y, groups=speakers, noise=tmp_path / "test")
    result = noise_curve(
        pipeline(tmp_path / "train"), X, y, groups=speakers, noise=tmp_path / "test", snrs=[0]
    )
    assert result.curve["condition"].tolist() == ["clean", "test"]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"noise": "brown"}, "no folder with audio files"),
        ({"noise": 3}, "noise is a int"),
        ({"noise": []}, r"noise=\[\] .*nothing but clean"),
        ({"noise": [np.ones(9), np.ones(9)]}, r"a list with a ndarray.*noise={'rain': \["),
        ({"noise": {"clean": "white"}}, "named {'clean'}"),
        (
            {"corruption": ["codec", "codec"]},
            r"\['codec'\] occur twice",
        ),
        ({"snrs": [5, 5]}, r"\['white'\] occur twice"),
        ({"noise": ["below/rain", "above/rain"]}, r"2 entries of the 1 names \['rain'\]"),
        ({"snrs": []}, "one or more numbers"),
        ({"snrs": [np.nan]}, "one or more numbers"),
        ({"corruption": "underwater"}, r"corruption has \['underwater'\]"),
        ({"n_talkers": 0}, "n_talkers=0"),
        ({"cv": [([0, 1, 2], [3])]}, "Fold 0 has 1 speakers in training and test"),
    ],
)
def test_bad_arguments_are_refused(params, message):
    X, y, speakers = _corpus(n_speakers=2)
    with pytest.raises(ValueError, match=message):
        noise_curve(Listener(), X, y, groups=speakers, **params)


def test_features_and_another_rate_are_refused():
    X, y, speakers = _corpus(n_speakers=2)
    with pytest.raises(ValueError, match=r"shape \(8, 3\)"):
        noise_curve(Listener(), np.zeros((8, 3)), y, groups=speakers)
    model = make_pipeline(MFCC(sampling_rate=8000), Functionals(), LogisticRegression())
    with pytest.raises(ValueError, match=r"mfcc__sampling_rate=8000, but noise .*=16000"):
        noise_curve(model, X, y, groups=speakers)


def test_noise_and_extractors_read_the_same_channel(tmp_path):
    X, y, speakers = _corpus(n_speakers=2)
    files = [tmp_path / f"{i}.wav" for i in range(len(X))]
    for file, x in zip(files, X, strict=True):
        soundfile.write(file, np.c_[x, 0.5 * x], RATE)
    model = make_pipeline(MFCC(channel=1), Functionals(), StandardScaler(), LogisticRegression())
    with pytest.raises(ValueError, match="mfcc__channel=1, but noise is added with channel='mean'"):
        noise_curve(model, files, y, groups=speakers)
    result = noise_curve(model, files, y, groups=speakers, channel=1, snrs=100)
    uar = result.curve["uar"]
    assert uar[0] == uar[1]  # next to no noise: both conditions hear the same channel


def test_noise_that_is_no_audio_shows_before_any_training(tmp_path):
    write_noise(tmp_path, ["a.wav"])
    (tmp_path / "b.wav").write_text("no audio", encoding="utf-8")
    X, y, speakers = _corpus(n_speakers=2)
    HEARD.clear()
    with pytest.raises(ValueError, match=r"b\.wav.* cannot be read as audio"):
        noise_curve(Listener(), X, y, groups=speakers, noise=tmp_path)
    assert not HEARD
