"""The scripts of noise, attacks and the first two tables run, continue, and print what they say."""

import importlib.util
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


def _load(name, monkeypatch):
    """Return an example as a module; the examples may import each other, as when they are run."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_robustness_runs_and_continues(monkeypatch, tmp_path, capsys):
    script = _load("reproduce_robustness", monkeypatch)
    arguments = ["--models", "SVC", "CNN", "--max-epochs", "1", "--snrs", "0", "--epsilons", "0.5"]
    arguments += ["--corruptions", "clipping", "--attacks", "fgsm", "--path", str(tmp_path)]
    first = script.main(arguments)
    assert list(first) == ["noise", "attack", "transfer"]
    assert set(first["attack"].predictions["pipeline"]) == {"CNN"}
    assert set(first["transfer"].predictions["pipeline"]) == {"SVC", "CNN"}
    printed = capsys.readouterr().out
    assert "one speaker left out, clean training, train-fit" in printed
    assert "babble" in printed
    assert "fgsm, transfer" in printed
    assert (tmp_path / "figure.png").stat().st_size > 0
    curves = pd.read_csv(tmp_path / "curves.csv")
    assert set(curves["study"]) == set(first)
    again = script.main([*arguments, "--studies", "noise"])
    assert list(again) == ["noise"]
    pd.testing.assert_frame_equal(again["noise"].fits, first["noise"].fits)
    plt.close("all")


def test_robustness_has_the_networks_on_both_inputs(monkeypatch):
    script = _load("reproduce_robustness", monkeypatch)
    for kind in script.INPUTS:
        args = script.parse_arguments(["--input", kind])
        models = script.build_models(args)
        assert list(models) == ["SVC", *script.NETWORKS]
        assert models["DenseNet, no mixup"][-1].mixup_alpha == 0
        assert models["DenseNet, mixup"][-1].mixup_alpha != 0
        assert models["DenseNet, mixup"][-1].max_epochs == 3


def test_groups_are_named_and_shortening_leaves_the_networks_alone(monkeypatch, tmp_path, capsys):
    script = _load("reproduce_robustness", monkeypatch)
    epochs = script.NETWORKS["CNN"].max_epochs
    arguments = ["--models", "CNN", "--max-epochs", "1", "--snrs", "0", "--studies", "noise"]
    script.main([*arguments, "--noise", "white", "--n-folds", "2", "--path", str(tmp_path)])
    assert "one of 2 groups of speakers left out" in capsys.readouterr().out
    assert script.NETWORKS["CNN"].max_epochs == epochs != 1
    plt.close("all")


@pytest.mark.parametrize("name", ["reproduce_robustness", "plot_robustness"])
def test_utterances_without_an_emotion_are_left_out(monkeypatch, tmp_path, name):
    script = _load(name, monkeypatch)
    from tests.noise_files import write_noise

    names = [f"{i}.wav" for i in range(4)]
    write_noise(tmp_path, names)
    emotions = ["anger", "", "neutral", "anger"]
    index = pd.DataFrame({"file": names, "speaker": list("1122"), "emotion": emotions})
    index.to_csv(tmp_path / "index.csv", index=False)
    args = script.parse_arguments(["--corpus", "index", "--data", str(tmp_path)])
    X, y, speakers = script.load_corpus(args)
    assert len(X) == 3
    assert list(y) == ["anger", "neutral", "anger"]
    assert list(speakers) == list("122")


@pytest.mark.parametrize("name", ["reproduce_robustness", "plot_robustness"])
def test_a_real_corpus_needs_its_folder(monkeypatch, capsys, name):
    script = _load(name, monkeypatch)
    with pytest.raises(SystemExit):
        script.parse_arguments(["--corpus", "emodb"])
    assert "--data" in capsys.readouterr().err


def test_an_unknown_model_is_refused(monkeypatch, capsys):
    script = _load("reproduce_robustness", monkeypatch)
    with pytest.raises(SystemExit):
        script.parse_arguments(["--models", "oracle"])
    assert "oracle" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "models"),
    [
        ("reproduce_table_1", ["SVM + eGeMAPS", "CNN + log-mel", "CNN-LSTM + raw waveform"]),
        ("reproduce_table_2", ["CNN"]),
    ],
)
def test_tables_run_and_continue(monkeypatch, tmp_path, capsys, name, models):
    script = _load(name, monkeypatch)
    arguments = ["--models", *models, "--max-epochs", "1", "--path", str(tmp_path)]
    table = script.main(arguments)
    assert set(script.PUBLISHED.index) | set(models) == set(table.index)
    assert (table.loc[models] != "").all(axis=None)
    printed = capsys.readouterr().out
    assert "train-fit" in printed
    assert all(figure in printed for figure in script.PUBLISHED["IEMOCAP"])
    files = sorted(tmp_path.glob("*.json"))
    assert len(files) == 3 * len(models)
    changed = [file.stat().st_mtime_ns for file in files]
    pd.testing.assert_frame_equal(script.main(arguments), table)
    assert [file.stat().st_mtime_ns for file in files] == changed
    assert (tmp_path / "figure.png").stat().st_size > 0
    plt.close("all")


def test_sessions_are_left_out_where_there_are_some(monkeypatch, tmp_path):
    script = _load("reproduce_table_1", monkeypatch)
    from tests.noise_files import write_noise

    write_noise(tmp_path, [f"{i}.wav" for i in range(16)])
    index = pd.DataFrame(
        {
            "file": [f"{i}.wav" for i in range(16)],
            "speaker": np.repeat(["1F", "1M", "2F", "2M"], 4),
            "session": np.repeat(["1", "2"], 8),
            "emotion": ["anger", "neutral", "sadness", ""] * 4,
        }
    )
    index.to_csv(tmp_path / "index.csv", index=False)
    X, y, speakers, cv = script.load_corpus(f"index={tmp_path}", ["anger", "neutral"])
    assert len(X) == len(y) == len(speakers) == 8
    folds = list(cv.split(X, y, speakers))
    assert len(folds) == 4
    for train, test in folds:
        assert len(train) == 4
        assert {speaker[0] for speaker in speakers[train]} != {speakers[test][0][0]}
    X, y, speakers, cv = script.load_corpus("synthetic", None)
    assert cv is None
    with pytest.raises(SystemExit, match="has none of"):
        script.load_corpus("synthetic", ["zeal"])


def test_a_corpus_is_named_with_its_folder(monkeypatch, capsys):
    script = _load("reproduce_table_1", monkeypatch)
    with pytest.raises(SystemExit):
        script.main(["--corpora", "emodb"])
    assert "wanted name=folder" in capsys.readouterr().err


def test_shortening_and_caching_reach_the_steps_and_not_the_originals(monkeypatch, tmp_path):
    script = _load("reproduce_table_1", monkeypatch)
    prepared = script.prepare(script.MODELS, 2, tmp_path)
    assert prepared["CNN + log-mel"][-1].max_epochs == 2
    assert script.MODELS["CNN + log-mel"][-1].max_epochs != 2
    assert set(script.MODELS) == set(script.PUBLISHED.index)
    assert prepared["CNN-LSTM + raw waveform"][-1].max_epochs == 2
    assert prepared["SVM + MFCC"][0].memory == tmp_path
    assert prepared["SVM + MFCC"][-1].memory is None
    assert script.MODELS["SVM + MFCC"][0].memory is None
