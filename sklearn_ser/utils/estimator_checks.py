"""Common checks that scikit-learn's cannot make, since its X is never audio."""

import pickle
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

__all__ = ["check_utterance_transformer"]

_RATE = 16000


def check_utterance_transformer(estimator: Any) -> None:
    """Check a transformer from utterances to features or sequences.

    Parameters
    ----------
    estimator : transformer
        An instance for audio at 16 kHz. One that needs the speaker must say so in its error.

    Raises
    ------
    AssertionError
        If it breaks the conventions that transformers on utterances keep.

    Examples
    --------
    >>> from sklearn_ser.features import OpenSmileFeatures
    >>> from sklearn_ser.utils.estimator_checks import check_utterance_transformer
    >>> check_utterance_transformer(OpenSmileFeatures("IS09"))
    """
    waveforms = _waveforms()
    speakers = ["03", "08"] * (len(waveforms) // 2)
    samples = pd.DataFrame({"file": pd.Series(waveforms, dtype=object), "speaker": speakers})
    with tempfile.TemporaryDirectory() as folder:
        files = samples.assign(file=_write(waveforms, Path(folder)))
        fitted = clone(estimator).fit(files)
        expected = fitted.transform(files)

        _check_parameters(estimator, fitted)
        _check_input_is_kept(fitted, samples)
        _check_rng_is_kept(estimator, files)
        _check_names(fitted, expected)
        _check_empty(fitted, files)

        _assert_same(clone(estimator).fit_transform(files), expected, "fit_transform")
        _assert_same(pickle.loads(pickle.dumps(fitted)).transform(files), expected, "pickling")
        _assert_same(fitted.transform(samples), expected, "waveforms instead of files")
        _assert_same(fitted.transform(files[::-1])[::-1], expected, "another order")
        _assert_same(_parallel(estimator).fit(files).transform(files), expected, "n_jobs=2")
        _check_without_speaker(fitted, files[["file"]], waveforms)
        _check_silence(fitted, samples)


def _waveforms() -> list[np.ndarray]:
    """Synthesise six buzzing voices of different pitch and length, exact in 16 bits."""
    rng = np.random.default_rng(0)
    waveforms = []
    for number, pitch in enumerate((110, 210, 130, 180, 120, 230)):
        n_samples = 8000 + 1000 * number
        phase = 2 * np.pi * pitch * np.arange(n_samples) / _RATE
        voice = sum(np.sin(k * phase) / k for k in range(1, 8)) + 0.05 * rng.normal(size=n_samples)
        waveforms.append(np.round(0.1 * voice * 32768).astype(np.float32) / 32768)
    return waveforms


def _write(waveforms: list[np.ndarray], folder: Path) -> list[str]:
    import soundfile

    files = [str(folder / f"{number}.wav") for number in range(len(waveforms))]
    for file, waveform in zip(files, waveforms, strict=True):
        soundfile.write(file, waveform, _RATE, subtype="PCM_16")
    return files


def _assert_same(actual: Any, expected: Any, occasion: str) -> None:
    assert len(actual) == len(expected), occasion
    for row, (one, other) in enumerate(zip(actual, expected, strict=True)):
        np.testing.assert_allclose(
            one, other, rtol=1e-5, atol=1e-7, err_msg=f"{occasion}: row {row} differs"
        )


def _check_parameters(estimator: Any, fitted: Any) -> None:
    parameters = estimator.get_params(deep=False)
    copy = clone(estimator).set_params(**parameters)
    for name, value in fitted.get_params(deep=False).items():
        assert type(value) is type(parameters[name]), f"fit changed the parameter {name}"
        assert repr(copy.get_params(deep=False)[name]) == repr(parameters[name]), name


def _check_input_is_kept(fitted: Any, frame: pd.DataFrame) -> None:
    before = frame.copy()
    before["file"] = [waveform.copy() for waveform in frame["file"]]
    fitted.transform(frame)
    assert list(before.columns) == list(frame.columns), "transform changed the columns of X"
    for was, waveform in zip(before["file"], frame["file"], strict=True):
        np.testing.assert_array_equal(was, waveform, "transform changed a waveform")


def _check_rng_is_kept(estimator: Any, frame: pd.DataFrame) -> None:
    before = pickle.dumps(np.random.get_state())  # noqa: NPY002
    clone(estimator).fit(frame).transform(frame)
    assert pickle.dumps(np.random.get_state()) == before, (  # noqa: NPY002
        "the global random state moved"
    )


def _check_names(fitted: Any, expected: Any) -> None:
    width = np.asarray(expected[0]).shape[-1]
    names = fitted.get_feature_names_out()
    assert len(names) == len(set(names)) == width, f"{len(names)} names for {width} features"


def _check_empty(fitted: Any, frame: pd.DataFrame) -> None:
    nothing: list[Any] = [frame[:0], []]
    for empty in nothing:
        try:
            fitted.transform(empty)
        except ValueError:
            continue
        raise AssertionError("transform accepts an X without utterances")


def _check_without_speaker(fitted: Any, frame: pd.DataFrame, waveforms: list) -> None:
    files = list(frame["file"])
    try:
        expected = fitted.transform(frame)
    except ValueError as error:
        if "speaker" in str(error):
            return
        raise
    _assert_same(fitted.transform(files), expected, "a list of paths")
    _assert_same(fitted.transform([Path(file) for file in files]), expected, "a list of Path")
    _assert_same(fitted.transform(np.array(files)), expected, "an array of paths")
    _assert_same(fitted.transform(waveforms), expected, "a list of waveforms")


def _check_silence(fitted: Any, frame: pd.DataFrame) -> None:
    silence = [np.zeros_like(frame["file"][0]), *frame["file"][1:]]
    transformed = fitted.transform(frame.assign(file=pd.Series(silence, dtype=object)))
    for row, values in enumerate(transformed):
        assert np.isfinite(values).all(), f"row {row} is not finite beside a silent utterance"


def _parallel(estimator: Any) -> Any:
    names = [name for name in estimator.get_params() if name.split("__")[-1] == "n_jobs"]
    return clone(estimator).set_params(**dict.fromkeys(names, 2))
