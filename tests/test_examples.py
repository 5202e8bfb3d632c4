"""The quick-start runs, and its table holds what it says."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

QUICKSTART = Path(__file__).parents[1] / "examples" / "plot_quickstart.py"


@pytest.fixture(scope="module")
def quickstart():
    """Return the example as a module."""
    spec = importlib.util.spec_from_file_location("plot_quickstart", QUICKSTART)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("options", [[], ["--speaker-normalise"]])
def test_quickstart_runs_on_synthetic_speech(quickstart, tmp_path, capsys, options):
    figure = tmp_path / "confusion.png"
    table = quickstart.main(
        ["--n-speakers", "3", "--n-jobs", "1", "--figure", str(figure), *options]
    )
    assert figure.stat().st_size > 0
    assert len(table) == 3 + 2
    assert table.to_numpy().min() >= 0
    assert table.to_numpy().max() <= 100
    printed = capsys.readouterr().out
    assert ("transductive" in printed) == bool(options)
    assert "pooled" in printed


def test_recall_is_pooled_over_speakers_and_averaged_apart(quickstart):
    # The second speaker has no "b": the mean of the speakers and the pooled figure differ.
    y = np.array(["a", "b", "a", "a"])
    speaker = np.array(["1", "1", "2", "2"])
    table = quickstart.tabulate_recall(y, speaker, {"all a": np.array(["a"] * 4)})
    assert table["all a"].to_dict() == {"1": 50, "2": 100, "mean of speakers": 75, "pooled": 50}


def test_a_real_corpus_needs_its_folder(quickstart, capsys):
    with pytest.raises(SystemExit):
        quickstart.parse_arguments(["--corpus", "emodb"])
    assert "--data" in capsys.readouterr().err
