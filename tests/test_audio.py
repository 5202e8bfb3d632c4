"""Reading utterances: every accepted form gives the same samples, every bad one a clear error."""

import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from sklearn_ser.utils._audio import (
    check_readable,
    check_utterances,
    read_utterance,
    utterance_column,
)

RATE = 16000


def tone(seconds=1.0, frequency=440.0, rate=RATE):
    samples = 0.3 * np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate)
    return (np.round(samples * 32768) / 32768).astype(np.float32)


@pytest.fixture
def wav(tmp_path):
    path = tmp_path / "tone.wav"
    soundfile.write(path, tone(), RATE, subtype="PCM_16")
    return path


def read(X, **options):
    return [read_utterance(utterance, **options) for utterance in check_utterances(X)]


@pytest.mark.parametrize(
    "wrap",
    [
        lambda path: [str(path)],
        lambda path: [path],
        lambda path: (path,),
        lambda path: np.array([str(path)]),
        lambda path: np.array([path], dtype=object),
        lambda path: np.array([[str(path)]], dtype=object),
        lambda path: np.array([[str(path)]]),
        lambda path: pd.Series([str(path)], index=[7]),
        lambda path: pd.Index([str(path)]),
        lambda path: pd.DataFrame({"file": [str(path)], "speaker": ["03"]}),
        lambda path: pd.DataFrame({"emotion": ["joy"]}, index=pd.Index([str(path)], name="file")),
        lambda path: [tone()],
        lambda path: pd.Series([tone()]),
        lambda path: pd.DataFrame({"file": [tone()]}),
    ],
)
def test_every_form_gives_the_samples(wav, wrap):
    [signal] = read(wrap(wav))
    np.testing.assert_array_equal(signal, tone())
    assert signal.dtype == np.float32


def test_audformat_index_selects_segments(wav):
    index = pd.MultiIndex.from_arrays(
        [[str(wav)] * 2, pd.to_timedelta([0, 0.25], "s"), pd.to_timedelta([0.5, None], "s")],
        names=["file", "start", "end"],
    )
    for X in (index, pd.DataFrame({"emotion": ["joy", "fear"]}, index=index)):
        first, second = read(X)
        np.testing.assert_array_equal(first, tone()[:8000])
        np.testing.assert_array_equal(second, tone()[4000:])


@pytest.mark.parametrize("form", ["file", "waveform"])
def test_segment_columns_in_seconds(wav, form):
    source = str(wav) if form == "file" else tone()
    frame = pd.DataFrame({"file": [source] * 2, "start": [0.1, np.nan], "end": ["0.2", 0.3]})
    first, second = read(frame)
    np.testing.assert_array_equal(first, tone()[1600:3200])
    np.testing.assert_array_equal(second, tone()[:4800])


def test_a_segment_does_not_decode_the_file(wav, monkeypatch):
    asked = []
    original = soundfile.SoundFile.read

    def spy(self, frames=-1, *args, **kwargs):
        asked.append(frames)
        return original(self, frames, *args, **kwargs)

    monkeypatch.setattr(soundfile.SoundFile, "read", spy)
    read(pd.DataFrame({"file": [wav], "start": [0.5], "end": [0.6]}))
    assert asked == [1600]


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_formats(tmp_path, suffix):
    path = tmp_path / f"tone.{suffix}"
    soundfile.write(path, tone(), RATE)
    [signal] = read([path])
    assert abs(signal.size - RATE) <= 1152
    spectrum = np.abs(np.fft.rfft(signal, n=RATE))
    assert spectrum.argmax() == 440
    np.testing.assert_allclose(signal.std(), tone().std(), rtol=0.03)
    [part] = read(pd.DataFrame({"file": [path], "start": [0.25], "end": [0.5]}))
    assert part.size == 4000


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000])
def test_resampling_keeps_the_tone(tmp_path, rate):
    path = tmp_path / "tone.wav"
    soundfile.write(path, tone(rate=rate), rate, subtype="FLOAT")
    [signal] = read([path])
    assert signal.size == RATE
    np.testing.assert_allclose(signal[2000:-2000], tone()[2000:-2000], atol=1e-3)


