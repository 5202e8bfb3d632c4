"""The example of leaks runs, and each leak stands in its table."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[1] / "examples" / "plot_leaks.py"


@pytest.fixture(scope="module")
def script():
    """Return the example as a module."""
    spec = importlib.util.spec_from_file_location("plot_leaks", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_runs_on_synthetic_speech_and_continues(script, tmp_path, capsys):
    figure = tmp_path / "leaks.png"
    options = ["--n-speakers", "5", "--path", str(tmp_path), "--figure", str(figure)]
    table = script.main(options)
    assert figure.stat().st_size > 0
    assert table["pipeline"].iloc[0] == script.HONEST
    assert len(table) == 9
    assert table["estimate"].between(0, 100).all()
    printed = capsys.readouterr().out
    assert "transductive" in printed
    assert "scaled over all rows" in printed
    n_kept = len(list((tmp_path / "predictions").iterdir()))
    again = script.main(options)
    np.testing.assert_array_equal(again["estimate"], table["estimate"])
    assert len(list((tmp_path / "predictions").iterdir())) == n_kept


def test_a_real_corpus_needs_its_folder(script, capsys):
    with pytest.raises(SystemExit):
        script.parse_arguments(["--corpus", "emodb"])
    assert "--data" in capsys.readouterr().err
