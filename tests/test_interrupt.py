"""An interrupted training ends with the interrupt, not with a net that passes for trained."""

from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted
from skorch import NeuralNet
from skorch.callbacks import EarlyStopping

from sklearn_ser import (
    MLPSER,
    ConditionalGANSampler,
    CycleGANSampler,
    MixupGANEncoder,
    MixupGANSampler,
    MLPSERRegressor,
)


@pytest.fixture
def data() -> tuple[np.ndarray, np.ndarray]:
    y = np.repeat([0, 1], [20, 12])
    return np.random.default_rng(0).normal(size=(32, 4)) + 2 * y[:, None], y


@pytest.fixture
def interrupt(monkeypatch):
    """Return what interrupts every later training in its second epoch."""
    begin = NeuralNet.on_epoch_begin

    def begin_one_epoch(net, *args, **kwargs):
        begin(net, *args, **kwargs)
        if len(net.history) == 2:
            raise KeyboardInterrupt

    return lambda: monkeypatch.setattr(NeuralNet, "on_epoch_begin", begin_one_epoch)


@pytest.mark.parametrize("cls", [MLPSER, MLPSERRegressor, MixupGANEncoder])
def test_an_interrupted_fit_is_no_fit(cls, data, interrupt):
    X, y = data
    model = cls(max_epochs=3, random_state=0).fit(X, y)
    interrupt()
    for estimator in (model, cls(max_epochs=3, random_state=0)):
        with pytest.raises(KeyboardInterrupt):
            estimator.fit(X, y)
        with pytest.raises(NotFittedError):
            check_is_fitted(estimator)
        with pytest.raises(NotFittedError):
            estimator.transform(X) if cls is MixupGANEncoder else estimator.predict(X)


@pytest.mark.parametrize("cls", [ConditionalGANSampler, CycleGANSampler, MixupGANSampler])
def test_an_interrupted_sampler_gives_no_rows(cls, data, interrupt):
    sampler = cls(max_epochs=3, random_state=0)
    interrupt()
    with pytest.raises(KeyboardInterrupt):
        sampler.fit_resample(*data)
    assert sampler.net_ is None


@pytest.mark.parametrize("mine", [True, False])
def test_early_stopping_is_no_interrupt(data, mine):
    params: dict[str, Any] = {
        "early_stopping": True,
        "n_iter_no_change": 2,
        "lr": 1e-9,
        "random_state": 0,
    }
    if mine:
        stop = EarlyStopping("train_loss", patience=2, threshold=0.9)
        params = {"net_params": {"callbacks": [stop]}, "random_state": 0}
    assert MLPSER(**params, max_epochs=50).fit(*data).n_iter_ < 50


def test_an_interrupted_training_goes_on_and_keeps_no_utterances(data, interrupt, monkeypatch):
    model = MLPSER(max_epochs=1, early_stopping=True, warm_start=True, random_state=0)
    model.fit(*data).set_params(max_epochs=3)
    interrupt()
    with pytest.raises(KeyboardInterrupt):
        model.fit(*data)
    assert model.net_.train_split is None
    monkeypatch.undo()
    model.fit(*data)
    assert model.n_iter_ == 5
