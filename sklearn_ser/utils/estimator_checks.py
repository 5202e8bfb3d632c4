"""Common checks that scikit-learn's cannot make, since its X is never audio."""

import pickle
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from sklearn_ser.utils._ragged import as_sequences

__all__ = [
    "check_sequence_transformer",
    "check_utterance_classifier",
    "check_utterance_sampler",
    "check_utterance_transformer",
]

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


def check_utterance_classifier(estimator: Any) -> None:
    """Check a classifier of utterances.

    Parameters
    ----------
    estimator : classifier
        An instance for audio at 16 kHz whose ``random_state`` is an int.

    Raises
    ------
    AssertionError
        If it breaks the conventions that classifiers of utterances keep.

    Examples
    --------
    >>> from sklearn_ser import RawSpeechSER
    >>> from sklearn_ser.utils.estimator_checks import check_utterance_classifier
    >>> check_utterance_classifier(RawSpeechSER(max_epochs=1, n_filters=4, random_state=0))
    """
    waveforms = _waveforms()
    y = np.array(["anger", "fear"] * (len(waveforms) // 2))
    samples = pd.DataFrame({"file": pd.Series(waveforms, dtype=object), "speaker": "03"})
    with tempfile.TemporaryDirectory() as folder:
        files = samples.assign(file=_write(waveforms, Path(folder)))
        before = [waveform.copy() for waveform in waveforms]
        state = pickle.dumps(np.random.get_state())  # noqa: NPY002
        fitted = clone(estimator).fit(files, y)
        expected = fitted.predict_proba(files)
        predicted = fitted.predict(files)

        _check_parameters(estimator, fitted)
        assert list(fitted.classes_) == ["anger", "fear"], "classes_ are the sorted emotions"
        assert expected.shape == (len(y), 2), "a probability for each utterance and class"
        np.testing.assert_allclose(expected.sum(axis=1), 1, rtol=1e-5)
        np.testing.assert_array_equal(predicted, fitted.classes_[expected.argmax(axis=1)])

        again = clone(estimator).fit(files, list(y)).predict_proba(files)
        np.testing.assert_array_equal(again, expected, "the same seed gives other bits")
        paths = list(files["file"])
        for X, occasion in (
            (samples, "waveforms instead of files"),
            (waveforms, "a list of waveforms"),
            (paths, "a list of paths"),
            ([Path(path) for path in paths], "a list of Path"),
            (np.array(paths), "an array of paths"),
        ):
            _assert_same(fitted.predict_proba(X), expected, occasion)
        _assert_same(
            clone(estimator).fit(samples, y).predict_proba(samples), expected, "fit on waveforms"
        )
        _assert_same(pickle.loads(pickle.dumps(fitted)).predict_proba(files), expected, "pickling")
        _assert_same(fitted.predict_proba(files[::-1])[::-1], expected, "another order")
        for row in range(len(files)):
            alone = fitted.predict_proba(files[row : row + 1])
            _assert_same(alone, expected[row : row + 1], f"row {row} alone")

        for was, waveform in zip(before, waveforms, strict=True):
            np.testing.assert_array_equal(was, waveform, "fit or predict changed a waveform")
        assert pickle.dumps(np.random.get_state()) == state, (  # noqa: NPY002
            "the global random state moved"
        )
        _check_refused_utterances(estimator, fitted, files, y)


def check_sequence_transformer(estimator: Any) -> None:
    """Check a transformer from sequences to sequences or features.

    Parameters
    ----------
    estimator : transformer
        An instance.

    Raises
    ------
    AssertionError
        If it breaks the conventions that transformers on sequences keep.

    Examples
    --------
    >>> from sklearn_ser.preprocessing import SequenceScaler
    >>> from sklearn_ser.utils.estimator_checks import check_sequence_transformer
    >>> check_sequence_transformer(SequenceScaler())
    """
    sequences = _sequences((30, 12, 200, 30, 5, 1))
    fitted = clone(estimator).fit(sequences)
    expected = fitted.transform(sequences)

    _check_parameters(estimator, fitted)
    _check_layout(expected, len(sequences))
    _check_names(fitted, expected)
    _check_sequences_are_kept(estimator, sequences)
    _check_output_container(estimator, sequences, expected)
    _check_refusals(estimator, fitted, sequences)

    _assert_same(clone(estimator).fit_transform(sequences), expected, "fit_transform")
    _assert_same(pickle.loads(pickle.dumps(fitted)).transform(sequences), expected, "pickling")
    _assert_same(fitted.transform(sequences[::-1])[::-1], expected, "another order")
    for row in range(len(sequences)):
        alone = fitted.transform(sequences[row : row + 1])
        _assert_same(alone, expected[row : row + 1], f"row {row} alone")
    _assert_same(fitted.transform(list(sequences)), expected, "a list of sequences")
    series = pd.Series(list(sequences), index=range(10, 10 + len(sequences)))
    _assert_same(fitted.transform(series), expected, "a Series of sequences")
    doubled = as_sequences([sequence.astype(np.float64) for sequence in sequences])
    _assert_same(fitted.transform(doubled), expected, "float64 instead of float32")

    equal = np.stack(list(_sequences((20, 20, 20, 20))))
    _assert_same(
        clone(estimator).fit(equal).transform(equal),
        clone(estimator).fit(as_sequences(list(equal))).transform(as_sequences(list(equal))),
        "a 3-D array",
    )
    constant = np.ones_like(equal)
    for values in clone(estimator).fit(constant).transform(constant):
        assert np.isfinite(values).all(), "constant features give values that are not finite"


def check_utterance_sampler(estimator: Any) -> None:
    """Check a sampler that adds utterances.

    Parameters
    ----------
    estimator : sampler
        An instance for audio at 16 kHz whose ``random_state``, if it has one, is an int.

    Raises
    ------
    AssertionError
        If it breaks the conventions that samplers of utterances keep.

    Examples
    --------
    >>> from sklearn_ser.augmentation import SpeedSampler
    >>> from sklearn_ser.utils.estimator_checks import check_utterance_sampler
    >>> check_utterance_sampler(SpeedSampler())
    """
    waveforms = _waveforms()
    y = np.array(["anger", "fear"] * (len(waveforms) // 2))
    speakers = ["03", "03", "08", "08", "09", "09"]
    samples = pd.DataFrame({"file": pd.Series(waveforms, dtype=object), "speaker": speakers})
    with tempfile.TemporaryDirectory() as folder:
        files = samples.assign(file=_write(waveforms, Path(folder)))
        sampler = clone(estimator)
        before = files.copy()
        frame, labels = sampler.fit_resample(files, y)

        pd.testing.assert_frame_equal(files, before)
        assert not hasattr(sampler, "transform"), "a sampler does not transform"
        _check_parameters(estimator, sampler)
        assert list(frame.columns) == list(files.columns), "the columns of X are not carried along"
        n_copies, rest = divmod(len(frame), len(files))
        assert rest == 0, "the utterances do not get equally many copies"
        originals = list(frame["file"][: len(files)])
        assert all(isinstance(one, str) for one in originals), "originals come first, as they were"
        assert originals == list(files["file"]), "originals keep their order"
        assert list(frame["speaker"]) == speakers * n_copies, "copies lose their speaker"
        assert list(labels) == list(y) * n_copies, "copies lose their label"

        _assert_same_audio(clone(estimator).fit_resample(files, y)[0], frame, "the same seed")
        _assert_same_audio(
            pickle.loads(pickle.dumps(sampler)).fit_resample(files, y)[0], frame, "pickling"
        )
        _assert_same_audio(clone(estimator).fit_resample(samples, y)[0][6:], frame[6:], "samples")
        _check_copies_depend_on_the_utterance_alone(estimator, files, y, frame)
        listed, _ = clone(estimator).fit_resample(list(files["file"]), list(y))
        _assert_same_audio(pd.DataFrame({"file": listed}), frame, "a list of paths")


def _assert_same_audio(actual: pd.DataFrame, expected: pd.DataFrame, occasion: str) -> None:
    assert len(actual) == len(expected), occasion
    for one, other in zip(actual["file"], expected["file"], strict=True):
        if isinstance(one, str):
            assert one == other, occasion
        else:
            np.testing.assert_allclose(one, other, atol=1e-6, err_msg=occasion)


def _check_copies_depend_on_the_utterance_alone(
    estimator: Any, files: pd.DataFrame, y: np.ndarray, frame: pd.DataFrame
) -> None:
    # So that a cache of extracted features serves the copies in every fold.
    odd = np.arange(1, len(files), 2)
    subset, _ = clone(estimator).fit_resample(files.iloc[odd], y[odd])
    kept = np.arange(len(frame)) % len(files) % 2 == 1
    _assert_same_audio(subset, frame[kept], "other utterances beside it")


def _check_refused_utterances(
    estimator: Any, fitted: Any, files: pd.DataFrame, y: np.ndarray
) -> None:
    """Whatever is no utterance is refused with a ValueError, in fit and in predict."""
    spoilt = np.zeros(8000)
    spoilt[5] = np.nan
    refused = {
        "an X without utterances": files[:0],
        "features": np.ones((6, 4)),
        "NaN": [spoilt] * 6,
        "a waveform without samples": [spoilt[:0]] * 6,
        "a frame without files": files[["speaker"]],
    }
    _assert_refused(clone(estimator).predict, files, "predict before fit")
    _assert_refused(lambda X: clone(estimator).fit(X, y[:-1]), files, "fit with a label too few")
    for what, X in refused.items():
        _assert_refused(lambda X: clone(estimator).fit(X, y[: len(X)]), X, f"fit with {what}")
        _assert_refused(fitted.predict, X, f"predict with {what}")


def _sequences(lengths: tuple[int, ...]) -> np.ndarray:
    rng = np.random.default_rng(0)
    return as_sequences(
        [rng.normal(3.0, 2.0, size=(length, 4)).astype(np.float32) for length in lengths]
    )


def _check_layout(transformed: Any, n_rows: int) -> None:
    """Sequences are an object array, whatever their lengths; features are 2-D."""
    assert isinstance(transformed, np.ndarray)
    assert len(transformed) == n_rows, "a transformer keeps the number of rows"
    if transformed.dtype == object:
        assert transformed.ndim == 1, "sequences are a 1-D object array"
        assert all(x.ndim == 2 and x.dtype.kind == "f" for x in transformed)
    else:
        assert transformed.ndim == 2, "features are 2-D"


def _check_sequences_are_kept(estimator: Any, sequences: np.ndarray) -> None:
    before = [sequence.copy() for sequence in sequences]
    state = pickle.dumps(np.random.get_state())  # noqa: NPY002
    clone(estimator).fit(sequences).transform(sequences)
    _assert_same(sequences, before, "transform changed a sequence")
    assert pickle.dumps(np.random.get_state()) == state, (  # noqa: NPY002
        "the global random state moved"
    )


def _check_output_container(estimator: Any, sequences: np.ndarray, expected: Any) -> None:
    copy = clone(estimator).set_output(transform="pandas")
    transformed = copy.fit_transform(sequences)
    if expected.dtype == object:
        _assert_same(transformed, expected, "set_output concerns features only")
    else:
        assert list(transformed.columns) == list(copy.get_feature_names_out())
        _assert_same(transformed.to_numpy(), expected, "set_output changed the values")


def _check_refusals(estimator: Any, fitted: Any, sequences: np.ndarray) -> None:
    """Whatever is no sequence is refused with a ValueError, in fit and in transform."""
    spoilt = sequences[0].copy()
    spoilt[2, 1] = np.nan
    refused = {
        "an X without utterances": [],
        "features": np.ones((6, 4)),
        "a frame of features": pd.DataFrame(np.ones((6, 4))),
        "NaN": as_sequences([sequences[1], spoilt]),
        "a sequence without frames": as_sequences([sequences[1], sequences[0][:0]]),
        "sequences of different width": as_sequences([sequences[1], sequences[0][:, :2]]),
    }
    _assert_refused(clone(estimator).transform, sequences, "transform before fit")
    for what, X in refused.items():
        _assert_refused(clone(estimator).fit, X, f"fit with {what}")
        _assert_refused(fitted.transform, X, f"transform with {what}")
    narrow = as_sequences([sequence[:, :2] for sequence in sequences])
    _assert_refused(fitted.transform, narrow, "transform with another number of features")


def _assert_refused(method: Any, X: Any, occasion: str) -> None:
    try:
        method(X)
    except ValueError:
        return
    raise AssertionError(f"{occasion} is accepted")


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
