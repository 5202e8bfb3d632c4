r"""
Figure 1 of the adversarial autoencoder on corpora of your own
==============================================================

The benchmark of Latif et al. (2022): a convolutional network (CNN), a semi-supervised autoencoder
(AE), a single-task (STL) and a multi-task (MTL) adversarial autoencoder, the last with speech
of another corpus, each speaker left out once::

    python examples/reproduce_figure_1.py --corpora emodb=path/to/emodb emotale=path/to/emotale \
        --auxiliary-data path/to/librispeech --path results

The corpora of the paper, IEMOCAP and MSP-IMPROV, come by licence only: ``iemocap=path`` takes
the first, ``msp_improv=path`` the second. Its figure prints no numbers, so none stand beside ours.
All systems are settings of :class:`~sklearn_ser.neural_network.AdversarialAutoencoderSER`; the CNN
sees log-mel spectrograms, the others openSMILE's functionals. Scaling is train-fit; predictions
are pooled over speakers and scored once. Interrupted runs continue from ``--path``.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.model_selection import GroupKFold, LeaveOneGroupOut

from sklearn_ser import (
    AdversarialAutoencoderSER,
    LogMelSpectrogram,
    OpenSmileFeatures,
    datasets,
)
from sklearn_ser.datasets import load_index, make_emotional_speech
from sklearn_ser.metrics import unweighted_average_recall_score

LOADERS = {
    name.removeprefix("load_"): getattr(datasets, name)
    for name in datasets.__all__
    if name.startswith("load_") and name != "load_audb"
}
SINGLE_TASK = {"reconstruction_weight": 0, "adversarial": False, "consistency_weight": 0}
# Settings, kind of input, and whether the auxiliary speech is trained on.
ARMS: dict[str, tuple[dict[str, Any], str, bool]] = {
    "CNN": (SINGLE_TASK, "sequences", False),
    "AE": ({"adversarial": False, "consistency_weight": 0}, "features", True),
    "STL": ({"consistency_weight": 0, "categorical_weight": 0}, "features", False),
    "MTL": ({"auxiliary": ("speaker", "gender")}, "features", True),
}


def parse_arguments(argv=None):
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    add = parser.add_argument
    add("--corpora", nargs="+", default=["synthetic"], help="name=folder each, or synthetic")
    add("--auxiliary-data", type=Path, help="folder of speech without emotions, with an index.csv")
    add("--feature-set", default="IS10", help="an openSMILE set (default IS10)")
    add("--arms", nargs="+", choices=list(ARMS), default=list(ARMS))
    add("--n-folds", type=int, help="folds of several speakers (default: one speaker a fold)")
    add("--n-repeats", type=int, default=3, help="random seeds")
    add("--max-epochs", type=int, default=60)
    add("--path", type=Path, help="folder that keeps features, predictions and the figure")
    args = parser.parse_args(argv)
    for corpus in args.corpora:
        name, _, folder = corpus.partition("=")
        if corpus != "synthetic" and (name not in LOADERS or not folder):
            parser.error(f"--corpora {corpus}: wanted name=folder, with a name of {list(LOADERS)}")
    return args


def load_corpus(corpus):
    """Return a corpus by its name and folder."""
    if corpus == "synthetic":
        return make_emotional_speech(3, n_utterances=3, duration=1.0, random_state=0)
    name, _, folder = corpus.partition("=")
    return LOADERS[name](folder)


def extract(bunch, name, args):
    """Return both kinds of input, the emotions, the speakers and the genders."""
    memory = None if args.path is None else args.path / "features"
    features = OpenSmileFeatures(args.feature_set, memory=memory).fit_transform(bunch.data)
    sequences = None
    if "CNN" in args.arms:
        sequences = LogMelSpectrogram().fit_transform(bunch.data)
    return {
        "features": features,
        "sequences": sequences,
        "y": bunch.target,
        "speaker": np.char.add(f"{name}:", bunch.speaker.astype(str)),
        "gender": bunch.gender,
    }


def pooled_predictions(arm, seed, args, corpus, auxiliary, name):
    """Leave speakers out and predict them."""
    saved = None
    if args.path is not None:
        saved = args.path / f"{name}_{arm}_{seed}.csv"
        if saved.exists():
            return pd.read_csv(saved, keep_default_na=False)["predicted"].to_numpy()
    settings, kind, uses_auxiliary = ARMS[arm]
    splitter = GroupKFold(args.n_folds) if args.n_folds else LeaveOneGroupOut()
    predicted = np.empty(len(corpus["y"]), dtype=corpus["y"].dtype)
    columns = (kind, "y", "speaker", "gender")
    for train, test in splitter.split(corpus["features"], corpus["y"], corpus["speaker"]):
        X, y, speaker, gender = (corpus[column][train] for column in columns)
        if uses_auxiliary and auxiliary is not None:
            X, y, speaker, gender = (
                np.concatenate([own, auxiliary[column]])
                for own, column in zip((X, y, speaker, gender), columns, strict=True)
            )
        model = AdversarialAutoencoderSER(max_epochs=args.max_epochs, random_state=seed, **settings)
        model.fit(X, y, speaker=speaker, gender=gender)
        predicted[test] = model.predict(corpus[kind][test])
    if saved is not None:
        pd.DataFrame({"predicted": predicted}).to_csv(saved, index=False)
    return predicted


def plot(table):
    """Draw mean and standard deviation over the seeds, a group of bars for each corpus."""
    means = table.pivot_table("UAR", "corpus", "arm", sort=False)
    deviations = table.pivot_table("UAR", "corpus", "arm", aggfunc="std", sort=False)
    figure, axes = plt.subplots(layout="constrained")
    means.plot.bar(yerr=deviations.fillna(0), ax=axes, capsize=3, rot=0)
    axes.set(xlabel="", ylabel="UAR (%)", title="Speakers never heard before, train-fit")
    axes.legend(title="", loc="lower right")
    return figure


def main(argv=None):
    """Run all systems on all corpora, print the table and draw the figure."""
    args = parse_arguments(argv)
    if args.path is not None:
        args.path.mkdir(parents=True, exist_ok=True)
    auxiliary = None
    if args.auxiliary_data is not None:
        auxiliary = extract(load_index(args.auxiliary_data), "auxiliary", args)
    rows = []
    for given in args.corpora:
        name = given.partition("=")[0]
        corpus = extract(load_corpus(given), name, args)
        labelled = corpus["y"] != ""
        corpus = {key: None if a is None else a[labelled] for key, a in corpus.items()}
        for arm in args.arms:
            for seed in range(args.n_repeats):
                predicted = pooled_predictions(arm, seed, args, corpus, auxiliary, name)
                recall = 100 * unweighted_average_recall_score(corpus["y"], predicted)
                rows.append({"corpus": name, "arm": arm, "seed": seed, "UAR": recall})
                print(f"{name}, {arm}, seed {seed}: {recall:.1f}", file=sys.stderr, flush=True)
    table = pd.DataFrame(rows)
    summary = table.groupby(["corpus", "arm"], sort=False)["UAR"].agg(["mean", "std"])
    print(f"UAR in %, pooled over speakers left out, train-fit, {args.feature_set}")
    print(summary.round(1).to_string())
    figure = plot(table)
    if args.path is not None:
        table.to_csv(args.path / "table.csv", index=False)
        figure.savefig(args.path / "figure.png", dpi=150)
    return table


if __name__ == "__main__":
    main()
    plt.show()
