"""OpenSmileFeatures against openSMILE itself, its cache, its parallel work and its errors."""

import pickle
import shutil
import time
import warnings
from pathlib import Path

import joblib
import numpy as np
import opensmile
import pandas as pd
import pytest
import soundfile
from joblib._parallel_backends import ThreadingBackend
from sklearn.base import clone
from sklearn.model_selection import LeaveOneGroupOut, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import check_estimator

from sklearn_ser.features import OpenSmileFeatures
from sklearn_ser.features._opensmile import FEATURE_SETS
from sklearn_ser.utils.estimator_checks import check_utterance_transformer

RATE = 16000
LEVELS = {
    "functionals": opensmile.FeatureLevel.Functionals,
    "lld": opensmile.FeatureLevel.LowLevelDescriptors,
    "lld_de": opensmile.FeatureLevel.LowLevelDescriptors_Deltas,
}

pytestmark = pytest.mark.filterwarnings("ignore:Feature set .* is deprecated")


def voice(seconds=0.8, pitch=120, seed=0):
    rng = np.random.default_rng(seed)
    phase = 2 * np.pi * pitch * np.arange(int(seconds * RATE)) / RATE
    buzz = sum(np.sin(k * phase) / k for k in range(1, 10))
    return (0.1 * (buzz + 0.1 * rng.normal(size=phase.size))).astype(np.float32)


@pytest.fixture
def files(tmp_path):
    paths = [tmp_path / f"{pitch}.wav" for pitch in (100, 150, 200, 250)]
    for path in paths:
        soundfile.write(path, voice(0.5, int(path.stem)), RATE, subtype="PCM_16")
    return paths


@pytest.fixture
def extractions(monkeypatch):
    """Record the rows that are extracted rather than read from the cache."""
    rows: list[int] = []
    original = OpenSmileFeatures._extract

    def spy(self, signal, utterance):
        rows.append(utterance.row)
        return original(self, signal, utterance)

    monkeypatch.setattr(OpenSmileFeatures, "_extract", spy)
    return rows


@pytest.mark.parametrize("feature_set", FEATURE_SETS)
@pytest.mark.parametrize("level", LEVELS)
def test_values_and_names_of_opensmile(feature_set, level):
    extractor = OpenSmileFeatures(feature_set, level=level)
    try:
        smile = opensmile.Smile(opensmile.FeatureSet[feature_set], LEVELS[level])
    except ValueError:
        with pytest.raises(ValueError, match="no level='lld_de'"):
            extractor.fit([voice()])
        return
    expected = smile.process_signal(voice(), RATE)
    [actual] = extractor.transform([voice()])
    np.testing.assert_array_equal(
        actual, expected.to_numpy()[0] if level == "functionals" else expected.to_numpy()
    )
    assert actual.dtype == (np.float64 if level == "functionals" else np.float32)
    assert list(extractor.get_feature_names_out()) == list(expected.columns)


def test_every_set_is_offered():
    aliases = {"GeMAPS", "eGeMAPS"}
    assert set(FEATURE_SETS) == set(opensmile.FeatureSet.__members__) - aliases


def test_path_of_a_configuration(tmp_path):
    shipped = Path(opensmile.__file__).parent / "core" / "config"
    for suffix in ("is09-13", "shared"):
        shutil.copytree(shipped / suffix, tmp_path / suffix)
    conf = tmp_path / "is09-13" / "IS09_emotion.conf"
    expected = OpenSmileFeatures("IS09").transform([voice()])
    for path in (conf, str(conf)):
        np.testing.assert_array_equal(OpenSmileFeatures(path).transform([voice()]), expected)
    with pytest.raises(ValueError, match="no such file"):
        OpenSmileFeatures(tmp_path / "none.conf").fit([voice()])


def test_same_length_sequences_stay_a_1d_object_array():
    sequences = OpenSmileFeatures("IS09", level="lld").transform([voice(seed=0), voice(seed=1)])
    assert sequences.shape == (2,)
    assert sequences.dtype == object


def test_file_and_opensmile_agree(files):
    smile = opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02)
    np.testing.assert_array_equal(
        OpenSmileFeatures().transform(files),
        smile.process_files([str(file) for file in files]).to_numpy(),
    )


@pytest.mark.parametrize("peak", [1.0, 1.7, -1.0])
def test_full_scale_does_not_wrap_around(peak):
    signal = voice()
    signal *= peak / signal[np.abs(signal).argmax()]
    smile = opensmile.Smile(opensmile.FeatureSet.IS09)
    expected = smile.process_signal(signal * (0.999 / abs(peak)), RATE).to_numpy()
    actual = OpenSmileFeatures("IS09").transform([signal])
    np.testing.assert_allclose(actual, expected, rtol=1e-3, atol=1e-2)
    if peak > 0:  # What openSMILE makes of it without care.
        wrapped = smile.process_signal(signal, RATE).to_numpy()
        assert np.abs(wrapped - expected).max() > 1


