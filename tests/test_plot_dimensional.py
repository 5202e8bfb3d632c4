"""The example of the dimensions runs, and its table holds what it says."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from sklearn_ser.metrics import concordance_correlation_coefficient

EXAMPLE = Path(__file__).parents[1] / "examples" / "plot_dimensional.py"


@pytest.fixture(scope="module")
def example():
    """Return the example as a module."""
    spec = importlib.util.spec_from_file_location("plot_dimensional", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_runs_on_synthetic_speech(example, tmp_path, capsys):
    figure = tmp_path / "predictions.png"
    table = example.main(["--n-speakers", "4", "--n-splits", "4", "--figure", str(figure)])
    assert figure.stat().st_size > 0
    assert table.shape == (7, 8)
    assert table["CCC"].to_numpy().max() <= 1
    assert table["UAR"].to_numpy().min() >= 0
    printed = capsys.readouterr().out
    assert "train-fit, pooled" in printed
    assert "DenseNetSERRegressor" in printed


def test_scores_are_those_of_each_dimension_and_their_mean(example):
    rng = np.random.default_rng(0)
    y = rng.normal(size=(30, 3))
    predicted = y + rng.normal(size=(30, 3))
    levels = np.tile([0.0, 1.0, 2.0], (3, 10)).T
    scores = example.score(y, predicted, levels, np.zeros((30, 3)))
    ccc = [concordance_correlation_coefficient(y[:, i], predicted[:, i]) for i in range(3)]
    np.testing.assert_allclose(scores["CCC"], [*ccc, np.mean(ccc)])
    np.testing.assert_allclose(scores["UAR"], 100 / 3)


class _Memory:
    """Predicts the ratings that it was trained on, and fails on speakers that it knows."""

    def fit(self, X, y):
        self.speakers, self.y = set(X[:, 0]), y
        return self

    def predict(self, X):
        assert not self.speakers & set(X[:, 0])
        return np.broadcast_to(self.y.mean(axis=0), (len(X), self.y.shape[1]))


def test_no_speaker_of_the_test_is_trained_on_and_limits_are_of_the_training(example):
    speaker = np.repeat(np.arange(4), 6)
    # The first speaker's ratings are far off: limits learned with them would differ.
    y = np.tile(np.arange(6.0), 4)[:, None] + 100.0 * (speaker == 0)[:, None] * np.ones(3)
    predicted, levels, _ = example.predict_by_fold(_Memory(), speaker[:, None], y, speaker, 4)
    assert (predicted[speaker == 0] == 2.5).all()
    assert (levels[speaker == 0] == 2).all()


def test_a_corpus_without_ratings_is_refused(example, corpus_dir):
    args = example.parse_arguments(["--corpus", "emodb", "--data", str(corpus_dir("emodb"))])
    with pytest.raises(SystemExit, match="emodb has no ratings of"):
        example.load_rated_speech(args)


def test_a_real_corpus_needs_its_folder(example, capsys):
    with pytest.raises(SystemExit):
        example.parse_arguments(["--corpus", "emotale"])
    assert "--data" in capsys.readouterr().err
