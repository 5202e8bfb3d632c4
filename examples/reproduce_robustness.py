r"""
Noise and attacks, with and without mixup
=========================================

Latif et al. (2020) report that depth and mixup make a network lose less in noise and under attack.
This script tests that on a corpus of your own: an SVC, a convolutional network, and the network of
dense blocks, LSTM and highway layers, trained with and without mixup::

    python examples/reproduce_robustness.py --corpus emodb --data path/to/emodb \
        --noise babble path/to/noise --path results

``--input functionals`` gives the networks openSMILE's functionals, as the SVC, each row as a single
frame, which takes minutes; ``--input spectrograms`` (the default, as in the paper) log-mel
spectrograms, which takes hours. Each speaker is left out once, training is on clean speech, scaling
is train-fit, predictions are pooled and scored once. Networks are attacked by their own gradient,
and all models by that of a plain network that is trained beside them (transfer).

The paper shows its curves without numbers, so that no published rows can stand beside ours. A
change of so many standard deviations in functionals is not one in spectrograms: the SVC's rows
under attack compare with those of networks on the same input only. Interrupted runs continue from
``--path``; without arguments it runs on a little synthetic speech, which says nothing about the
models.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sklearn_ser import MLPSER, DenseNetSER, LogMelSpectrogram, OpenSmileFeatures, datasets
from sklearn_ser.datasets import make_emotional_speech
from sklearn_ser.evaluation import RobustnessCurveDisplay, attack_curve, noise_curve

LOADERS = {
    name.removeprefix("load_"): getattr(datasets, name)
    for name in datasets.__all__
    if name.startswith("load_") and name != "load_audb"
}
STUDIES = ("noise", "attack", "transfer")
INPUTS = ("functionals", "spectrograms")
NETWORKS = {
    "CNN": DenseNetSER(dense=False, n_lstm_units=0, n_highway_layers=0, mixup_alpha=0),
    "DenseNet, mixup": DenseNetSER(),
    "DenseNet, no mixup": DenseNetSER(mixup_alpha=0),
}


def parse_arguments(argv=None):
    """Read the command line; little is done on synthetic speech."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    add = parser.add_argument
    add("--corpus", choices=["synthetic", *LOADERS], default="synthetic")
    add("--data", type=Path, help="folder of the corpus")
    add("--input", choices=INPUTS, help="of the networks (default spectrograms)")
    add("--feature-set", help="openSMILE set of the functionals (default IS10)")
    add("--studies", nargs="+", choices=STUDIES, default=STUDIES)
    add("--noise", nargs="+", default=["babble"], help="white, pink, babble or folders")
    add("--snrs", nargs="+", type=float, help="in dB (default 20 15 10 5 0 -5)")
    add("--corruptions", nargs="*", default=[])
    add("--epsilons", nargs="+", type=float, help="default 0.01 0.02 0.05 0.1 0.2")
    add("--attacks", nargs="+", default=["fgsm", "pgd"])
    add("--models", nargs="+", help="some of the models (default all)")
    add("--n-folds", type=int, help="folds of several speakers (default: one speaker a fold)")
    add("--n-repeats", type=int, default=1, help="trainings of each network (default 1)")
    add("--max-epochs", type=int, help="default: 3 on synthetic speech, else the network's own")
    add("--n-jobs", type=int, default=1, help="processes (default 1)")
    add("--path", type=Path, help="folder that keeps features, predictions, tables and figure")
    args = parser.parse_args(argv)
    if args.corpus != "synthetic" and args.data is None:
        parser.error(f"--corpus {args.corpus} needs --data, the folder of the corpus")
    is_little = args.corpus == "synthetic"
    args.input = args.input or ("functionals" if is_little else "spectrograms")
    args.feature_set = args.feature_set or ("eGeMAPSv02" if is_little else "IS10")
    args.snrs = args.snrs or ([10, 0] if is_little else [20, 15, 10, 5, 0, -5])
    args.epsilons = args.epsilons or ([0.1, 0.5] if is_little else [0.01, 0.02, 0.05, 0.1, 0.2])
    args.max_epochs = args.max_epochs or (3 if is_little else None)
    known = ["SVC", *NETWORKS]
    args.models = args.models or known
    if unknown := set(args.models) - set(known):
        parser.error(f"--models: no {sorted(unknown)} among {known}")
    return args