def test_channels(tmp_path):
    path = tmp_path / "stereo.wav"
    left, right = tone(), tone(frequency=880)
    soundfile.write(path, np.column_stack([left, right]), RATE, subtype="FLOAT")
    np.testing.assert_array_equal(read([path], channel=0)[0], left)
    np.testing.assert_array_equal(read([path], channel=1)[0], right)
    np.testing.assert_allclose(read([path])[0], (left + right) / 2, atol=1e-7)
    with pytest.raises(ValueError, match=r"channel=2, but .*stereo\.wav.* has 2 channel"):
        read([path], channel=2)


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (np.array([-32768, 0, 16384], np.int16), [-1, 0, 0.5]),
        (np.array([-(2**31), 0, 2**30], np.int32), [-1, 0, 0.5]),
        (np.array([0, 128, 192], np.uint8), [-1, 0, 0.5]),
        (np.array([-1, 0, 0.5], np.float16), [-1, 0, 0.5]),
        (np.array([-1, 0, 0.5], np.float64), [-1, 0, 0.5]),
    ],
)
def test_scale_of_waveforms(samples, expected):
    np.testing.assert_array_equal(read([samples])[0], expected)


def truncate(path: Path, kept=0.6):
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])


# Every format tells of the cut where all is read; these also where what is read lies before it.
TELLS_AT_ONCE = ["wav", "aiff", "au"]


@pytest.mark.parametrize(
    ("suffix", "end"),
    [(suffix, None) for suffix in [*TELLS_AT_ONCE, "flac", "mp3"]]
    + [(suffix, 0.1) for suffix in TELLS_AT_ONCE],
)
def test_truncated_file(tmp_path, suffix, end):
    path = tmp_path / f"cut.{suffix}"
    soundfile.write(path, tone(), RATE)
    truncate(path)
    with pytest.raises(ValueError, match=rf"cut\.{suffix}.* is truncated"):
        read(pd.DataFrame({"file": [path], "end": [end]}))


@pytest.mark.parametrize("suffix", ["flac", "mp3"])
def test_what_lies_before_the_cut_of_compressed_audio_reads_well(tmp_path, suffix):
    path = tmp_path / f"cut.{suffix}"
    soundfile.write(path, tone(), RATE)
    start = pd.DataFrame({"file": [path], "end": [0.1]})
    whole = read(start)
    truncate(path)
    np.testing.assert_array_equal(read(start), whole)


def test_unknown_length_of_a_stream_is_not_truncation(wav):
    content = bytearray(wav.read_bytes())
    size = content.index(b"data") + 4
    content[size : size + 4] = content[4:8] = b"\xff" * 4
    wav.write_bytes(content)
    np.testing.assert_array_equal(read([wav])[0], tone())


