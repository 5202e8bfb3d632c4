"""Samplers of utterances: what the copies are, and what becomes of the rows."""

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
import soundfile
from imblearn.pipeline import make_pipeline
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_predict

from sklearn_ser import NoiseSampler, OpenSmileFeatures, SpeakerNormalizer, SpeedSampler
from sklearn_ser.augmentation._noise import add_noise, cut_noise
from sklearn_ser.features import MFCC, Functionals, LogMelSpectrogram

RATE = 16000


def tone(frequency=220.0, n_samples=RATE):
    return (0.3 * np.sin(2 * np.pi * frequency * np.arange(n_samples) / RATE)).astype(np.float32)


def snr_of(noisy, clean):
    return 10 * np.log10(np.mean(clean**2) / np.mean((noisy - clean) ** 2))


@pytest.fixture
def utterances():
    signals = [tone(150 + 20 * i, 6000 + 500 * i) for i in range(8)]
    frame = pd.DataFrame({"file": signals, "speaker": list("aabbccdd"), "text_id": range(8)})
    return frame, np.array(["anger", "fear"] * 4)


@pytest.fixture
def noise_folder(tmp_path):
    """Return a folder with two recordings of noise, most of one of them silent."""
    rng = np.random.default_rng(0)
    (tmp_path / "rain").mkdir()
    burst = np.zeros(RATE)
    burst[2000:4000] = rng.normal(scale=0.1, size=2000)
    soundfile.write(tmp_path / "rain" / "1.wav", burst, RATE)
    soundfile.write(tmp_path / "2.flac", rng.normal(scale=0.02, size=(3000, 2)), 8000)
    (tmp_path / "readme.txt").write_text("no audio")
    return tmp_path


