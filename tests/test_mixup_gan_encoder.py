"""MixupGANEncoder: codes with and without emotions, and back to features."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_ser import MixupGANEncoder


def _quick(**parameters) -> MixupGANEncoder:
    return MixupGANEncoder(**{"max_epochs": 3, "code_size": 2, "random_state": 0} | parameters)


@pytest.fixture(scope="module")
def hidden_emotions() -> dict[str, np.ndarray]:
    """Give four classes in a few of many features, of which the widest tell nothing."""
    rng = np.random.default_rng(0)
    means = 2 * np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]])
    spread = np.kron(np.eye(2), np.ones(4))

    def draw(n):
        y = np.arange(n) % 4
        telling = means[y] @ spread + rng.normal(size=(n, 8))
        loud = rng.normal(size=(n, 3)) @ rng.normal(size=(3, 40)) + rng.normal(size=(n, 40)) / 2
        return np.column_stack([telling, loud]), np.array(["anger", "fear", "joy", "sad"])[y]

    (X, y), (X_test, y_test) = draw(120), draw(200)
    return {"X": X, "y": y, "X_test": X_test, "y_test": y_test}


def _score_on_codes(encoder, data: dict[str, np.ndarray]) -> float:
    model = make_pipeline(encoder, LinearDiscriminantAnalysis()).fit(data["X"], data["y"])
    return balanced_accuracy_score(data["y_test"], model.predict(data["X_test"]))


def test_emotions_shape_the_code(hidden_emotions):
    supervised = _score_on_codes(_quick(max_epochs=20), hidden_emotions)
    by_pca = _score_on_codes(make_pipeline(StandardScaler(), PCA(2)), hidden_emotions)
    assert supervised > 0.8
    assert supervised > by_pca + 0.3


def test_without_emotions_it_restores_what_pca_restores(hidden_emotions):
    X, X_test = hidden_emotions["X"], hidden_emotions["X_test"]
    scale = X.std(axis=0)

    def error(model) -> float:
        restored = model.fit(X).inverse_transform(model.transform(X_test))
        return (((restored - X_test) / scale) ** 2).mean()

    encoder = _quick(code_size=5, mixup_alpha=0, input_dropout=0, max_epochs=60)
    encoder.set_params(adversarial_weight=0)
    assert error(encoder) < 1.15 * error(make_pipeline(StandardScaler(), PCA(5)))
    assert encoder.classes_ is None


def test_plain_autoencoder_ignores_labels_but_for_balance(hidden_emotions):
    X, y = hidden_emotions["X"], hidden_emotions["y"]  # balanced already
    settings = {"adversarial_weight": 0, "classifier_weight": 0, "mixup_alpha": 0}
    shuffled = np.random.default_rng(1).permutation(y)
    codes = [_quick(**settings).fit(X, labels) for labels in (y, shuffled)]
    assert all("discriminator_loss" not in encoder.history_[0] for encoder in codes)
    # The rows of an epoch come in another order; what is learnt is of the same kind.
    errors = [encoder.history_[-1]["reconstruction_loss"] for encoder in codes]
    assert errors[0] == pytest.approx(errors[1], rel=0.1)


def test_adversary_plays_on_demand(hidden_emotions):
    X, y = hidden_emotions["X"], hidden_emotions["y"]
    names = set(_quick(adversarial_weight=0.5).fit(X, y).history_[0])
    assert {"encoder_adversarial_loss", "discriminator_loss", "generator_loss"} <= names
    names = set(_quick(adversarial_weight=0.5).fit(X).history_[0])
    assert "encoder_adversarial_loss" in names


def test_codes_are_bounded_named_and_always_the_same(hidden_emotions):
    X, y = hidden_emotions["X"], hidden_emotions["y"]
    encoder = _quick(code_size=3).set_output(transform="pandas").fit(X, y)
    code = encoder.transform(X)
    assert list(code.columns) == [f"mixupganencoder{i}" for i in range(3)]
    assert (code.abs() < 1).all(axis=None)
    assert_array_equal(code, encoder.transform(X))
    assert_allclose(encoder.transform(X[5:7]), code[5:7], atol=1e-6)
    assert_array_equal(encoder.classes_, np.unique(y))


def test_rows_come_back_in_their_units_and_type(hidden_emotions):
    X = (1e3 * hidden_emotions["X"] + 5e3).astype(np.float32)
    X[:, 0] = 7.0
    encoder = _quick(code_size=10, max_epochs=20).fit(X)
    code = encoder.transform(X)
    restored = encoder.inverse_transform(code)
    assert code.dtype == restored.dtype == np.float32
    assert restored.shape == X.shape
    assert np.abs(restored.mean(axis=0) - X.mean(axis=0)).max() < 500
    assert_allclose(encoder.fit(X, hidden_emotions["y"]).inverse_transform(code)[:, 0], 7, atol=1)


def test_codes_of_another_size_are_refused(hidden_emotions):
    encoder = _quick().fit(hidden_emotions["X"])
    with pytest.raises(ValueError, match="X has 3 columns, but the codes have 2"):
        encoder.inverse_transform(np.zeros((4, 3)))


def test_emotions_of_another_length_are_refused(hidden_emotions):
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        _quick().fit(hidden_emotions["X"], hidden_emotions["y"][:-1])


def test_measured_emotions_are_refused(hidden_emotions):
    with pytest.raises(ValueError, match="Unknown label type"):
        _quick().fit(hidden_emotions["X"], np.linspace(0, 1, 120))


def test_a_class_of_one_and_constant_features_work():
    X = np.column_stack([np.random.default_rng(0).normal(size=(9, 4)), np.ones(9)])
    y = np.array([0] * 8 + [1])
    assert np.isfinite(_quick().fit(X, y).transform(X)).all()


def test_width_of_the_largest_opensmile_sets():
    X = np.random.default_rng(0).normal(size=(12, 6373))
    assert _quick(max_epochs=1, batch_size=8).fit(X).transform(X).shape == (12, 2)


def test_search_in_two_processes(hidden_emotions):
    model = make_pipeline(_quick(max_epochs=1), LinearDiscriminantAnalysis())
    grid = {"mixupganencoder__code_size": [2, 4]}
    search = GridSearchCV(model, grid, cv=2, n_jobs=2)
    search.fit(hidden_emotions["X"], hidden_emotions["y"])
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
