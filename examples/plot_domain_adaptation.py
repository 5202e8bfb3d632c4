r"""
From one corpus to another
==========================

A recogniser that is trained on one corpus and tested on another meets other people, another
language and other microphones. Two remedies need no labels of the target: standardising each
corpus by its own statistics, and codes that hide which corpus they come from
(:class:`~sklearn_ser.neural_network.DomainAdversarialSER`). The script runs all four combinations,
both ways, on the emotions that the corpora share::

    python examples/plot_domain_adaptation.py --corpora emodb emotale \
        --data path/to/emodb path/to/emotale --feature-set IS10 --n-repeats 5 --path results

The network sees the target's utterances in training, without their emotions, and is tested on
them: the adaptation is transductive. As it stands the script runs on synthetic speech.
"""

import argparse
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.preprocessing import StandardScaler

from sklearn_ser import DomainAdversarialSER, OpenSmileFeatures, datasets
from sklearn_ser.datasets import make_emotional_speech
from sklearn_ser.metrics import unweighted_average_recall_score

LOADERS = {
    name.removeprefix("load_"): getattr(datasets, name)
    for name in datasets.__all__
    if name.startswith("load_") and name != "load_audb"
}
ARMS = {"none": {"domain_weight": 0}, "domain-adversarial": {}}


def parse_arguments(argv=None):
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Recognition across corpora, adapted or not.")
    add = parser.add_argument
    add("--corpora", nargs=2, choices=list(LOADERS), help="two corpora (default: synthetic)")
    add("--data", nargs=2, type=Path, help="their folders")
    add("--feature-set", default="eGeMAPSv02", help="an openSMILE set (default eGeMAPSv02)")
    add("--n-repeats", type=int, default=2, help="random seeds")
    add("--max-epochs", type=int, default=30)
    add("--path", type=Path, help="folder that keeps features and the figure")
    args = parser.parse_args(argv)
    if (args.corpora is None) != (args.data is None):
        parser.error("--corpora and --data belong together: two names and two folders")
    return args


def load_corpora(args):
    """Return features and emotions of both corpora, of the emotions that both have."""
    if args.corpora is None:
        bunches = {
            f"synthetic {i}": make_emotional_speech(3, n_utterances=5, duration=1.0, random_state=i)
            for i in (1, 2)
        }
    else:
        pairs = zip(args.corpora, args.data, strict=True)
        bunches = {name: LOADERS[name](folder) for name, folder in pairs}
    extractor = OpenSmileFeatures(
        args.feature_set, memory=None if args.path is None else args.path / "features"
    )
    shared = set.intersection(*(set(bunch.target) - {""} for bunch in bunches.values()))
    corpora = {}
    for name, bunch in bunches.items():
        kept = np.isin(bunch.target, sorted(shared))
        corpora[name] = extractor.fit_transform(bunch.data)[kept], bunch.target[kept]
    return corpora


def recall_on_target(settings, source, target, seed, max_epochs):
    """Train on the labelled source and the unlabelled target; test on the target."""
    (X, y), (X_target, y_target) = source, target
    model = DomainAdversarialSER(max_epochs=max_epochs, random_state=seed, **settings)
    model.fit(
        np.concatenate([X, X_target]),
        np.concatenate([y, np.full(len(y_target), "")]),
        domain=np.repeat(["source", "target"], [len(y), len(y_target)]),
    )
    return 100 * unweighted_average_recall_score(y_target, model.predict(X_target))


def run(args):
    """Return one row for each direction, scaling, arm and seed."""
    corpora = load_corpora(args)
    scalings = {
        "train-fit": lambda X: X,  # the network standardises by what it trains on
        "each corpus (transductive)": StandardScaler().fit_transform,
    }
    rows = []
    for direction in (list(corpora), list(corpora)[::-1]):
        for scaling, scale in scalings.items():
            source, target = ((scale(X), y) for X, y in (corpora[name] for name in direction))
            for arm, settings in ARMS.items():
                for seed in range(args.n_repeats):
                    recall = recall_on_target(settings, source, target, seed, args.max_epochs)
                    row = dict(zip(("source", "target"), direction, strict=True))
                    rows.append(row | {"scaling": scaling, "arm": arm, "seed": seed, "UAR": recall})
                    print(*rows[-1].values(), file=sys.stderr, flush=True)
    return pd.DataFrame(rows)


def plot(table):
    """Draw mean and standard deviation over the seeds, a panel for each direction."""
    figure, panels = plt.subplots(1, 2, sharey=True, figsize=(9, 4), layout="constrained")
    groups = table.groupby(["source", "target"], sort=False)
    for axes, ((source, target), rows) in zip(panels, groups, strict=True):
        columns = {"index": "scaling", "columns": "arm", "values": "UAR", "sort": False}
        means = rows.pivot_table(**columns)
        deviations = rows.pivot_table(aggfunc="std", **columns).reindex_like(means).fillna(0)
        means.plot.bar(yerr=deviations, ax=axes, capsize=3, rot=0, legend=False)
        axes.set(xlabel="scaled by", ylabel="UAR (%)", title=f"{source} to {target}")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, title="adaptation", loc="outside lower center", ncols=2)
    return figure


def main(argv=None):
    """Run all combinations, print the table and draw it."""
    args = parse_arguments(argv)
    table = run(args)
    groups = table.groupby(["source", "target", "scaling", "arm"], sort=False)["UAR"]
    print(f"UAR in %, {args.feature_set}, {args.n_repeats} seeds")
    print(groups.agg(["mean", "std"]).round(1).to_string())
    figure = plot(table)
    if args.path is not None:
        args.path.mkdir(parents=True, exist_ok=True)
        table.to_csv(args.path / "table.csv", index=False)
        figure.savefig(args.path / "figure.png", dpi=150)
    return table


if __name__ == "__main__":
    main()
    plt.show()