@pytest.mark.parametrize("level", ["functionals", "lld"])
@pytest.mark.parametrize("feature_set", FEATURE_SETS)
def test_short_utterances(feature_set, level):
    short = voice(0.02)
    extractor = OpenSmileFeatures(feature_set, level=level)
    with pytest.raises(ValueError, match=r"row 1\) lasts 0\.0200 s.*at least 0\.0.*short='pad'"):
        extractor.transform([voice(), short])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        padded = extractor.set_params(short="pad").transform([voice(), short])[1]
        assert np.isfinite(padded).all()
        missing = extractor.set_params(short="nan").transform([voice(), short])
    assert np.isfinite(missing[0]).all()
    assert np.isnan(missing[1]).all()
    assert missing[1].shape[-1] == padded.shape[-1]


def test_the_shortest_length_is_exact():
    extractor = OpenSmileFeatures("IS09")
    extractor.transform([voice()[:400]])  # IS09 has windows of 25 ms.
    with pytest.raises(ValueError, match=r"lasts 0\.0249 s.*at least 0\.0250 s"):
        extractor.transform([voice()[:399]])


@pytest.mark.parametrize("feature_set", FEATURE_SETS)
def test_silence_is_finite(feature_set):
    assert np.isfinite(OpenSmileFeatures(feature_set).transform([np.zeros(RATE)])).all()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"feature_set": "eGeMAPS02"}, r"'eGeMAPS02' is unknown.*eGeMAPSv02.*\.conf"),
        ({"feature_set": None}, "'None' is unknown"),
        ({"level": "func"}, "level='func' is unknown.*functionals, lld, lld_de"),
        ({"level": "lld_de"}, "no level='lld_de'"),
        ({"short": "ignore"}, "short='ignore' is unknown.*raise, nan, pad"),
        ({"sampling_rate": 0}, "sampling_rate=0"),
        ({"sampling_rate": 16e3}, "sampling_rate=16000.0"),
        ({"channel": "left"}, "channel='left'"),
        ({"channel": -1}, "channel=-1"),
        ({"memory": 3}, "memory=3"),
    ],
)
def test_bad_parameters(parameters, message):
    extractor = OpenSmileFeatures(**parameters)
    for method in (extractor.fit, extractor.transform):
        with pytest.raises(ValueError, match=message):
            method([voice()])


def test_bad_file_is_named(files):
    files[2].write_text("no audio")
    with pytest.raises(ValueError, match=r"200\.wav' \(row 2\) cannot be read as audio"):
        OpenSmileFeatures("IS09", n_jobs=2).transform(files)


def test_set_output(files):
    frame = pd.DataFrame({"file": files, "speaker": "03"}, index=list("abcd"))
    extractor = OpenSmileFeatures("IS09").set_output(transform="pandas")
    for transformed in (extractor.transform(frame), clone(extractor).fit_transform(frame)):
        assert list(transformed.index) == list("abcd")
        assert list(transformed.columns) == list(extractor.get_feature_names_out())
    pipeline = make_pipeline(OpenSmileFeatures("IS09", level="lld"))
    sequences = pipeline.set_output(transform="pandas").fit_transform(frame)
    assert sequences.shape == (4,)
    assert sequences.dtype == object


def test_clone_pickle_and_lazy_construction():
    extractor = OpenSmileFeatures("IS10", level="lld", n_jobs=2)
    extractor.transform([voice()])
    assert clone(extractor).get_params() == extractor.get_params()
    assert pickle.loads(pickle.dumps(extractor)).get_params() == extractor.get_params()
    assert vars(extractor).keys() == extractor.get_params().keys()


def test_threads_do_not_disturb_one_another():
    signals = [voice(0.5, pitch) for pitch in range(80, 200, 5)]
    extractor = OpenSmileFeatures("IS09")
    expected = extractor.transform(signals)
    extractor.set_params(n_jobs=4)
    for _ in range(3):
        np.testing.assert_array_equal(extractor.transform(signals), expected)


def test_the_backend_of_the_user_wins(files):
    used = []

    class Recording(ThreadingBackend):
        def configure(self, n_jobs=1, parallel=None, **kwargs):
            used.append(n_jobs)
            return super().configure(n_jobs, parallel, **kwargs)

    joblib.register_parallel_backend("recording", Recording)
    with joblib.parallel_config("recording", n_jobs=2):
        features = OpenSmileFeatures("IS09").transform(files)
    assert used == [2]
    with joblib.parallel_config("loky", n_jobs=2):
        np.testing.assert_array_equal(OpenSmileFeatures("IS09").transform(files), features)


