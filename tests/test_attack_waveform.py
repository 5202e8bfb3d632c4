"""Attacks on waveforms: their bounds, their gradient, and how they are handed over."""

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from sklearn_ser import MLPSER, OpenSmileFeatures, RawSpeechSER, RawWaveform, SpeechNetClassifier
from sklearn_ser.datasets import make_emotional_speech
from sklearn_ser.evaluation import attack_curve
from sklearn_ser.evaluation._gradient_attack import perturb, to_module_space

SMALL = {
    "branches_ms": [25],
    "n_filters": 8,
    "n_maps": [8],
    "n_lstm_units": 8,
    "n_dense_units": 8,
    "random_state": 0,
}


@pytest.fixture(scope="module")
def corpus():
    """Return short synthetic utterances of two emotions by three speakers."""
    return make_emotional_speech(3, ["anger", "sadness"], 3, duration=0.6, random_state=0)


@pytest.fixture(scope="module", params=[False, True], ids=["level kept", "normalised"])
def net(request, corpus):
    """Return a trained net; one of the two scales each utterance."""
    model = RawSpeechSER(**SMALL, max_epochs=10, normalize=request.param)
    return model.fit(corpus.data, corpus.target)


def _loss(net, signals, y):
    log_proba = net.predict_log_proba([z[:, 0] for z in signals])
    return -log_proba[np.arange(len(y)), np.searchsorted(net.classes_, y)]


@pytest.mark.parametrize("attack", ["fgsm", "pgd"])
def test_samples_stay_in_their_bounds_and_mislead(net, corpus, attack):
    Z = to_module_space(net, corpus.data)
    moved = perturb(net, Z, corpus.target, 0.05, attack=attack, n_steps=4)
    for x, z, signal in zip(moved, Z, corpus.data, strict=True):
        assert_array_equal(z[:, 0], np.asarray(signal, dtype=np.float32))
        assert x.shape == z.shape
        assert np.abs(x - z).max() <= 0.05 * z.std() * (1 + 1e-3)
        assert np.abs(x).max() <= np.abs(z).max()
        # 26 dB below the speech, or less where samples are at the peak or have no gradient.
        assert 0.02 * z.std() < (x - z).std() <= 0.0501 * z.std()
    assert _loss(net, moved, corpus.target).mean() > _loss(net, Z, corpus.target).mean()


def test_the_gradient_is_that_of_the_whole_prediction(net, corpus):
    # By differences, through the public prediction, which scales the changed utterance anew.
    z, y = to_module_space(net, corpus.data[:1]), corpus.target[:1]
    direction = (perturb(net, z, y, 1e-3, attack="fgsm", n_steps=1)[0] - z[0]).astype(float)
    up, down = (_loss(net, [z[0] + s * direction], y)[0] for s in (1, -1))
    at_random = direction * np.random.default_rng(0).choice([-1, 1], size=direction.shape)
    other = [_loss(net, [z[0] + s * at_random], y)[0] for s in (1, -1)]
    assert up - down > 5 * abs(other[0] - other[1]) > 0


def test_neighbours_and_padding_change_nothing(net, corpus):
    Z = to_module_space(net, [corpus.data[0][:5000], corpus.data[1]])
    y = corpus.target[:2]
    together = perturb(net, Z, y, 0.1, attack="fgsm", n_steps=1)
    alone = perturb(net, Z[:1], y[:1], 0.1, attack="fgsm", n_steps=1)
    assert np.isclose(alone[0], together[0], atol=1e-6).mean() > 0.98


def test_silence_stays_silent(net, corpus):
    Z = to_module_space(net, [np.zeros(4000), corpus.data[0]])
    moved = perturb(net, Z, corpus.target[:2], 0.1, attack="pgd", n_steps=2)
    assert_array_equal(moved[0], 0)
    assert np.isfinite(moved[1]).all()
    assert torch.isfinite(torch.from_numpy(moved[1])).all()


