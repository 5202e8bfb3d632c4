"""SpeechNetClassifier: a user's module, and what it is given."""

import pickle
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from skorch.callbacks import Callback, EpochScoring

from sklearn_ser import MLPSER, SpeechNetClassifier
from sklearn_ser.modules import MLP
from sklearn_ser.utils._ragged import as_sequences


class Recorder(torch.nn.Module):
    """Scores classes by the first frame and keeps what it was given."""

    def __init__(self, n_features, n_outputs, n_hidden=4):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(n_features, n_hidden), torch.nn.Linear(n_hidden, n_outputs)
        )
        self.given = []

    def forward(self, X, lengths):
        """Score the classes."""
        self.given.append((X.detach().clone(), lengths))
        return self.layers(X[:, 0])


def _features():
    rng = np.random.default_rng(0)
    code = np.arange(60) % 3
    return rng.normal(size=(60, 5)) + 3 * np.eye(3, 5)[code], np.array(["a", "b", "c"])[code]


def test_it_is_the_named_estimator_when_given_its_module():
    X, y = _features()
    named = MLPSER(max_epochs=5, random_state=0)
    shared = {
        name: value
        for name, value in named.get_params().items()
        if name not in ("hidden_sizes", "input_dropout", "dropout")
    }
    sizes = {"hidden_sizes": (256, 256), "input_dropout": 0.5, "dropout": named.dropout}
    own = SpeechNetClassifier(MLP, module_params=sizes, **shared)
    np.testing.assert_array_equal(own.fit(X, y).predict_proba(X), named.fit(X, y).predict_proba(X))


def test_module_is_given_standardised_padded_batches_and_lengths():
    rng = np.random.default_rng(0)
    X = as_sequences([rng.normal(7, 3, size=(n, 5)) for n in [4, 9, 6, 9]])
    model = SpeechNetClassifier(Recorder, max_epochs=1, batch_size=4, random_state=0)
    (frames, lengths), *_ = model.fit(X, [0, 1, 0, 1]).module_.given
    assert frames.shape == (4, 9, 5)
    assert sorted(lengths.tolist()) == [4, 6, 9, 9]
    valid = torch.arange(9) < lengths[:, None]
    assert not frames[~valid].any()
    torch.testing.assert_close(frames[valid].mean(0), torch.zeros(5), atol=1e-5, rtol=0)


def test_crops_masks_and_noise_reach_training_but_not_prediction():
    X = np.random.default_rng(0).normal(size=(8, 40, 5))
    model = SpeechNetClassifier(
        Recorder, max_epochs=1, crop_frames=20, time_masks=3, noise=0.0, random_state=0
    ).fit(X, [0, 1] * 4)
    (trained, _), *_ = model.module_.given
    assert trained.shape[1] == 20
    assert (trained == 0).all(dim=2).any()
    model.module_.given.clear()
    model.predict(X)
    (predicted, _), *_ = model.module_.given
    assert predicted.shape[1] == 40
    assert not (predicted == 0).any()


def test_search_reaches_into_the_module():
    X, y = _features()
    sizes = [{"n_hidden": 2}, {"n_hidden": 3}]
    search = GridSearchCV(
        SpeechNetClassifier(Recorder, max_epochs=2, random_state=0), {"module_params": sizes}, cv=2
    ).fit(X, y)
    hidden = search.best_estimator_.module_.layers[0].out_features
    assert hidden == search.best_params_["module_params"]["n_hidden"]


def test_callbacks_of_skorch_work():
    X, y = _features()
    rate = EpochScoring(lambda net, X, y: 0.5, name="mine", on_train=True, use_caching=False)
    model = SpeechNetClassifier(
        Recorder, max_epochs=2, random_state=0, net_params={"callbacks": [("mine", rate)]}
    ).fit(X, y)
    assert [epoch["mine"] for epoch in model.history_] == [0.5, 0.5]


def test_callbacks_run_beside_those_of_schedule_and_early_stopping():
    X, y = _features()
    params: dict[str, Any] = {
        "max_epochs": 50,
        "early_stopping": True,
        "n_iter_no_change": 2,
        "lr": 1e-9,
        "random_state": 0,
    }
    plain = SpeechNetClassifier(Recorder, **params).fit(X, y)
    params["net_params"] = {"callbacks": [Callback()]}
    model = SpeechNetClassifier(Recorder, **params).fit(X, y)
    assert [name for name, _ in model.net_.callbacks[:2]] == ["schedule", "early_stopping"]
    assert model.n_iter_ == plain.n_iter_ < 50
    assert model.net_params == params["net_params"]


@pytest.mark.parametrize("name", ["max_epochs", "train_split", "criterion", "module"])
def test_error_net_params_that_are_the_estimators_own(name):
    with pytest.raises(ValueError, match=f"net_params has '{name}': .*(use|fixed)"):
        MLPSER(net_params={name: None}).fit(*_features())


def test_pickle_and_clone():
    X, y = _features()
    model = SpeechNetClassifier(MLP, module_params={"hidden_sizes": (8,)}, max_epochs=2).fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    assert clone(model).get_params() == model.get_params()


@pytest.mark.parametrize(
    ("module", "error", "message"),
    [
        (MLP(5, 3), ValueError, "The 'module' parameter"),
        ("MLP", ValueError, "The 'module' parameter"),
        (torch.nn.ReLU, TypeError, "argument 'n_features'"),
    ],
)
def test_error_module(module, error, message):
    with pytest.raises(error, match=message):
        SpeechNetClassifier(module, max_epochs=1).fit(*_features())
