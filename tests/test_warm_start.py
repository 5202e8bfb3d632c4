"""A training that goes on follows what was changed since it began."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

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
    model.fit(*data)  # seven more epochs: past the end, the count begins anew
    assert model.n_iter_ == 13
    assert_allclose(_rates(model), 0.01 * one_cycle((n - 1) / n / 7))


def test_a_schedule_can_be_exchanged(data):
    model = MLPSER(lr=0.01, max_epochs=5, warm_start=True, random_state=0).fit(*data)
    assert max(_rates(model)) < 1e-3  # the cycle is over
    model.set_params(lr_schedule="constant").fit(*data)
    assert _rates(model) == [0.01]
    model.set_params(lr_schedule="one_cycle").partial_fit(*data)
    n = model.net_.batches_per_epoch_
    assert_allclose(_rates(model), 0.01 * one_cycle((n - 1) / n / 5))


def test_decay_batches_mixup_and_clipping_are_followed(data):
    model = MLPSER(max_epochs=1, warm_start=True, random_state=0).fit(*data)
    changed = {"weight_decay": 0.5, "batch_size": 16, "max_grad_norm": 0.1, "mixup_alpha": 0.0}
    model.set_params(**changed, net_params={"optimizer__weight_decay": 0.25}).fit(*data)
    assert model.net_.optimizer_.param_groups[0]["weight_decay"] == 0.25
    assert model.net_.batches_per_epoch_ == 5
    assert model.net_.max_grad_norm == 0.1
    assert model.net_.augment.mixup_alpha == 0.0


@pytest.mark.parametrize("make", NETS.values(), ids=NETS)
def test_without_changes_a_training_in_parts_is_the_whole(make, data):
    whole = make(max_epochs=4, random_state=0).fit(*data)
    parts = make(max_epochs=4, random_state=0)
    for _ in range(4):
        parts.partial_fit(*data)
    assert_array_equal(parts.predict_proba(data[0]), whole.predict_proba(data[0]))
