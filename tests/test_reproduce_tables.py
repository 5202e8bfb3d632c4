"""The script of the published tables runs, on one corpus and across two."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

SCRIPT = Path(__file__).parents[1] / "examples" / "reproduce_table_3_4.py"


@pytest.fixture(scope="module")
def script():
    """Return the example as a module."""
    spec = importlib.util.spec_from_file_location("reproduce_table_3_4", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_runs_within_and_across_and_continues(script, tmp_path, capsys):
    arguments = ["--train-corpus", "synthetic", "--test-corpus", "synthetic", "--quick"]
    arguments += ["--feature-set", "eGeMAPSv02", "--path", str(tmp_path)]
    results = script.main(arguments)
    assert set(results["study"]) == {"within", "across"}
    assert set(results["sampler"]) == {"none", *script.SAMPLERS}
    assert len(results) == 2 * (1 + 2 * len(script.SAMPLERS))
    printed = capsys.readouterr().out
    assert "train-fit" in printed
    assert "transductive" in printed
    for rows in script.PUBLISHED.values():
        assert all(name in printed for name in rows)
        assert all(figure in printed for row in rows.values() for figure in row)
    pd.testing.assert_frame_equal(script.main(arguments), results)
    saved = pd.read_csv(tmp_path / "results.csv", keep_default_na=False)
    pd.testing.assert_frame_equal(saved, results.reset_index(drop=True), check_dtype=False)


def test_shared_emotions_are_selected(script):
    first = (np.arange(4)[:, None], np.array(["anger", "fear", "neutral", "anger"]), np.arange(4))
    second = (np.arange(3)[:, None], np.array(["anger", "joy", "neutral"]), np.arange(3))
    one, two = script.select_emotions([first, second], None)
    assert one[1].tolist() == ["anger", "neutral", "anger"]
    assert one[0].ravel().tolist() == one[2].tolist() == [0, 2, 3]
    assert two[1].tolist() == ["anger", "neutral"]
    with pytest.raises(SystemExit, match="fear"):
        script.select_emotions([first, second], ["anger", "fear"])


@pytest.mark.parametrize("side", ["train", "test"])
def test_a_real_corpus_needs_its_folder(script, capsys, side):
    with pytest.raises(SystemExit):
        script.parse_arguments(["--train-corpus", "synthetic", f"--{side}-corpus", "emodb"])
    assert f"--{side}-data" in capsys.readouterr().err


def test_emotions_are_made_rare_and_filled_up(script):
    X, y = np.arange(20)[:, None], np.repeat(["anger", "joy"], 10)
    X_cut, y_cut, groups = script.cut((X, y, np.arange(20)), {"anger": "3"})
    assert (y_cut == "anger").sum() == 3
    assert X_cut.ravel().tolist() == groups.tolist()
    assert set(range(10, 20)) <= set(groups)
    arguments = ["--train-corpus", "synthetic", "--quick", "--feature-set", "eGeMAPSv02"]
    arguments += ["--keep", "anger=4", "--n-synthetic", "balance", "--arms", "mixup"]
    results = script.main(arguments).set_index("training_data")
    assert set(results.index) == {"real", "real + synthetic"}
    assert results.loc["real", "n_train"] < results.loc["real + synthetic", "n_train"]


@pytest.mark.parametrize("study", ["within", "across"])
def test_one_study_alone(script, study):
    arguments = ["--train-corpus", "synthetic", "--test-corpus", "synthetic", "--quick"]
    arguments += ["--feature-set", "eGeMAPSv02", "--arms", "mixup", "--studies", study]
    assert set(script.main(arguments)["study"]) == {study}


def test_across_needs_a_second_corpus(script, capsys):
    with pytest.raises(SystemExit):
        script.parse_arguments(["--train-corpus", "synthetic", "--studies", "across"])
    assert "--test-corpus" in capsys.readouterr().err


def test_a_size_to_keep_is_a_number(script, capsys):
    with pytest.raises(SystemExit):
        script.parse_arguments(["--train-corpus", "synthetic", "--keep", "anger=few"])
    assert "anger=few" in capsys.readouterr().err