def load_corpus(args):
    """Return utterances, emotions and speakers."""
    if args.corpus == "synthetic":
        bunch = make_emotional_speech(3, n_utterances=4, duration=1.0, random_state=0)
    else:
        bunch = LOADERS[args.corpus](args.data)
    labelled = bunch.target != ""
    X = bunch.data
    X = X[labelled] if hasattr(X, "iloc") else [x for x, k in zip(X, labelled, strict=True) if k]
    return X, bunch.target[labelled], bunch.speaker[labelled]


def build_models(args):
    """Return the models that are wanted, as pipelines from utterances on."""
    features = OpenSmileFeatures(args.feature_set)
    extractor = features if args.input == "functionals" else LogMelSpectrogram()
    models = {"SVC": make_pipeline(features, StandardScaler(), SVC(gamma="auto"))}
    for name, network in NETWORKS.items():
        models[name] = make_pipeline(extractor, shorten(network, args.max_epochs))
    return {name: models[name] for name in args.models}


def shorten(network, max_epochs):
    """Train a network for fewer epochs, where that is asked for."""
    network = clone(network)
    return network if max_epochs is None else network.set_params(max_epochs=max_epochs)


def run_studies(args, X, y, speakers, folder):
    """Return the studies by name."""
    models = build_models(args)
    networks = {name: model for name, model in models.items() if name != "SVC"}
    common = {
        "groups": speakers,
        "cv": args.n_folds,
        "n_repeats": args.n_repeats,
        "n_jobs": args.n_jobs,
        "path": folder,
        "verbose": sys.stderr.isatty(),
    }
    attack = {"epsilons": args.epsilons, "attack": args.attacks}
    studies = {}
    if "noise" in args.studies:
        noise = {"noise": args.noise, "snrs": args.snrs, "corruption": args.corruptions}
        studies["noise"] = noise_curve(models, X, y, **noise, **common)
    if "attack" in args.studies and networks:
        studies["attack"] = attack_curve(networks, X, y, **attack, **common)
    if "transfer" in args.studies:
        surrogate = shorten(MLPSER(), args.max_epochs)
        studies["transfer"] = attack_curve(models, X, y, surrogate=surrogate, **attack, **common)
    return studies


def tabulate(result):
    """Return a row for each condition, a column for each pipeline, with 95 % intervals."""
    curve = result.curve
    texts = [
        f"{100 * uar:.1f} ({100 * low:.1f} to {100 * high:.1f})"
        for uar, low, high in curve[["uar", "uar_low", "uar_high"]].to_numpy()
    ]
    by = ["condition", result.level]
    table = curve.assign(text=texts).pivot_table("text", by, "pipeline", "first", sort=False)
    return table.rename_axis(columns=None)


def main(argv=None):
    """Run the studies, print their tables and draw the curves."""
    args = parse_arguments(argv)
    X, y, speakers = load_corpus(args)
    with tempfile.TemporaryDirectory() as scratch:
        studies = run_studies(args, X, y, speakers, args.path or Path(scratch))
    split = "one speaker" if args.n_folds is None else f"one of {args.n_folds} groups of speakers"
    print(
        f"{args.corpus}, {len(y)} utterances, {split} left out, clean training, train-fit, pooled"
    )
    figure = plt.figure(layout="constrained", figsize=(5.5 * len(studies), 5))
    colors = {name: f"C{i}" for i, name in enumerate(args.models)}
    panels = figure.subplots(1, len(studies), squeeze=False)[0]
    for (name, result), ax in zip(studies.items(), panels, strict=True):
        print(f"\n{name}: UAR in % (95 % interval over speakers)\n{tabulate(result).to_string()}")
        RobustnessCurveDisplay.from_result(result, ax=ax, colors=colors).ax_.set_title(name)
        if result.predictions["pipeline"].nunique() > 1:
            drops = result.compare_drops()
            print("\nWhat the second loses more than the first, in shares of 1:")
            print(drops.round(4).to_string(index=False))
    if args.path is not None:
        curves = pd.concat(
            {name: result.curve for name, result in studies.items()}, names=["study"]
        )
        curves.to_csv(args.path / "curves.csv")
        figure.savefig(args.path / "figure.png", dpi=150)
    return studies


if __name__ == "__main__":
    main()
    plt.show()
