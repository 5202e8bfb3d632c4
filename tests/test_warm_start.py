"""A training that goes on follows what was changed since it began."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from skorch.callbacks import LRScheduler

from sklearn_ser import MLPSER, AdversarialAutoencoderSER
from sklearn_ser.neural_network._schedule import one_cycle


@pytest.fixture(scope="module")
def data():
    """Return two emotions that four features tell apart."""
    rng = np.random.default_rng(0)
    y = np.repeat(["anger", "sadness"], 40)
    return rng.normal(size=(80, 4)) + 2 * (y == "anger")[:, None], y


NETS = {
    "one optimiser": lambda **kwargs: MLPSER(**kwargs),
    "several": lambda **kwargs: AdversarialAutoencoderSER(**kwargs),
}


def _rates(model):
    """Learning rates of the last step, of all optimisers."""
    return [g["lr"] for o in model.net_.optimizers() for g in o.param_groups]


@pytest.mark.parametrize("make", NETS.values(), ids=NETS)
def test_a_smaller_rate_moves_the_weights_less(make, data):
    def distance(lr):
        model = make(lr_schedule="constant", lr=1e-2, max_epochs=2, warm_start=True, random_state=0)
        before = torch.nn.utils.parameters_to_vector(model.fit(*data).module_.parameters()).detach()
        model.set_params(lr=lr).fit(*data)
        assert set(_rates(model)) == {lr}
        after = torch.nn.utils.parameters_to_vector(model.module_.parameters()).detach()
        return float((after - before).norm())

    assert distance(1e-5) < 0.05 * distance(1e-2)


@pytest.mark.parametrize("make", NETS.values(), ids=NETS)
def test_a_schedule_of_another_length_starts_anew(make, data):
    model = make(lr=0.01, max_epochs=5, warm_start=True, random_state=0).fit(*data)
    model.set_params(max_epochs=7).partial_fit(*data)
    n = model.net_.batches_per_epoch_
    assert_allclose(_rates(model), 0.01 * one_cycle((n - 1) / n / 7))
    model.fit(*data)  # seven more epochs, whose cycle ends with them
    assert model.n_iter_ == 13
    assert_allclose(_rates(model), 0.01 * one_cycle((6 + (n - 1) / n) / 7))
    model.partial_fit(*data)  # past the end, the count begins anew
    assert_allclose(_rates(model), 0.01 * one_cycle((n - 1) / n / 7))


@pytest.mark.parametrize("make", NETS.values(), ids=NETS)
def test_a_fit_behind_one_that_stopped_early_has_a_cycle_of_its_own(make, data):
    model = make(max_epochs=20, early_stopping=True, n_iter_no_change=1, lr=0.1, warm_start=True)
    stopped = model.set_params(random_state=0).fit(*data).n_iter_
    assert stopped < 20
    model.set_params(early_stopping=False).fit(*data)
    assert model.n_iter_ == stopped + 20
    n = model.net_.batches_per_epoch_
    assert_allclose(_rates(model), 0.1 * one_cycle((19 + (n - 1) / n) / 20))


def test_what_is_held_back_stays_so(data, monkeypatch):
    held_back = []
    split = MLPSER._split_validation

    def record(model, *args):
        train, valid = split(model, *args)
        held_back.append(sorted(valid))
        return train, valid

    monkeypatch.setattr(MLPSER, "_split_validation", record)
    model = MLPSER(early_stopping=True, warm_start=True, max_epochs=1)
    model.fit(*data).fit(*data)
    model.set_params(warm_start=False).fit(*data)
    assert held_back[0] == held_back[1] != held_back[2]


def test_a_schedule_can_be_exchanged(data):
    model = MLPSER(lr=0.01, max_epochs=5, warm_start=True, random_state=0).fit(*data)
    assert max(_rates(model)) < 1e-3  # the cycle is over
    model.set_params(lr_schedule="constant").fit(*data)
    assert _rates(model) == [0.01]
    model.set_params(lr_schedule="one_cycle").partial_fit(*data)
    n = model.net_.batches_per_epoch_
    assert_allclose(_rates(model), 0.01 * one_cycle((n - 1) / n / 5))


@pytest.mark.parametrize("make", NETS.values(), ids=NETS)
def test_decay_and_batches_are_followed(make, data):
    model = make(max_epochs=1, warm_start=True, random_state=0).fit(*data)
    model.set_params(weight_decay=0.5, batch_size=8).fit(*data)
    groups = [g for o in model.net_.optimizers() for g in o.param_groups]
    assert {g["weight_decay"] for g in groups} == {0.5}
    assert model.net_.batches_per_epoch_ == 10


def test_net_params_have_the_last_word(data):
    chosen = {
        "optimizer__weight_decay": 0.25,
        "batch_size": 10,
        "lr": 0.02,
        "optimizer__param_groups": [("*.bias", {"weight_decay": 0.0, "lr": 1e-5})],
    }
    model = MLPSER(max_epochs=2, lr_schedule="constant", net_params=chosen, random_state=0)
    model.partial_fit(*data).set_params(lr=0.5, weight_decay=0.5, batch_size=16).partial_fit(*data)
    groups = model.net_.optimizer_.param_groups
    assert sorted(g["weight_decay"] for g in groups) == [0, 0.25]
    assert sorted(g["lr"] for g in groups) == [1e-5, 0.02]
    assert model.net_.batches_per_epoch_ == 8


def test_groups_keep_their_ratio_of_rates_and_their_decay(data):
    groups = [("*.bias", {"weight_decay": 0.0, "lr": 1e-3})]
    model = MLPSER(
        lr=0.01,
        max_epochs=2,
        lr_schedule="constant",
        net_params={"optimizer__param_groups": groups},
        random_state=0,
    )
    model.partial_fit(*data).set_params(lr=0.001, weight_decay=0.5).partial_fit(*data)
    groups = model.net_.optimizer_.param_groups
    assert sorted(g["weight_decay"] for g in groups) == [0, 0.5]
    assert_allclose(sorted(g["lr"] for g in groups), [1e-4, 1e-3])


@pytest.mark.parametrize("make", NETS.values(), ids=NETS)
def test_early_stopping_switched_off_leaves_the_course_alone(make, data):
    model = make(lr=0.01, max_epochs=10, early_stopping=True, random_state=0).fit(*data)
    model.set_params(early_stopping=False)
    for _ in range(5):
        model.partial_fit(*data)
    n = model.net_.batches_per_epoch_
    assert_allclose(_rates(model), 0.01 * one_cycle((4 + (n - 1) / n) / 10))


def test_patience_is_followed(data):
    model = MLPSER(max_epochs=2, early_stopping=True, warm_start=True, random_state=0).fit(*data)
    callbacks = model.set_params(n_iter_no_change=3).fit(*data).net_.callbacks_
    assert dict(callbacks)["early_stopping"].patience == 3


@pytest.mark.parametrize("make", NETS.values(), ids=NETS)
def test_error_early_stopping_of_one_epoch(make, data):
    with pytest.raises(ValueError, match="partial_fit does not support early_stopping=True"):
        make(early_stopping=True).partial_fit(*data)


def test_a_callback_of_the_user_keeps_its_state(data):
    halving = LRScheduler("ExponentialLR", gamma=0.5)
    model = MLPSER(
        lr=0.1,
        lr_schedule="constant",
        net_params={"callbacks": [("schedule", halving)]},
        random_state=0,
    )
    seen = [_rates(model.partial_fit(*data))[0] for _ in range(3)]
    assert_allclose(seen, [0.05, 0.025, 0.0125])


@pytest.mark.parametrize("make", NETS.values(), ids=NETS)
def test_without_changes_a_training_in_parts_is_the_whole(make, data):
    whole = make(max_epochs=4, random_state=0).fit(*data)
    parts = make(max_epochs=4, random_state=0)
    for _ in range(4):
        parts.partial_fit(*data)
    assert_array_equal(parts.predict_proba(data[0]), whole.predict_proba(data[0]))