def test_curve_from_files_falls(tmp_path, corpus):
    files = [tmp_path / f"{i}.wav" for i in range(len(corpus.data))]
    for file, signal in zip(files, corpus.data, strict=True):
        soundfile.write(file, signal, 16000, subtype="FLOAT")
    model = RawSpeechSER(**SMALL, max_epochs=20, batch_size=8, normalize=False)
    given = {"y": corpus.target, "epsilons": [0.02, 0.3], "groups": corpus.speaker}
    from_files = attack_curve(model, [str(f) for f in files], attack="pgd", n_steps=3, **given)
    drops = from_files.curve.set_index("epsilon")["drop"]
    assert drops[0.3] > 0.15
    assert drops[0.3] >= drops[0.02]
    arrays = attack_curve(model, corpus.data, attack="pgd", n_steps=3, **given)
    assert_allclose(from_files.curve["uar"], arrays.curve["uar"])


def test_a_surrogate_on_waveforms_hands_waveforms_over(corpus):
    given = {"groups": corpus.speaker}
    model = RawSpeechSER(**SMALL, max_epochs=3, normalize=False)
    surrogate = RawSpeechSER(**SMALL, max_epochs=3)
    result = attack_curve(
        model, corpus.data, corpus.target, [0.1], surrogate=surrogate, cv=3, **given
    )
    assert result.curve["condition"].tolist() == ["clean", "fgsm, transfer"]
    slow = RawSpeechSER(**SMALL, max_epochs=1, sampling_rate=8000)
    resampled = [signal[::2] for signal in corpus.data]
    with pytest.raises(ValueError, match=r"sampling_rate=8000.*set both alike"):
        attack_curve(model, resampled, corpus.target, [0.1], surrogate=slow, cv=3, **given)
    right = RawSpeechSER(**SMALL, max_epochs=1, channel=1)
    with pytest.raises(ValueError, match=r"channel=1.*channel='mean'"):
        attack_curve(model, corpus.data, corpus.target, [0.1], surrogate=right, cv=3, **given)


def test_stretches_of_files_of_another_rate_and_a_channel_are_attacked(net, tmp_path, corpus):
    rng, rows = np.random.default_rng(0), []
    for i, signal in enumerate(corpus.data[:4]):
        stereo = np.stack([signal, rng.normal(scale=0.1, size=len(signal))], axis=1)
        soundfile.write(tmp_path / f"{i}.wav", stereo, 22050, subtype="FLOAT")
        rows.append({"file": str(tmp_path / f"{i}.wav"), "start": 0.1, "end": 0.4})
    frame = pd.DataFrame(rows)
    left = clone(net).set_params(channel=0, max_epochs=2).fit(frame, corpus.target[:4])
    Z = to_module_space(left, frame)
    assert {len(z) for z in Z} <= {4799, 4800, 4801}
    assert_allclose(left.predict_proba([z[:, 0] for z in Z]), left.predict_proba(frame), atol=1e-5)


def test_a_surrogate_misleads_a_module_on_sequences_of_samples(corpus):
    class Energy(torch.nn.Module):
        """Scores that are linear in the mean square."""

        def __init__(self, n_features, n_outputs):
            super().__init__()
            self.output = torch.nn.Linear(n_features, n_outputs)

        def forward(self, X, lengths):
            return self.output(X.square().sum(1) / lengths[:, None])

    pipeline = make_pipeline(RawWaveform(), SpeechNetClassifier(Energy, max_epochs=1))
    surrogate = RawSpeechSER(**SMALL, max_epochs=1)
    given = {"surrogate": surrogate, "groups": corpus.speaker}
    result = attack_curve(pipeline, corpus.data, corpus.target, [0.1], **given)
    assert result.curve["epsilon"].tolist() == [0, 0.1]


def test_a_surrogate_on_waveforms_cannot_read_features(corpus):
    pipeline = make_pipeline(OpenSmileFeatures(), MLPSER(max_epochs=1))
    with pytest.raises(ValueError, match="waveform"):
        attack_curve(
            pipeline,
            corpus.data,
            corpus.target,
            [0.1],
            surrogate=RawSpeechSER(**SMALL, max_epochs=1),
            groups=corpus.speaker,
        )
