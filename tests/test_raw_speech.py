"""RawSpeechSER: what filters let through, what padding may not touch, reading, learning."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
from scipy.signal import get_window
from sklearn.model_selection import GridSearchCV

from sklearn_ser import RawSpeechSER, RawWaveform
from sklearn_ser.datasets import make_emotional_speech
from sklearn_ser.modules import FilterBank, MeanOfFrames, RawSpeech
from sklearn_ser.modules._raw_speech import band_pass_filters, mel_frequencies
from sklearn_ser.neural_network import _waveform_batches
from sklearn_ser.neural_network._waveform_batches import WaveformDataset, check_waveforms

RATE = 16000
SMALL: dict[str, Any] = {
    "branches_ms": (25, 15),
    "n_filters": 8,
    "n_maps": (4, 8),
    "n_lstm_units": 8,
    "n_dense_units": 16,
}


def _model(**kwargs):
    return RawSpeechSER(**SMALL | {"max_epochs": 2, "random_state": 0} | kwargs)


def _module(**kwargs):
    torch.manual_seed(0)
    sizes = {name: value for name, value in SMALL.items() if name != "branches_ms"}
    return RawSpeech(3, filter_samples=(400, 240), **sizes | kwargs)


@pytest.fixture(scope="module")
def speech():
    """Return 16 utterances of four speakers in two emotions."""
    corpus = make_emotional_speech(4, ["anger", "sadness"], 2, duration=0.6, random_state=0)
    return corpus.data, np.asarray(corpus.target)


# Filters


def test_frequencies_are_those_of_librosa():
    librosa = pytest.importorskip("librosa")
    expected = librosa.mel_frequencies(42, fmin=50, fmax=7600, htk=True)
    np.testing.assert_allclose(mel_frequencies(42, 50, 7600), expected, rtol=1e-5)


@pytest.mark.parametrize("n_samples", [240, 400, 1600])
def test_filters_pass_their_band_with_the_window_that_its_width_allows(n_samples):
    edges = mel_frequencies(14, 250, 7600).numpy()
    filters = band_pass_filters(torch.from_numpy(edges), n_samples, RATE).numpy()
    np.testing.assert_allclose(np.linalg.norm(filters, axis=1), 1, rtol=1e-5)
    # Bins of half a hertz.
    power = np.square(np.abs(np.fft.rfft(filters, 2 * RATE))).reshape(2, 12, -1).sum(axis=0)
    np.testing.assert_allclose(power.argmax(axis=1) / 2, edges[1:-1], atol=3)
    half_power_width = (power > power.max(axis=1, keepdims=True) / 2).sum(axis=1) / 2
    # All of these bands are wider than 58 Hz: a filter of 25 ms passes as much as the band is wide.
    expected = (edges[2:] - edges[:-2]) / 2 * 400 / n_samples
    np.testing.assert_allclose(half_power_width, expected, rtol=0.02)


def test_window_is_never_longer_than_the_filter():
    filters = band_pass_filters(mel_frequencies(42, 50, 7600), 400, RATE).numpy()
    envelope = np.hypot(*filters.reshape(2, 40, 400))
    hann = get_window("hann", 401)[:-1] + get_window("hann", 401)[1:]
    np.testing.assert_allclose(envelope[0] / envelope[0].max(), hann / hann.max(), atol=0.01)


def test_power_of_a_tone_depends_on_its_frequency_and_not_on_its_phase():
    bank = FilterBank(20, 400, 160)
    time = torch.arange(RATE) / RATE
    frequency = mel_frequencies(22, 50, 7600)[12]
    tones = torch.cos(2 * torch.pi * frequency * time + torch.arange(8)[:, None])
    power = bank(tones.float()).detach()[:, 5:-5]
    assert (power.argmax(dim=2) == 11).all()
    of_its_filter = power[:, :, 11]
    torch.testing.assert_close(of_its_filter.amax(), of_its_filter.amin(), rtol=1e-3, atol=0)


def test_bank_is_a_product_of_each_frame_with_each_filter():
    bank = FilterBank(3, 50, 20)
    signal = torch.randn(1, 205)
    power = bank(signal)
    assert power.shape == (1, 11, 3)
    padded = np.pad(signal[0].numpy(), 100)
    filters = bank.filters.detach().numpy()[:, 0] / np.sqrt(50)
    for frame in range(11):
        # The middle of the filter stands on the middle of the hop.
        first = 100 + 20 * frame + 10 - 25
        passed = filters @ padded[first : first + 50]
        np.testing.assert_allclose(
            power[0, frame].detach(), passed[:3] ** 2 + passed[3:] ** 2, rtol=1e-4, atol=1e-6
        )


def test_banks_of_any_length_have_the_same_frames():
    lengths = {FilterBank(2, n, 160)(torch.zeros(1, 1000)).shape[1] for n in (2, 80, 240, 1600)}
    assert lengths == {7}


@pytest.mark.parametrize("n_samples", [1, 40, 79, 161])
def test_a_filter_shorter_than_the_hop_sees_the_middle_of_each_frame(n_samples):
    bank = FilterBank(2, 80, 160)
    n_frames = -(-n_samples // 160)
    signal = torch.zeros(1, 160 * n_frames)
    signal[0, :n_samples] = torch.randn(n_samples)
    frames = signal.reshape(n_frames, 160)[:, 40:120]
    power = (frames @ (bank.scale * bank.filters[:, 0]).T).square()
    expected = power[:, :2] + power[:, 2:]
    torch.testing.assert_close(bank(signal[:, :n_samples])[0], expected)


def test_mean_of_frames_is_that_of_valid_ones():
    X = torch.arange(10.0).reshape(2, 5, 1)
    means, lengths = MeanOfFrames(2)(X, torch.tensor([5, 3]))
    assert means[0, :, 0].tolist() == [0.5, 2.5, 4.0]
    assert means[1, :2, 0].tolist() == [5.5, 7.0]
    assert lengths.tolist() == [3, 2]


# Padding


def test_module_reads_no_padding():
    module = _module()
    module(torch.randn(4, 8000, 1), torch.tensor([8000, 7000, 6001, 5000]))  # running statistics
    module.eval()
    X, lengths = torch.randn(3, 8000, 1), torch.tensor([8000, 5003, 90])
    together = module(X, lengths)
    for row, length in enumerate(lengths):
        X[row, length:] = 1e3
        alone = module(X[row : row + 1, :length], lengths[row : row + 1])
        torch.testing.assert_close(together[row : row + 1], alone, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(module(X, lengths), together)


def test_samples_beyond_the_length_have_no_gradient():
    module = _module().eval()
    X, lengths = torch.randn(2, 4000, 1, requires_grad=True), torch.tensor([4000, 2501])
    [gradient] = torch.autograd.grad(module(X, lengths).square().sum(), X)
    assert (gradient[1, 2501:] == 0).all()
    assert (gradient[1, :2501] != 0).float().mean() > 0.95


def test_training_statistics_are_those_of_valid_frames():
    module = _module(dropout=0.0).train()
    signal, lengths = torch.randn(2, 4800, 1), torch.tensor([4800, 3200])
    expected = module(signal, lengths)
    longer = torch.cat([signal, 1e3 * torch.randn(2, 3200, 1)], dim=1)
    torch.testing.assert_close(module(longer, lengths), expected, rtol=1e-4, atol=1e-5)


def test_masks_hide_whole_frames_and_filters_in_training_only():
    module = _module(time_masks=1, frequency_masks=1)
    X, lengths = torch.ones(200, 50, 8, 2), torch.full((200,), 50)
    masked = module._mask(X, lengths)[..., 0]
    hidden_frames, hidden_filters = (masked == 0).all(dim=2), (masked == 0).all(dim=1)
    expected = ~(hidden_frames[:, :, None] | hidden_filters[:, None, :])
    torch.testing.assert_close(masked, expected.float())
    assert 0.04 < hidden_frames.float().mean() < 0.10
    assert hidden_filters.any()
    module.eval()
    signal, lengths = torch.randn(2, 4000, 1), torch.tensor([4000, 4000])
    torch.testing.assert_close(module(signal, lengths), module(signal, lengths), rtol=0, atol=0)


def test_size_of_the_batch_and_order_change_no_probability(speech):
    X, y = speech
    model = _model().fit(X, y)
    expected = model.predict_proba(X)
    model.net_.set_params(batch_size=3)
    np.testing.assert_allclose(model.predict_proba(X), expected, atol=1e-5)
    order = np.random.default_rng(0).permutation(len(y))
    shuffled = model.predict_proba([X[i] for i in order])
    np.testing.assert_allclose(shuffled, expected[order], atol=1e-5)


# Reading


def _write(folder, signals, rate=RATE):
    paths = [str(folder / f"{i}.wav") for i in range(len(signals))]
    for path, signal in zip(paths, signals, strict=True):
        soundfile.write(path, signal, rate, subtype="FLOAT")
    return paths


def test_sequences_of_samples_are_taken_as_the_waveforms(speech):
    X, y = speech
    model = _model(normalize=True).fit(X, y)
    expected = model.predict_proba(X)
    np.testing.assert_allclose(model.predict_proba(RawWaveform().transform(X)), expected, atol=1e-5)
    equal = np.stack([x[:8000] for x in X])
    as_array = model.predict_proba(equal[:, :, None])
    np.testing.assert_allclose(as_array, model.predict_proba(list(equal)), atol=1e-5)


def test_files_are_resampled_and_segments_cut(speech, tmp_path):
    X, y = speech
    model = _model().fit(X, y)
    upsampled = [np.repeat(x, 2) for x in X]
    paths = _write(tmp_path, upsampled, 2 * RATE)
    resampled = RawWaveform(normalize=False).transform(paths)
    np.testing.assert_allclose(model.predict_proba(paths), model.predict_proba(resampled), 1e-4)
    frame = pd.DataFrame({"file": paths, "start": 0.1, "end": 0.5})
    cut = RawWaveform(normalize=False).transform(frame)
    np.testing.assert_allclose(model.predict_proba(frame), model.predict_proba(cut), rtol=1e-4)
    assert WaveformDataset(
        check_waveforms(frame), {}, sampling_rate=RATE, channel="mean", normalize=True
    ).lengths.tolist() == [6400] * len(y)


def test_files_are_read_one_batch_at_a_time(speech, tmp_path, monkeypatch):
    X, y = speech
    paths = _write(tmp_path, X)
    reads = []
    read = _waveform_batches.read_utterance

    def spy(utterance, **kwargs):
        reads.append(utterance.row)
        return read(utterance, **kwargs)

    monkeypatch.setattr(_waveform_batches, "read_utterance", spy)
    dataset = WaveformDataset(
        check_waveforms(paths), {}, sampling_rate=RATE, channel="mean", normalize=True
    )
    assert not reads
    inputs, _ = dataset.__getitems__([3, 1])
    assert reads == [3, 1]
    assert inputs["X"].dtype == torch.float32
    assert inputs["lengths"].tolist() == dataset.lengths[[3, 1]].tolist()
    reads.clear()
    _model(max_epochs=3, batch_size=4).fit(paths, y)
    assert sorted(reads) == sorted([*range(len(y))] * 3)


def test_normalisation_takes_level_and_offset_away(speech):
    X, y = speech
    louder = [5 * x + 0.3 for x in X]
    model = _model(normalize=True).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(louder), model.predict_proba(X), atol=1e-4)
    as_it_is = _model(normalize=False).fit(X, y)
    assert np.abs(as_it_is.predict_proba(louder) - as_it_is.predict_proba(X)).max() > 1e-3


def test_crops_are_for_training_only(speech, monkeypatch):
    X, y = speech
    seen = []
    forward = RawSpeech.forward

    def spy(self, X, lengths):
        seen.append((self.training, int(lengths.max())))
        return forward(self, X, lengths)

    monkeypatch.setattr(RawSpeech, "forward", spy)
    _model(crop_seconds=0.25, early_stopping=True, validation_fraction=0.25).fit(X, y).predict(X)
    assert {length for training, length in seen if training} == {4000}
    assert min(length for training, length in seen if not training) > 4000


def test_channel_is_that_of_the_parameter(speech, tmp_path):
    X, y = speech
    stereo = [np.stack([x, x[::-1]], axis=1) for x in X]
    paths = _write(tmp_path, stereo)
    model = _model(channel=1).fit(paths, y)
    backwards = [x[::-1] for x in X]
    np.testing.assert_allclose(model.predict_proba(paths), model.predict_proba(backwards), 1e-4)


# Learning


def test_one_two_or_three_branches(speech):
    X, y = speech
    for branches in [(25,), (25, 15), [25, 15, 100]]:
        module = _model(branches_ms=branches, max_epochs=1).fit(X, y).module_
        sizes = [bank.filters.shape for bank in module.banks]
        assert sizes == [(16, 1, 16 * ms) for ms in branches]
        assert module.convs[0].weight.shape[1] == len(branches)
    half = _model(sampling_rate=8000, max_epochs=1).fit(X, y).module_
    assert [bank.filters.shape[2] for bank in half.banks] == [200, 120]


def test_filters_are_learned_from_a_mel_spaced_start(speech):
    X, y = speech
    banks = _model(max_epochs=3).fit(X, y).module_.banks
    for bank in banks:
        start = FilterBank(8, bank.filters.shape[2], 160).filters
        moved = (bank.filters - start).norm() / start.norm()
        assert 1e-4 < moved < 0.5


def test_loss_falls_and_12_utterances_are_learned_by_heart(speech):
    X, y = speech[0][:12], speech[1][:12]
    model = _model(
        n_maps=(16, 16),
        n_lstm_units=16,
        max_epochs=60,
        batch_size=6,
        dropout=0.0,
        mixup_alpha=0.0,
        time_masks=0,
        frequency_masks=0,
        label_smoothing=0.0,
    ).fit(X, y)
    losses = [epoch["train_loss"] for epoch in model.history_]
    assert max(losses[1:4]) < losses[0]
    assert losses[-1] < 0.05
    assert (model.predict(X) == y).all()


@pytest.mark.parametrize("how", ["warm_start", "partial_fit"])
def test_training_goes_on_where_it_was(speech, how):
    X, y = speech
    whole = _model(lr_schedule="constant", max_epochs=2).fit(X, y)
    parts = _model(lr_schedule="constant", max_epochs=1, warm_start=how == "warm_start").fit(X, y)
    again = parts.fit if how == "warm_start" else parts.partial_fit
    again(X, y)
    assert parts.n_iter_ == 2
    np.testing.assert_array_equal(parts.predict_proba(X), whole.predict_proba(X))


def test_grid_search_in_two_processes(speech):
    X, y = speech
    frame = pd.DataFrame({"file": pd.Series(list(X), dtype=object)})
    grid = {"branches_ms": [(25,), (25, 15)]}
    searches = [
        GridSearchCV(_model(max_epochs=1), grid, cv=2, n_jobs=n).fit(frame, y) for n in (1, 2)
    ]
    scores = [search.cv_results_["mean_test_score"] for search in searches]
    np.testing.assert_array_equal(*scores)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"branches_ms": ()}, r"branches_ms=\(\): give one length in milliseconds for each branch"),
        ({"branches_ms": (25, 0)}, "of two samples or more, which is 0.125 ms at 16000 Hz"),
        ({"crop_seconds": 0}, "The 'crop_seconds' parameter"),
        ({"channel": "left"}, "The 'channel' parameter"),
    ],
)
def test_error_parameters(speech, params, message):
    with pytest.raises(ValueError, match=message):
        _model(**params).fit(*speech)


def test_error_input(speech, tmp_path):
    X = speech[0]
    model = _model()
    with pytest.raises(FileNotFoundError, match="1 of 1 audio files of X do not exist"):
        model.fit(["nowhere.wav"] * 2, ["anger", "fear"])
    with pytest.raises(ValueError, match="sequences of 40 features a frame, not waveforms"):
        model.fit(np.zeros((2, 30, 40)), ["anger", "fear"])
    (tmp_path / "text.wav").write_text("no audio")
    [good] = _write(tmp_path, X[:1])
    with pytest.raises(ValueError, match=r"text.wav' \(row 1\) cannot be read as audio"):
        model.fit([good, str(tmp_path / "text.wav")], ["anger", "fear"])
    with pytest.raises(ValueError, match="y has 1 class only"):
        model.fit(X, ["anger"] * len(X))
    assert not hasattr(model, "net_")


def test_silence_and_very_short_utterances_have_probabilities(speech):
    X, y = speech
    model = _model().fit([*X, np.zeros(8000), np.ones(1)], [*y, "anger", "sadness"])
    assert np.isfinite(model.predict_proba([np.zeros(100), np.ones(2), X[0]])).all()


def test_samples_are_counted_before_they_are_read(tmp_path):
    rng = np.random.default_rng(0)
    paths = _write(tmp_path, [rng.normal(0, 0.1, n) for n in (8000, 12345)], 11025)
    frame = pd.DataFrame({"file": paths, "start": [0.0, 0.3], "end": [np.nan, 0.9]})
    for X in (paths, frame):
        dataset = WaveformDataset(
            check_waveforms(X), {}, sampling_rate=RATE, channel="mean", normalize=False
        )
        read = dataset.__getitems__([0, 1])[0]["lengths"]
        assert np.abs(dataset.lengths - read.numpy()).max() <= 1


def test_speed_changes_in_training_only(speech, monkeypatch):
    X, y = speech
    pads = []
    pad = _waveform_batches.pad_sequences

    def spy(signals):
        pads.append([len(signal) for signal in signals])
        return pad(signals)

    monkeypatch.setattr(_waveform_batches, "pad_sequences", spy)
    model = _model(speed=0.2, crop_seconds=None, max_epochs=8, batch_size=16).fit(X, y)
    lengths = np.sort([len(x) for x in X])
    factors = lengths.mean() / np.array([np.mean(batch) for batch in pads])
    assert 0.8 < factors.min() < factors.max() < 1.25
    spread = np.concatenate(pads)
    assert spread.min() < 0.95 * lengths.min()
    assert spread.max() > 1.05 * lengths.max()
    pads.clear()
    model.predict(X)
    assert sorted(np.concatenate(pads)) == lengths.tolist()
