"""The page of the two-dimensional codes: its table and its figure."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from sklearn.decomposition import PCA

SCRIPT = Path(__file__).parents[1] / "examples" / "plot_compressed_codes.py"


@pytest.fixture(scope="module")
def script():
    """Return the example as a module."""
    spec = importlib.util.spec_from_file_location("plot_compressed_codes", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_speaker_is_coded_by_an_encoder_that_never_heard_it(script):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(24, 4)), np.tile(["anger", "joy"], 12)
    speaker = np.repeat(["a", "b", "c"], 8)
    seen = []

    class Recording(PCA):
        def fit(self, X, y=None):
            seen.append((len(X), y is None))
            return super().fit(X)

    predicted, drawn = script.code_speakers(Recording(2), False, X, y, speaker)
    assert seen == [(16, True)] * 3
    assert set(predicted) <= {"anger", "joy"}
    assert drawn["code"].shape == (16, 2)
    assert drawn["code_test"].shape == (8, 2)
    assert script.draw({"one": drawn, "other": drawn}).legends[0] is not None


def test_networks_are_seeded_and_the_rest_is_left_alone(script):
    for encoder, _ in script.build_encoders().values():
        copy = script.seeded(encoder, 7)
        if "random_state" in encoder.get_params():
            assert copy.get_params()["random_state"] == 7


def test_a_real_corpus_needs_its_folder(script, capsys):
    with pytest.raises(SystemExit):
        script.parse_arguments(["--corpus", "emodb"])
    assert "--data" in capsys.readouterr().err