def test_bad_files(tmp_path, wav):
    with pytest.raises(FileNotFoundError, match=r"1 of 2 audio files.*'missing\.wav' \(row 1\)"):
        check_utterances([wav, "missing.wav"])
    empty = tmp_path / "empty.wav"
    empty.touch()
    with pytest.raises(ValueError, match=r"empty\.wav.* is an empty file"):
        read([empty])
    text = tmp_path / "text.wav"
    text.write_text("This is no audio. " * 100)
    with pytest.raises(ValueError, match=r"text\.wav.* cannot be read as audio.*convert"):
        read([text])
    no_samples = tmp_path / "no_samples.wav"
    soundfile.write(no_samples, np.zeros(0), RATE)
    with pytest.raises(ValueError, match=r"no_samples\.wav.* holds no samples"):
        read([no_samples])
    for bad in (np.nan, np.inf):
        path = tmp_path / "bad.wav"
        soundfile.write(path, np.array([0.0, bad, 0.1], np.float32), RATE, subtype="FLOAT")
        with pytest.raises(ValueError, match=r"bad\.wav.* NaN or infinite"):
            read([path])


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ("some.wav", TypeError, "single value 'some.wav'.*list"),
        (Path("some.wav"), TypeError, "single value"),
        (b"some.wav", TypeError, "single value"),
        (None, TypeError, "X is a NoneType"),
        (3, TypeError, "X is a int"),
        ([], ValueError, "0 sample"),
        (pd.DataFrame({"file": []}), ValueError, "0 sample"),
        (np.empty((0, 3)), ValueError, "0 sample"),
        (np.zeros((2, 3)), ValueError, r"shape \(2, 3\).*list\(X\)"),
        (np.zeros(16000), ValueError, r"shape \(16000,\).*\[X\]"),
        (pd.DataFrame({"path": ["a.wav"]}), ValueError, r"'file', only \['path'\]"),
        ([3.5], TypeError, "Row 0 of X is 3.5"),
        ([[0.0] * 100_000], TypeError, r"^.{,300}$"),
        ([np.zeros(3), None], TypeError, "Row 1 of X is None"),
        ([""], TypeError, "Row 0 of X is ''"),
        (pd.Series([None]), TypeError, "Row 0"),
        ([np.zeros((2, 100))], ValueError, r"Row 0 of X has the shape \(2, 100\)"),
        ([np.zeros(0)], ValueError, "without samples"),
        ([np.array([0, np.nan])], ValueError, "NaN or infinite"),
        ([np.array([0, np.inf])], ValueError, "NaN or infinite"),
        ([np.array([1, 2, 3])], ValueError, "dtype int64"),
        ([np.array([0.0, -3e4])], ValueError, r"up to 30000.* 16-bit file by 32768"),
        ([np.array([True])], ValueError, "dtype bool"),
    ],
)
def test_bad_utterances(X, error, message):
    with pytest.raises(error, match=message):
        check_utterances(X)


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        (-0.1, 0.5, "start=-0.1"),
        (0.5, 0.5, "end=0.5"),
        (0.5, 0.2, "ends after its start"),
        (0.5, 1.02, r"from 0\.5 s to 1\.02 s.*1\.000 s long"),
        (1.0, None, "beyond the end"),
        ("soon", 1, "start='soon'"),
    ],
)
@pytest.mark.parametrize("form", ["file", "waveform"])
def test_bad_segments(wav, form, start, end, message):
    source = str(wav) if form == "file" else tone()
    with pytest.raises(ValueError, match=message):
        read(pd.DataFrame({"file": [source], "start": [start], "end": [end]}))


def test_rounded_end_of_a_segment(wav):
    frame = pd.DataFrame({"file": [wav], "start": [0.5], "end": [1.005]})
    np.testing.assert_array_equal(read(frame)[0], tone()[8000:])


def test_utterance_column():
    frame = pd.DataFrame({"file": ["a", "b"], "speaker": ["03", "08"]})
    by_level = frame.set_index(["file", "speaker"])
    for X in (frame, by_level, by_level.index, frame.set_index("speaker")["file"]):
        np.testing.assert_array_equal(utterance_column(X, "speaker"), ["03", "08"])
    for silent in (["a", "b"], np.array(["a", "b"]), frame[["file"]], frame["file"]):
        assert utterance_column(silent, "speaker") is None


def test_all_that_cannot_be_read_is_told_at_once(tmp_path, wav):
    empty, text = tmp_path / "empty.wav", tmp_path / "text.wav"
    empty.write_bytes(b"")
    text.write_text("no audio", encoding="utf-8")
    utterances = check_utterances([wav, empty, text])
    check_readable(utterances[:1], sampling_rate=None)
    with pytest.raises(ValueError, match=r"(?s)empty\.wav.*text\.wav.*2 of 3 utterances"):
        check_readable(utterances, sampling_rate=16000)
    with pytest.raises(ValueError, match="empty file of 0 bytes"):
        check_readable(utterances[:2], sampling_rate=16000)


def test_a_name_that_is_no_utf8(tmp_path, wav):
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff.wav")
    shutil.copy(wav, odd)
    with pytest.raises(ValueError, match="not UTF-8"):
        read([odd])
