r"""
Few labels and much speech
==========================

How much recall is lost when only a share of the training utterances keeps its emotion, and how
much of it do the others win back? Four systems of one size, all of them settings of
:class:`~sklearn_ser.neural_network.AdversarialAutoencoderSER`, beside a support vector machine:

- STL, a single task: learns from the labelled utterances alone,
- AE, an autoencoder: restores the others too,
- MTL: also tells speaker and gender, matches the codes to priors, and takes confident
  predictions for labels,
- MTL with speech of another corpus, which has no emotions at all.

As it stands it runs in a minute on synthetic speech. On real corpora::

    python examples/plot_semi_supervised.py --corpus emodb --data path/to/emodb \
        --auxiliary-data path/to/librispeech --feature-set IS10 --path results

The auxiliary folder holds an index file, as :func:`~sklearn_ser.datasets.load_index` reads it,
with speakers and genders and an empty column of emotions. Scaling is train-fit, each speaker is
left out once, predictions are pooled, and intervals come from drawing speakers with replacement.
"""

import argparse
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.model_selection import LeaveOneGroupOut
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sklearn_ser import AdversarialAutoencoderSER, OpenSmileFeatures, datasets
from sklearn_ser.datasets import load_index, make_emotional_speech
from sklearn_ser.metrics import unweighted_average_recall_score

LOADERS = {
    name.removeprefix("load_"): getattr(datasets, name)
    for name in datasets.__all__
    if name.startswith("load_") and name != "load_audb"
}

# The settings of each system, and what it trains on beside the labelled utterances.
ARMS = {
    "SVC": (None, "labelled"),
    "STL": (
        {"reconstruction_weight": 0, "adversarial": False, "consistency_weight": 0},
        "labelled",
    ),
    "AE": ({"adversarial": False, "consistency_weight": 0}, "rest"),
    "MTL": ({"auxiliary": ("speaker", "gender")}, "rest"),
    "MTL + auxiliary": ({"auxiliary": ("speaker", "gender")}, "auxiliary"),
}


def parse_arguments(argv=None):
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Recall with few labels.")
    add = parser.add_argument
    add("--corpus", choices=["synthetic", *LOADERS], default="synthetic")
    add("--data", type=Path, help="folder of the corpus")
    add("--auxiliary-data", type=Path, help="folder of speech without emotions, with an index.csv")
    add("--feature-set", default="eGeMAPSv02", help="an openSMILE set (default eGeMAPSv02)")
    add("--shares", nargs="+", type=float, help="shares of the labels that are kept, in (0, 1]")
    add("--arms", nargs="+", choices=list(ARMS), default=list(ARMS))
    add("--n-repeats", type=int, help="draws of the labels that are kept")
    add("--max-epochs", type=int, help="length of the training of the networks")
    add("--path", type=Path, help="folder that keeps features, predictions and the figure")
    args = parser.parse_args(argv)
    if args.corpus != "synthetic" and args.data is None:
        parser.error(f"--corpus {args.corpus} needs --data, the folder of the corpus")
    synthetic = args.corpus == "synthetic"
    args.shares = args.shares or ([0.1, 0.5, 1.0] if synthetic else [0.05, 0.1, 0.25, 0.5, 1.0])
    args.n_repeats = args.n_repeats or (1 if synthetic else 3)
    args.max_epochs = args.max_epochs or (10 if synthetic else 60)
    return args


def load_features(args):
    """Return features, emotions, speakers and genders of the corpus and of the auxiliary speech."""
    if args.corpus == "synthetic":
        corpus = make_emotional_speech(4, n_utterances=8, duration=1.0, random_state=0)
        auxiliary = make_emotional_speech(
            6, emotions=["boredom", "neutral"], n_utterances=3, duration=1.0, random_state=1
        )
        auxiliary.target = np.full(len(auxiliary.target), "")
    else:
        corpus = LOADERS[args.corpus](args.data)
        auxiliary = load_index(args.auxiliary_data) if args.auxiliary_data else None
    extractor = OpenSmileFeatures(
        args.feature_set, memory=None if args.path is None else args.path / "features"
    )
    parts = []
    for name, bunch in (("corpus", corpus), ("auxiliary", auxiliary)):
        if bunch is not None:
            speaker = np.char.add(f"{name}:", bunch.speaker.astype(str))
            parts.append((extractor.fit_transform(bunch.data), bunch.target, speaker, bunch.gender))
    return parts


def keep_labels(y, share, rng):
    """Hide the emotions of all but a share of each class, at least one utterance."""
    hidden = np.full(y.shape, "", dtype=y.dtype)
    for emotion in np.unique(y[y != ""]):
        rows = rng.permutation(np.flatnonzero(y == emotion))
        rows = rows[: max(1, round(share * len(rows)))]
        hidden[rows] = emotion
    return hidden