@pytest.mark.parametrize("factor", [0.8, 0.9, 1.1, 2.0])
def test_speed_changes_duration_and_pitch(factor):
    [_, copy], _ = SpeedSampler((factor,)).fit_resample([tone(400.0)], ["anger"])
    assert len(copy) == round(RATE / factor)
    assert copy.dtype == np.float32
    spectrum = np.abs(np.fft.rfft(copy * np.hanning(len(copy)), n=8 * RATE))
    assert_allclose(spectrum.argmax() / 8, 400 * factor, atol=0.5)
    middle = slice(len(copy) // 4, len(copy) // 2)
    expected = 0.3 * np.sin(2 * np.pi * 400 * factor * np.arange(len(copy)) / RATE)
    assert_allclose(copy[middle], expected[middle], atol=1e-3)


@pytest.mark.parametrize("snr", [-5.0, 0.0, 20.0])
@pytest.mark.parametrize("kind", ["white", "folder"])
def test_noise_has_the_ratio_asked_for(snr, kind, noise_folder):
    noise = "white" if kind == "white" else noise_folder
    signals = [tone(), 0.01 * tone(300, 50000)]
    copies, _ = NoiseSampler(noise, snr=snr, n_copies=3, random_state=0).fit_resample(
        signals, [0, 1]
    )
    for row, copy in enumerate(copies[2:]):
        assert_allclose(snr_of(copy.astype(float), signals[row % 2]), snr, atol=0.01)


def test_the_channel_is_that_of_the_utterances(tmp_path):
    rng = np.random.default_rng(0)
    soundfile.write(tmp_path / "noise.wav", rng.normal(scale=0.02, size=3000), RATE)
    stereo = np.column_stack([np.zeros(RATE), tone()])
    soundfile.write(tmp_path / "a.wav", stereo, RATE, subtype="FLOAT")
    sampler = NoiseSampler([tmp_path / "noise.wav"], snr=3.0, channel=1, random_state=0)
    copies, _ = sampler.fit_resample([tmp_path / "a.wav"], [0])
    assert_allclose(snr_of(copies[1].astype(float), tone()), 3, atol=0.01)


def test_ratios_are_drawn_between_the_bounds():
    copies, _ = NoiseSampler(snr=(0, 10), n_copies=200, random_state=0).fit_resample(
        [tone(n_samples=500)], [0]
    )
    ratios = [snr_of(copy, copies[0]) for copy in copies[1:]]
    assert -0.01 < min(ratios) < 0.5
    assert 9.5 < max(ratios) < 10.01
    assert_allclose(np.mean(ratios), 5, atol=0.7)


def test_white_noise_is_white():
    noisy = NoiseSampler(snr=0.0, random_state=0).fit_resample([tone(n_samples=60000)], [0])[0][1]
    noise = noisy - tone(n_samples=60000)
    power = np.abs(np.fft.rfft(noise)) ** 2
    assert_allclose([part.mean() / power.mean() for part in np.array_split(power, 4)], 1, atol=0.05)


def test_recordings_are_cut_where_they_sound():
    rng = np.random.default_rng(0)
    recording = np.zeros(5000)
    recording[1000:1100] = np.arange(1.0, 101.0)
    cuts = [cut_noise(recording, 150, rng) for _ in range(50)]
    assert len({cut[0] for cut in cuts}) > 20
    for cut in cuts:
        assert (cut > 0).all()
        assert_array_equal(np.diff(cut) % 100, 1)  # It goes round.


def test_silence_stays_silent():
    assert_array_equal(add_noise(np.zeros(10), np.ones(10), 5.0), np.zeros(10))


def test_each_copy_has_noise_of_its_own():
    copies, _ = NoiseSampler(snr=0.0, n_copies=2, random_state=0).fit_resample(
        [tone(), tone(230)], [0, 1]
    )
    noise = [copies[2 + i] - copies[i % 2] for i in range(4)]
    correlation = np.corrcoef(noise) - np.eye(4)
    assert np.abs(correlation).max() < 0.05
    other, _ = NoiseSampler(snr=0.0, n_copies=2, random_state=1).fit_resample(
        [tone(), tone(230)], [0, 1]
    )
    assert np.abs(other[2] - copies[2]).max() > 0.01


def test_originals_come_first_and_columns_go_along(utterances):
    X, y = utterances
    sampler = SpeedSampler((0.9, 1.1, 1.2))
    X_all, y_all = sampler.fit_resample(X, pd.Series(y, index=X.index))
    assert list(X_all.columns) == list(X.columns)
    assert_array_equal(X_all["text_id"], np.tile(np.arange(8), 4))
    assert_array_equal(X_all["speaker"], np.tile(X["speaker"], 4))
    assert isinstance(y_all, pd.Series)
    assert_array_equal(y_all, np.tile(y, 4))
    assert_array_equal(sampler.sample_indices_, np.tile(np.arange(8), 4))
    assert_array_equal(sampler.synthetic_mask_, np.arange(32) >= 8)
    for original, row in zip(X["file"], X_all["file"][:8], strict=True):
        assert row is original


def test_copies_have_durations_of_their_own(utterances):
    X, y = utterances
    X["duration_s"] = X["file"].map(len) / RATE
    X_all, _ = SpeedSampler((0.5, 2.0)).fit_resample(X, y)
    assert_array_equal(X_all["duration_s"], X_all["file"].map(len) / RATE)
    assert_allclose(X_all["duration_s"][8:16], 2 * X["duration_s"])


def test_a_copy_is_of_the_segment_alone(tmp_path):
    recording = np.concatenate([tone(200), tone(900)])
    soundfile.write(tmp_path / "a.wav", recording, RATE, subtype="FLOAT")
    X = pd.DataFrame({"file": [str(tmp_path / "a.wav")] * 2, "start": [0, 1], "end": [1.0, 2.0]})
    X_all, _ = NoiseSampler(snr=90.0, random_state=0).fit_resample(X, [0, 1])
    assert_array_equal(X_all["start"], [0, 1, np.nan, np.nan])
    assert_array_equal(X_all["end"], [1, 2, np.nan, np.nan])
    for copy, expected in zip(X_all["file"][2:], (tone(200), tone(900)), strict=True):
        assert_allclose(copy, expected, atol=1e-3)
    assert [len(s) for s in LogMelSpectrogram().transform(X_all)] == [51] * 4


def test_the_index_of_audformat_turns_into_columns(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(), RATE)
    index = pd.MultiIndex.from_arrays(
        [[str(tmp_path / "a.wav")], [pd.Timedelta("0.2s")], [pd.Timedelta("0.7s")], ["03"]],
        names=["file", "start", "end", "speaker"],
    )
    frame = pd.DataFrame({"text_id": ["a01"]}, index=index)
    for X in (index, frame):
        X_all, _ = NoiseSampler(random_state=0).fit_resample(X, ["anger"])
        assert [len(s) for s in LogMelSpectrogram().transform(X_all)] == [26, 26]
        assert {"file", "start", "end"} <= set(X_all.columns)
        assert "speaker" in {*X_all.columns, *X_all.index.names}


def test_containers_of_paths_and_waveforms(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(), RATE)
    path = str(tmp_path / "a.wav")
    for X in ([path], np.array([path]), [tmp_path / "a.wav"]):
        X_all, y_all = SpeedSampler((2.0,)).fit_resample(X, ["anger"])
        assert X_all[0] == path
        assert len(X_all[1]) == 8000
        assert_array_equal(y_all, ["anger", "anger"])
    series = pd.Series([path], index=["u1"], name="audio")
    X_all, _ = SpeedSampler((2.0,)).fit_resample(series, ["anger"])
    assert list(X_all.index) == ["u1", "u1"]
    assert X_all.name == "audio"


def test_files_are_resampled_first(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(48000), 48000)
    X_all, _ = SpeedSampler((2.0,)).fit_resample([str(tmp_path / "a.wav")], [0])
    assert len(X_all[1]) == 8000


class Counter(ClassifierMixin, BaseEstimator):
    """Remembers how many rows it was fitted to."""

    def fit(self, X, y):
        """Count."""
        self.classes_, self.n_rows_ = np.unique(y), len(X)
        return self

    def predict(self, X):
        """Predict the first class."""
        self.n_predicted_ = len(X)
        return np.full(len(X), self.classes_[0])


def test_a_pipeline_augments_in_fit_only(utterances):
    X, y = utterances
    model = make_pipeline(
        SpeedSampler(), NoiseSampler(random_state=0), MFCC(), Functionals(), Counter()
    )
    predicted = model.fit(X, y).predict(X)
    assert model[-1].n_rows_ == 8 * 3 * 2
    assert len(predicted) == model[-1].n_predicted_ == 8
    with sklearn.config_context(enable_metadata_routing=True):
        assert model.fit(X, y)[-1].n_rows_ == 8 * 3 * 2


def test_the_speaker_normaliser_finds_the_speaker_of_the_copies(utterances):
    X, y = utterances
    model = make_pipeline(
        SpeedSampler(), SpeakerNormalizer(MFCC(), min_utterances=0), Functionals(), Counter()
    )
    groups = X["speaker"]
    predicted = cross_val_predict(model, X, y, groups=groups, cv=GroupKFold(2))
    assert predicted.shape == y.shape
    grid = {"speedsampler__factors": [(1.1,), (0.9, 1.1)]}
    search = GridSearchCV(model, grid, cv=GroupKFold(2)).fit(X, y, groups=groups)
    assert search.best_estimator_[-1].n_rows_ in (16, 24)


def test_a_cache_meets_each_copy_once_in_a_cross_validation(utterances, tmp_path):
    X, y = utterances
    model = make_pipeline(
        NoiseSampler(random_state=0), OpenSmileFeatures("IS09", memory=tmp_path), Counter()
    )
    cross_val_predict(model, X, y, groups=X["speaker"], cv=GroupKFold(4))
    assert len(list(tmp_path.rglob("*.npy"))) == 16  # 8 utterances and one copy of each.


def test_noise_may_be_waveforms_or_a_frame_of_files(noise_folder):
    rng = np.random.default_rng(0)
    for noise in (
        [rng.normal(size=100), rng.normal(size=20000)],
        pd.DataFrame({"file": [str(noise_folder / "2.flac")], "start": [0.1]}),
        [noise_folder / "2.flac"],
        str(noise_folder),
    ):
        sampler = NoiseSampler(noise, snr=3.0, random_state=0)
        copies, _ = sampler.fit_resample([tone()], [0])
        assert_allclose(snr_of(copies[1].astype(float), tone()), 3, atol=0.01)
    assert len(sampler.recordings_) == 2


@pytest.mark.parametrize(
    ("sampler", "message"),
    [
        (SpeedSampler(()), r"factors=\(\)"),
        (SpeedSampler((0.9, -1)), r"factors=\(0.9, -1\): give one or more from 0.1"),
        (SpeedSampler(1.1), "'factors' parameter"),
        (SpeedSampler(sampling_rate=0), "sampling_rate=0"),
        (SpeedSampler(channel=-1), "channel=-1: give 'mean' or a channel number"),
        (NoiseSampler(channel="left"), "channel='left': give 'mean'"),
        (NoiseSampler(snr=(20, 5)), r"snr=\(20, 5\): give a number of dB"),
        (NoiseSampler(snr=(1, 2, 3)), r"snr=\(1, 2, 3\)"),
        (NoiseSampler(snr="5"), "'snr' parameter"),
        (NoiseSampler(n_copies=0), "'n_copies' parameter"),
        (NoiseSampler("wite"), "noise='wite': no folder with audio files in it"),
        (NoiseSampler([np.zeros(100)]), "noise the waveform.*is silent throughout"),
        (NoiseSampler(random_state="one"), "'random_state' parameter"),
    ],
    ids=repr,
)
def test_bad_parameters(sampler, message, utterances):
    with pytest.raises(ValueError, match=message):
        sampler.fit_resample(*utterances)


def test_bad_input(utterances):
    X, y = utterances
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        SpeedSampler().fit_resample(X, y[:3])
    with pytest.raises(ValueError, match="X has 0 sample"):
        SpeedSampler().fit_resample([], [])
    with pytest.raises(ValueError, match="no column or index level 'file'"):
        SpeedSampler().fit_resample(X[["speaker"]], y)


def test_the_seed_may_be_a_random_state(utterances):
    state = np.random.RandomState(0)
    first, second = (
        NoiseSampler(random_state=state).fit_resample(*utterances)[0]["file"].iloc[8]
        for _ in range(2)
    )
    assert np.abs(first - second).max() > 0
    assert joblib.hash(first) != joblib.hash(second)
