"""ConditionalGANSampler: the decoder it begins with, and what its rows are worth."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score

from sklearn_ser import ConditionalGANSampler
from sklearn_ser.modules import ConditionalGAN


@pytest.fixture(scope="module")
def gaussians() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    means = rng.normal(0, 1.2, size=(3, 20))
    y = np.repeat(np.arange(3), 60)
    X = 10 + 5 * (means[y] + rng.normal(size=(180, 20)))
    X_test = 10 + 5 * (means[y] + rng.normal(size=(180, 20)))
    return {"X": X, "y": y, "X_test": X_test}


def _sampler(**parameters) -> ConditionalGANSampler:
    strategy = dict.fromkeys(range(3), 160)
    return ConditionalGANSampler(sampling_strategy=strategy, random_state=0, **parameters)


def test_synthetic_rows_train_a_classifier(gaussians):
    X, y = gaussians["X"], gaussians["y"]
    sampler = _sampler()
    X_all, y_all = sampler.fit_resample(X, y)
    X_new, y_new = X_all[sampler.synthetic_mask_], y_all[sampler.synthetic_mask_]
    model = LogisticRegression(max_iter=1000).fit(X_new, y_new)
    assert balanced_accuracy_score(y, model.predict(gaussians["X_test"])) > 0.85


def test_history_tells_the_phases_apart(gaussians):
    sampler = _sampler(pretrain_epochs=3, max_epochs=2, min_diversity=0)
    sampler.fit_resample(gaussians["X"], gaussians["y"])
    losses = pd.DataFrame(sampler.history_)
    assert losses["reconstruction_loss"].notna().tolist() == [True] * 3 + [False] * 2
    assert losses["generator_loss"].notna().tolist() == [False] * 3 + [True] * 2
    assert isinstance(sampler.net_.module_, ConditionalGAN)


def test_a_decoder_is_a_better_beginning_than_chance(gaussians):
    """With the game all but switched off, what is drawn is what the beginning gives."""
    X, y = gaussians["X"], gaussians["y"]
    accuracy = {}
    for pretrain_epochs in (0, 20):
        sampler = _sampler(
            pretrain_epochs=pretrain_epochs, max_epochs=1, gan_lr=1e-9, min_diversity=0
        )
        X_all, y_all = sampler.fit_resample(X, y)
        model = LogisticRegression(max_iter=1000)
        model.fit(X_all[sampler.synthetic_mask_], y_all[sampler.synthetic_mask_])
        accuracy[pretrain_epochs] = balanced_accuracy_score(y, model.predict(gaussians["X_test"]))
    assert accuracy[20] > 0.85
    assert accuracy[0] < 0.7