def test_progress_bar(files, capsys):
    OpenSmileFeatures("IS09").transform(files)
    assert capsys.readouterr().err == ""
    OpenSmileFeatures("IS09", verbose=1, n_jobs=2).transform(files)
    assert "4/4" in capsys.readouterr().err


@pytest.mark.parametrize("level", ["functionals", "lld"])
def test_cache_gives_the_same(files, tmp_path, extractions, level):
    expected = OpenSmileFeatures("IS09", level=level).transform(files)
    extractions.clear()
    for memory in (tmp_path / "c", str(tmp_path / "c"), joblib.Memory(tmp_path / "c", verbose=0)):
        actual = OpenSmileFeatures("IS09", level=level, memory=memory, n_jobs=2).transform(files)
        for one, other in zip(actual, expected, strict=True):
            np.testing.assert_array_equal(one, other)
            assert one.dtype == other.dtype
    assert sorted(extractions) == [0, 1, 2, 3]
    OpenSmileFeatures("IS09", level=level, memory=joblib.Memory(None)).transform(files)
    assert len(extractions) == 8


def test_cache_key(files, tmp_path, extractions):
    def extracted(X, **parameters):
        extractions.clear()
        OpenSmileFeatures(**{"feature_set": "IS09", "memory": tmp_path, **parameters}).transform(X)
        return sorted(extractions)

    assert extracted(files) == [0, 1, 2, 3]
    assert extracted(files[::-1], n_jobs=2, verbose=1) == []
    assert extracted(files, level="lld") == [0, 1, 2, 3]
    assert extracted(files[:1], sampling_rate=8000) == [0]
    assert extracted(files[:1], short="pad") == [0]
    segment = pd.DataFrame({"file": files, "start": [0.1, 0, 0, 0], "end": [0.3, 0.2, None, None]})
    assert extracted(segment) == [0, 1]
    assert extracted(segment) == []
    waveforms = [voice(seed=0), voice(seed=1)]
    assert extracted(waveforms) == [0, 1]
    assert extracted([waveforms[1], waveforms[0], voice(seed=2)]) == [2]
    time.sleep(0.01)
    soundfile.write(files[1], voice(0.5, 130), RATE, subtype="PCM_16")
    assert extracted(files) == [1]


def test_damaged_cache_is_extracted_anew(files, tmp_path, extractions):
    extractor = OpenSmileFeatures("IS09", memory=tmp_path / "cache")
    expected = extractor.transform(files)
    entries = sorted((tmp_path / "cache").rglob("*.npy"))
    entries[0].write_bytes(b"")
    entries[1].write_bytes(entries[1].read_bytes()[:200])
    entries[2].write_bytes(b"not numpy's")
    extractions.clear()
    np.testing.assert_array_equal(extractor.transform(files), expected)
    assert len(extractions) == 3
    np.testing.assert_array_equal(extractor.transform(files), expected)
    assert len(extractions) == 3
    assert sorted((tmp_path / "cache").rglob("*")) == [entries[0].parent, *entries]


def test_cross_validation_extracts_each_utterance_once(files, tmp_path, extractions):
    pipeline = make_pipeline(
        OpenSmileFeatures("IS09", memory=tmp_path / "cache"), StandardScaler(), SVC()
    )
    y, groups = [0, 1, 0, 1], [0, 0, 1, 1]
    cross_val_score(pipeline, np.array(files), y, groups=groups, cv=LeaveOneGroupOut())
    assert len(extractions) == 4


def test_what_is_no_audio_shows_before_the_work(files, extractions):
    files[3].write_text("no audio")
    with pytest.raises(ValueError, match=r"250\.wav"):
        OpenSmileFeatures("IS09").transform(files)
    assert not extractions


def test_work_before_an_error_is_kept(files, tmp_path, extractions):
    content = files[3].read_bytes()
    files[3].write_bytes(content[: len(content) // 2])  # of which the header does not tell
    extractor = OpenSmileFeatures("IS09", memory=tmp_path / "cache")
    with pytest.raises(ValueError, match=r"250\.wav"):
        extractor.transform(files)
    files[3].write_bytes(content)
    extractions.clear()
    extractor.transform(files)
    assert extractions == [3]


@pytest.mark.parametrize(
    "extractor",
    [OpenSmileFeatures(), OpenSmileFeatures("IS09", level="lld_de")],
    ids=repr,
)
def test_common_checks(extractor):
    check_utterance_transformer(extractor)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check_estimator(extractor)
