"""
Two numbers an utterance
========================

How much of the emotion is left when hundreds of features are compressed to two numbers?
:class:`~sklearn_ser.neural_network.MixupGANEncoder` learns such a code from features and emotions,
or without the emotions. Beside it stand codes of the same size: principal components, linear
discriminants, and a plain autoencoder, which is the same class with its adversary, its classifier
and its mixup switched off.

Codes that know the emotions of their training rows look perfect on them. So each speaker is coded
by an encoder that was fitted on the others, and that code is what is scored and drawn. Without an
argument it runs offline on synthetic speech. On a corpus of your own::

    python examples/plot_compressed_codes.py --corpus emodb --data path/to/emodb --feature-set IS10
"""

# %%
# The command line chooses the corpus and the features.

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import LeaveOneGroupOut
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_ser import MixupGANEncoder, OpenSmileFeatures, datasets
from sklearn_ser.datasets import make_emotional_speech
from sklearn_ser.metrics import unweighted_average_recall_score

# All loaders that take a folder.
LOADERS = {
    name.removeprefix("load_"): getattr(datasets, name)
    for name in datasets.__all__
    if name.startswith("load_") and name != "load_audb"
}


def parse_arguments(argv=None):
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Two-dimensional codes of features, compared.")
    add = parser.add_argument
    add("--corpus", choices=["synthetic", *LOADERS], default="synthetic")
    add("--data", type=Path, help="folder of the corpus; 'index' wants an index.csv in it")
    add("--feature-set", default="eGeMAPSv02", help="an openSMILE set (default eGeMAPSv02)")
    add("--n-repeats", type=int, default=1, help="seeds of the networks to average (default 1)")
    add("--cache", type=Path, help="folder that keeps the features for the next run")
    add("--figure", type=Path, help="file for the figure, shown otherwise")
    args = parser.parse_args(argv)
    if args.corpus != "synthetic" and args.data is None:
        parser.error(f"--corpus {args.corpus} needs --data, the folder of the corpus")
    return args


# %%
# Five encoders of size two. The last two get no emotions; the linear ones need scaled features.


def build_encoders():
    """Return each encoder with whether it is given the emotions."""
    plain = MixupGANEncoder(
        code_size=2, adversarial_weight=0, mixup_alpha=0, input_dropout=0, random_state=0
    )
    return {
        "mixup-GAN, with emotions": (MixupGANEncoder(code_size=2, random_state=0), True),
        "LDA": (make_pipeline(StandardScaler(), LinearDiscriminantAnalysis(n_components=2)), True),
        "mixup-GAN, without": (MixupGANEncoder(code_size=2, random_state=0), False),
        "autoencoder": (plain, False),
        "PCA": (make_pipeline(StandardScaler(), PCA(2)), False),
    }


# %%
# A linear classifier on the codes of the training speakers tells the emotions of the speaker who
# was left out. The codes of different folds live in different planes, so one fold is kept to draw.


def code_speakers(encoder, supervised, X, y, speaker):
    """Return predictions for all rows, and for the first speaker the codes of both sides."""
    predicted = np.empty_like(y)
    drawn = None
    for train, test in LeaveOneGroupOut().split(X, y, speaker):
        fitted = clone(encoder).fit(X[train], y[train] if supervised else None)
        code, code_test = fitted.transform(X[train]), fitted.transform(X[test])
        model = LinearDiscriminantAnalysis().fit(code, y[train])
        predicted[test] = model.predict(code_test)
        if drawn is None:
            drawn = {"code": code, "y": y[train], "code_test": code_test, "y_test": y[test]}
    return predicted, drawn


def seeded(encoder, seed):
    """Return a clone of an encoder with another seed, where it has one."""
    encoder = clone(encoder)
    if "random_state" in encoder.get_params():
        encoder.set_params(random_state=seed)
    return encoder


def compare(X, y, speaker, n_repeats):
    """Return a table of recall, and the codes of one fold by encoder."""
    rows: dict[str, dict] = {}
    drawn: dict[str, dict] = {}
    for name, (encoder, supervised) in build_encoders().items():
        scores = []
        for seed in range(n_repeats if "random_state" in encoder.get_params() else 1):
            outcome = code_speakers(seeded(encoder, seed), supervised, X, y, speaker)
            scores.append(unweighted_average_recall_score(y, outcome[0], labels=np.unique(y)))
            drawn.setdefault(name, outcome[1])
        rows[name] = {"emotions given": supervised, "UAR in %": 100 * np.mean(scores)}
        rows[name]["std"] = 100 * np.std(scores, ddof=1) if len(scores) > 1 else np.nan
    return pd.DataFrame.from_dict(rows, orient="index"), drawn


def draw(drawn):
    """Draw the codes of the training speakers pale, those of the held-out speaker bold."""
    figure, axes = plt.subplots(1, len(drawn), figsize=(3.2 * len(drawn), 3.8))
    emotions = np.unique(next(iter(drawn.values()))["y"])
    for axis, (name, codes) in zip(axes, drawn.items(), strict=True):
        for i, emotion in enumerate(emotions):
            pale, bold = codes["y"] == emotion, codes["y_test"] == emotion
            axis.scatter(*codes["code"][pale].T, s=8, color=f"C{i}", alpha=0.3, linewidths=0)
            axis.scatter(
                *codes["code_test"][bold].T,
                s=28,
                color=f"C{i}",
                edgecolors="black",
                linewidths=0.6,
                label=emotion,
            )
        axis.set(title=name, xticks=[], yticks=[])
    figure.legend(*axes[0].get_legend_handles_labels(), loc="lower center", ncols=len(emotions))
    figure.tight_layout(rect=(0, 0.1, 1, 1))
    return figure


# %%
# The table first: recall is pooled over all speakers, each of whom was left out once.


def main(argv=None):
    """Score and draw the codes."""
    args = parse_arguments(argv)
    if args.corpus == "synthetic":
        corpus = make_emotional_speech(n_speakers=4, n_utterances=5, duration=1.5, random_state=0)
    else:
        corpus = LOADERS[args.corpus](args.data)
    y = np.asarray(corpus.target)
    labelled = np.flatnonzero(y != "")
    features = OpenSmileFeatures(args.feature_set, memory=args.cache).fit_transform(corpus.data)
    X, y = features[labelled], y[labelled]
    speaker = corpus.frame["speaker"].to_numpy()[labelled]

    table, drawn = compare(X, y, speaker, args.n_repeats)
    print(
        f"LDA on codes of size 2, leave-one-speaker-out, train-fit, {args.corpus}, "
        f"{args.feature_set}: {len(y)} utterances, chance {100 / len(np.unique(y)):.1f}"
    )
    print(table.to_string(float_format="{:.1f}".format))

    figure = draw(drawn)
    if args.figure:
        figure.savefig(args.figure, dpi=120)
    else:
        plt.show()
    return table


if __name__ == "__main__":
    main()