def predict(arm, parts, train, test, y, seed, max_epochs):
    """Fit an arm on the training rows, of which some have a label, and predict the others."""
    settings, extent = ARMS[arm]
    X, _, speaker, gender = parts[0]
    rows = train[y[train] != ""] if extent == "labelled" else train
    if settings is None:
        model = make_pipeline(StandardScaler(), SVC(C=1, gamma="auto", class_weight="balanced"))
        return model.fit(X[rows], y[rows]).predict(X[test])
    training = [X[rows], y[rows], speaker[rows], gender[rows]]
    if extent == "auxiliary":
        training = [np.concatenate(pair) for pair in zip(training, parts[1], strict=True)]
    model = AdversarialAutoencoderSER(max_epochs=max_epochs, random_state=seed, **settings)
    model.fit(training[0], training[1], speaker=training[2], gender=training[3])
    return model.predict(X[test])


def pooled_predictions(arm, share, seed, args, parts):
    """Leave each speaker out once; every arm meets the same labels."""
    if args.path is not None:
        args.path.mkdir(parents=True, exist_ok=True)
        saved = args.path / f"{arm.replace(' ', '')}_{share:g}_{seed}.csv"
        if saved.exists():
            return pd.read_csv(saved, keep_default_na=False)["predicted"].to_numpy()
    X, y, speaker, _ = parts[0]
    predicted = np.empty(len(y), dtype=y.dtype)
    for fold, (train, test) in enumerate(LeaveOneGroupOut().split(X, y, speaker)):
        kept = np.full(y.shape, "", dtype=y.dtype)
        kept[train] = keep_labels(y[train], share, np.random.default_rng([seed, fold]))
        predicted[test] = predict(arm, parts, train, test, kept, seed, args.max_epochs)
    if args.path is not None:
        pd.DataFrame({"predicted": predicted}).to_csv(saved, index=False)
    return predicted


def interval(y, predictions, speaker, n_draws=1000):
    """Draw speakers with replacement: the middle 95 % of the recall, mean over the repeats."""
    labels, speakers = np.unique(y), np.unique(speaker)
    one_hot = y[:, None] == labels
    of_speaker = (speaker[:, None] == speakers).astype(int)
    shown = of_speaker.T @ one_hot  # of shape (n_speakers, n_emotions)
    hits = [of_speaker.T @ (one_hot & (predicted == y)[:, None]) for predicted in predictions]
    n = len(speakers)
    times = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), size=n_draws)
    with np.errstate(invalid="ignore"):  # a draw may lack an emotion
        recalls = [np.nanmean(times @ hit / (times @ shown), axis=1) for hit in hits]
    return np.percentile(np.mean(recalls, axis=0), [2.5, 97.5])


def run(args):
    """Return one row for each arm and share: recall in percent and its interval."""
    parts = load_features(args)
    labelled = parts[0][1] != ""
    parts[0] = tuple(array[labelled] for array in parts[0])
    _, y, speaker, _ = parts[0]
    rows = []
    for arm in args.arms:
        if ARMS[arm][1] == "auxiliary" and len(parts) == 1:
            continue
        for share in args.shares:
            predictions = [
                pooled_predictions(arm, share, seed, args, parts) for seed in range(args.n_repeats)
            ]
            recall = np.mean([unweighted_average_recall_score(y, p) for p in predictions])
            low, high = interval(y, predictions, speaker)
            rows.append({"arm": arm, "share": share, "UAR": recall, "low": low, "high": high})
            print(f"{arm}, {share:g}: {100 * recall:.1f}", file=sys.stderr, flush=True)
    table = pd.DataFrame(rows)
    table[["UAR", "low", "high"]] *= 100
    return table


def plot(table, title):
    """Draw recall against the share of labels, an interval for each point."""
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for i, (arm, rows) in enumerate(table.groupby("arm", sort=False)):
        # Shifted a little, so that the intervals stand side by side.
        x = 100 * rows["share"] * 1.03 ** (i - 2)
        whiskers = [rows["UAR"] - rows["low"], rows["high"] - rows["UAR"]]
        axes.errorbar(x, rows["UAR"], yerr=whiskers, marker="o", capsize=3, label=arm)
    ticks = 100 * np.sort(table["share"].unique())
    axes.set_xscale("log")
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set(xlabel="training utterances with a label (%)", ylabel="UAR (%)", title=title)
    axes.legend()
    return figure


def main(argv=None):
    """Run the comparison, print its table and draw it."""
    args = parse_arguments(argv)
    table = run(args)
    print(f"{args.corpus}, {args.feature_set}, one speaker left out, train-fit, UAR in %")
    print(table.round(3).to_string(index=False))
    figure = plot(table, f"{args.corpus}, {args.feature_set}: speakers never heard before")
    if args.path is not None:
        table.to_csv(args.path / "table.csv", index=False)
        figure.savefig(args.path / "figure.png", dpi=150)
    return table


if __name__ == "__main__":
    main()
    plt.show()
