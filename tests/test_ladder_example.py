"""The script of the ladder of networks runs, continues, and prints what it says."""

import importlib.util
from pathlib import Path

import pandas as pd
import pytest

SCRIPT = Path(__file__).parents[1] / "examples" / "plot_table_2_ladder.py"


@pytest.fixture(scope="module")
def script():
    """Return the example as a module."""
    spec = importlib.util.spec_from_file_location("plot_table_2_ladder", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_runs_and_continues(script, tmp_path, capsys):
    arguments = ["--models", "CNN", "DenseNet-LSTM-highway", "--max-epochs", "1"]
    arguments += ["--path", str(tmp_path)]
    first = script.main(arguments)
    assert list(first.index) == ["CNN", "DenseNet-LSTM-highway"]
    assert first["mean"].between(0, 100).all()
    printed = capsys.readouterr().out
    assert "train-fit" in printed
    assert all(figure in printed for figure in script.PUBLISHED.loc["CNN"])
    again = script.main([*arguments, "--n-seeds", "2"])
    results = pd.read_csv(tmp_path / "synthetic_train.csv")
    assert results["seed"].tolist() == [0, 0, 1, 1]
    assert capsys.readouterr().out.count("seed 0") == 0
    assert again["mean"]["CNN"] == pytest.approx(
        results.loc[results["model"] == "CNN", "pooled"].mean()
    )


def test_rungs_add_one_part_at_a_time(script):
    rungs = list(script.MODELS.values())[:5]
    parts = [[rung.dense, rung.n_lstm_units != 0, rung.n_highway_layers > 0] for rung in rungs]
    assert [sum(p) for p in parts] == [0, 1, 1, 2, 3]
    assert list(script.PUBLISHED.index) == list(script.MODELS)


def test_a_real_corpus_needs_its_folder(script, capsys):
    with pytest.raises(SystemExit):
        script.parse_arguments(["--corpus", "emodb"])
    assert "--data" in capsys.readouterr().err
