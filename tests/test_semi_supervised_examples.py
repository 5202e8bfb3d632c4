"""The scripts that compare single-task, semi-supervised and multi-task learning run."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


def _load(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_shares_of_labels_run_and_continue(tmp_path):
    script = _load("plot_semi_supervised")
    # Small networks of one epoch: the script's course is tested, not its figures.
    arguments = ["--shares", "0.5", "--max-epochs", "1", "--path", str(tmp_path)]
    table = script.main(arguments)
    assert table["arm"].tolist() == list(script.ARMS)
    assert (table["low"] <= table["UAR"]).all()
    assert (table["UAR"] <= table["high"]).all()
    assert (tmp_path / "figure.png").stat().st_size > 0
    pd.testing.assert_frame_equal(script.main(arguments), table)


def test_labels_are_kept_by_class():
    script = _load("plot_semi_supervised")
    y = np.array(["a"] * 40 + ["b"] * 3 + [""])
    kept = script.keep_labels(y, 0.1, np.random.default_rng(0))
    assert sorted(kept[kept != ""]) == ["a"] * 4 + ["b"]
    assert (kept[kept != ""] == y[kept != ""]).all()


def test_interval_of_equal_speakers_is_a_point():
    script = _load("plot_semi_supervised")
    y, speaker = np.tile(["a", "b"], 4), np.repeat(["1", "2", "3", "4"], 2)
    assert script.interval(y, [np.full(8, "a")], speaker).tolist() == [0.5, 0.5]


def test_figure_1_runs(tmp_path):
    script = _load("reproduce_figure_1")
    arguments = ["--max-epochs", "1", "--n-repeats", "1", "--feature-set", "eGeMAPSv02"]
    table = script.main([*arguments, "--path", str(tmp_path)])
    assert table["arm"].tolist() == list(script.ARMS)
    assert (tmp_path / "figure.png").stat().st_size > 0


def test_figure_1_wants_folders(capsys):
    script = _load("reproduce_figure_1")
    with pytest.raises(SystemExit):
        script.parse_arguments(["--corpora", "emodb"])
    assert "name=folder" in capsys.readouterr().err


def test_adaptation_runs(tmp_path, capsys):
    script = _load("plot_domain_adaptation")
    table = script.main(["--max-epochs", "1", "--n-repeats", "1", "--path", str(tmp_path)])
    assert set(table["scaling"]) == {"train-fit", "each corpus (transductive)"}
    assert set(table["arm"]) == {"none", "domain-adversarial"}
    assert (tmp_path / "figure.png").stat().st_size > 0
    assert "transductive" in capsys.readouterr().out
