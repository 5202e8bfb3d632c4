"""A fit that fails leaves no net behind that answers by labels or a scale of other data."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from sklearn_ser import (
    MLPSER,
    AdversarialAutoencoderSER,
    DomainAdversarialSER,
    MixupGANEncoder,
    MLPSERRegressor,
)


@pytest.fixture(scope="module")
def data():
    """Return three emotions that five features tell apart."""
    rng = np.random.default_rng(0)
    y = np.repeat(["anger", "joy", "sadness"], 12)
    X = rng.normal(size=(36, 5))
    X[:, 0] += 3 * (y == "anger")
    X[:, 1] += 3 * (y == "joy")
    return X, y


def _assert_not_fitted(model, X):
    with pytest.raises(NotFittedError):
        check_is_fitted(model)
    with pytest.raises(NotFittedError):
        model.transform(X) if isinstance(model, MixupGANEncoder) else model.predict(X)


CLASSIFIERS = [MLPSER, AdversarialAutoencoderSER, DomainAdversarialSER]


FAULTS = {
    "one class": lambda model, X, y: model.fit(X, ["only"] * 36),
    "no class": lambda model, X, y: model.fit(np.hstack([X, X]), [None] * 36),
    "one group": lambda model, X, y: model.set_params(early_stopping=True).fit(
        100 * X, y, groups=["01"] * 36
    ),
    "device": lambda model, X, y: model.set_params(device="no device").fit(100 * X, y),
}


@pytest.mark.parametrize("cls", CLASSIFIERS)
@pytest.mark.parametrize("refit", FAULTS.values(), ids=FAULTS)
def test_a_failed_refit_is_no_fit(cls, refit, data):
    model = cls(max_epochs=1, random_state=0).fit(*data)
    with pytest.raises(ValueError, match=r"2 classes|36 of 36 rows|hold back|no torch device"):
        refit(model, *data)
    _assert_not_fitted(model, data[0])


@pytest.mark.parametrize("cls", [MLPSERRegressor, MixupGANEncoder])
def test_a_failed_refit_keeps_no_other_scale(cls, data):
    X, _ = data
    y = X[:, 0] if cls is MLPSERRegressor else None
    model = cls(max_epochs=1, random_state=0).fit(X, y)
    with pytest.raises(ValueError, match="no torch device"):
        model.set_params(device="no device").fit(100 * X + 5, None if y is None else 1000 * y)
    _assert_not_fitted(model, X)


@pytest.mark.parametrize("cls", CLASSIFIERS)
def test_a_training_on_that_is_refused_changes_nothing(cls, data):
    X, y = data
    model = cls(max_epochs=1, warm_start=True, random_state=0).fit(X, y)
    before = model.predict_proba(X)
    with pytest.raises(ValueError, match="beside the known"):
        model.fit(X, np.where(y == "joy", "fear", y))
    with pytest.raises(ValueError, match="features"):
        model.partial_fit(X[:, :3], y)
    np.testing.assert_array_equal(model.predict_proba(X), before)


@pytest.mark.parametrize("cls", CLASSIFIERS)
def test_weights_that_the_last_step_broke_are_noticed(cls, data):
    # The last loss is computed before the last step.
    model = cls(lr=1e30, max_epochs=1, batch_size=36, lr_schedule="constant", random_state=0)
    with pytest.raises(ValueError, match=r"no longer finite.*than lr=1e\+30"):
        model.fit(*data)
    _assert_not_fitted(model, data[0])


def test_a_training_on_that_diverges_leaves_no_net(data):
    model = MLPSER(max_grad_norm=None, lr_schedule="constant", random_state=0).partial_fit(*data)
    model.set_params(lr=1e30)
    with pytest.raises(ValueError, match=r"no longer finite.*than lr=1e\+30"):
        model.partial_fit(*data)
    _assert_not_fitted(model, data[0])
