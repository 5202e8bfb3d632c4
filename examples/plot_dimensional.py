"""
Arousal, valence and dominance instead of categories
====================================================

Raters can place an utterance on dimensions: how aroused, how pleasant, how much in control. Three
kinds of systems learn these ratings from the same openSMILE features:

- ridge regression and support vector regression, with a fixed setting and with one that is
  searched for among the training speakers,
- :class:`~sklearn_ser.neural_network.MLPSERRegressor` and
  :class:`~sklearn_ser.neural_network.DenseNetSERRegressor`, one net for all dimensions, trained by
  the concordance correlation coefficient that they are measured by, and
- :class:`~sklearn_ser.neural_network.AdversarialAutoencoderSERRegressor`, which restores the
  features from a code as well. Its strength, utterances without ratings, is not asked for here.

Without an argument it runs offline on synthetic speech, whose ratings are made up. On a corpus
of your own::

    python examples/plot_dimensional.py --corpus emotale --data path/to/emotale \
        --feature-sets eGeMAPSv02 IS10 --n-splits 6 --seeds 0 1 2
"""

# %%
# The command line chooses the corpus and the features.

import argparse
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, KBinsDiscretizer, StandardScaler
from sklearn.svm import SVR

from sklearn_ser import (
    AdversarialAutoencoderSERRegressor,
    DenseNetSERRegressor,
    MLPSERRegressor,
    OpenSmileFeatures,
    datasets,
)
from sklearn_ser.datasets import make_emotional_speech
from sklearn_ser.metrics import (
    concordance_correlation_coefficient,
    concordance_correlation_coefficient_scorer,
    unweighted_average_recall_score,
)

DIMENSIONS = ["arousal", "valence", "dominance"]

# All loaders that take a folder; those of corpora without ratings are refused later.
LOADERS = {
    name.removeprefix("load_"): getattr(datasets, name)
    for name in datasets.__all__
    if name.startswith("load_") and name != "load_audb"
}


def parse_arguments(argv=None):
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Regression of arousal, valence and dominance.")
    add = parser.add_argument
    add("--corpus", choices=["synthetic", *LOADERS], default="synthetic")
    add("--data", type=Path, help="folder of the corpus; 'index' wants an index.csv in it")
    add("--n-speakers", type=int, default=6, help="speakers of the synthetic corpus (default 6)")
    add("--feature-sets", nargs="+", default=["eGeMAPSv02"], help="openSMILE sets")
    add("--n-splits", type=int, default=3, help="folds of speakers (default 3)")
    add("--seeds", type=int, nargs="+", default=[0], help="of the nets; scores are averaged")
    add("--n-jobs", type=int, default=1, help="threads that extract features (default 1)")
    add("--cache", type=Path, help="folder that keeps the features for the next run")
    add("--figure", type=Path, help="file for the plot, shown otherwise")
    args = parser.parse_args(argv)
    if args.corpus != "synthetic" and args.data is None:
        parser.error(f"--corpus {args.corpus} needs --data, the folder of the corpus")
    return args


# %%
# The synthetic corpus has emotions, but no raters. Each utterance gets the place that its emotion
# usually takes on scales from 1 to 5, and the mean of three raters' random disagreement: the
# ratings hold nothing beyond the emotion, which real ratings do.

USUAL_PLACES = {
    #            arousal, valence, dominance
    "anger": (4.0, 1.8, 4.0),
    "boredom": (1.8, 2.2, 2.4),
    "fear": (3.9, 1.8, 1.8),
    "happiness": (3.9, 4.2, 3.6),
    "neutral": (2.6, 3.0, 3.0),
    "sadness": (2.0, 1.9, 2.0),
}


def make_rated_speech(n_speakers):
    """Return synthetic utterances, ratings and speakers."""
    emotions = tuple(USUAL_PLACES)
    corpus = make_emotional_speech(n_speakers, emotions, 4, duration=2.0, random_state=0)
    places = np.array([USUAL_PLACES[emotion] for emotion in corpus.target])
    raters = np.random.default_rng(0).normal(places, 0.6, size=(3, *places.shape))
    ratings = raters.round().clip(1, 5).mean(axis=0)
    return corpus.data, pd.DataFrame(ratings, columns=DIMENSIONS), corpus.speaker


def load_rated_speech(args):
    """Return utterances, ratings and speakers; utterances without all ratings are left out."""
    if args.corpus == "synthetic":
        return make_rated_speech(args.n_speakers)
    corpus = LOADERS[args.corpus](args.data)
    if missing := [name for name in DIMENSIONS if name not in corpus.frame]:
        raise SystemExit(f"The corpus {args.corpus} has no ratings of {missing}.")
    ratings = corpus.frame[DIMENSIONS].astype(float)
    rated = ratings.notna().all(axis=1).to_numpy()
    return corpus.data[rated], ratings[rated], np.asarray(corpus.frame["speaker"])[rated]


# %%
# The nets clip the standardised features; the others get the same, for a few values of openSMILE
# lie far off, and both gain by it. Searched settings are found by three folds of the training
# speakers; the nets take their defaults.


def on_clipped(model):
    """Put the standardisation of the nets in front of a model."""
    clip = FunctionTransformer(np.clip, kw_args={"a_min": -5, "a_max": 5})
    return make_pipeline(StandardScaler(), clip, model)


def search(model, grid):
    """Search a grid by the concordance on speakers that were not trained on."""
    return GridSearchCV(
        on_clipped(model),
        grid,
        cv=GroupKFold(3),
        scoring=concordance_correlation_coefficient_scorer,
    )


def build_systems():
    """Return the systems by name; what varies with its seed has a random_state."""
    svr = MultiOutputRegressor(SVR(gamma="auto"))
    return {
        "Ridge, fixed": on_clipped(Ridge(alpha=300)),
        "Ridge, searched": search(Ridge(), {"ridge__alpha": np.logspace(1, 5, 9)}),
        "SVR, fixed": on_clipped(svr),
        "SVR, searched": search(
            svr, {"multioutputregressor__estimator__C": [0.1, 0.3, 1.0, 3.0, 10.0]}
        ),
        "MLPSERRegressor": MLPSERRegressor(),
        "DenseNetSERRegressor": DenseNetSERRegressor(),
        "AdversarialAutoencoderSERRegressor": AdversarialAutoencoderSERRegressor(),
    }


# %%
# The paper's three levels, low, mid and high, are the thirds of the ratings of the training
# speakers: a discretiser of scikit-learn learns the limits inside the fold. The nets' and the
# other systems' ratings are cut at the same limits.


def predict_by_fold(system, X, y, speaker, n_splits):
    """Return ratings, true and predicted levels of utterances whose speakers were left out."""
    predicted, levels, predicted_levels = (np.empty(y.shape) for _ in range(3))
    for train, test in GroupKFold(n_splits).split(X, y, speaker):
        by = {"groups": speaker[train]} if isinstance(system, GridSearchCV) else {}
        predicted[test] = system.fit(X[train], y[train], **by).predict(X[test])
        limits = KBinsDiscretizer(
            3, encode="ordinal", strategy="quantile", quantile_method="averaged_inverted_cdf"
        ).fit(y[train])
        levels[test] = limits.transform(y[test])
        predicted_levels[test] = limits.transform(predicted[test])
    return predicted, levels, predicted_levels


def score(y, predicted, levels, predicted_levels):
    """Return CCC and three-level UAR of each dimension, and their means."""
    ccc = concordance_correlation_coefficient(y, predicted, multioutput="raw_values")
    uar = [
        100 * unweighted_average_recall_score(levels[:, i], predicted_levels[:, i])
        for i in range(len(DIMENSIONS))
    ]
    values = [*ccc, ccc.mean(), *uar, np.mean(uar)]
    measures = pd.MultiIndex.from_product([["CCC", "UAR"], [*DIMENSIONS, "mean"]])
    return pd.Series(values, index=measures)


def run_systems(X, y, speaker, args):
    """Return the scores of all systems, means over the seeds, and the last predictions."""
    table, predictions = {}, {}
    for name, system in build_systems().items():
        scores = []
        drawn = "random_state" in system.get_params()
        for seed in args.seeds if drawn else args.seeds[:1]:
            if drawn:
                system.set_params(random_state=seed)
            predictions[name], *levels = predict_by_fold(system, X, y, speaker, args.n_splits)
            scores.append(score(y, predictions[name], *levels))
        table[name] = pd.concat(scores, axis=1).mean(axis=1)
        print(".", end="", file=sys.stderr, flush=True)
    return pd.DataFrame(table).T, predictions


# %%
# A net that is trained by the concordance keeps the spread of the ratings, where squared error
# draws uncertain predictions to the mean.


def plot_predictions(y, predictions, feature_set):
    """Draw predicted over true ratings of a conventional system and of a net."""
    names = ["SVR, fixed", "DenseNetSERRegressor"]
    figure, axes = plt.subplots(
        len(names),
        len(DIMENSIONS),
        figsize=(8, 5.8),
        sharex=True,
        sharey=True,
        layout="constrained",
    )
    rng = np.random.default_rng(0)
    low, high = y.min() - 0.2, y.max() + 0.2
    for name, row in zip(names, axes, strict=True):
        for i, (dimension, ax) in enumerate(zip(DIMENSIONS, row, strict=True)):
            ccc = concordance_correlation_coefficient(y[:, i], predictions[name][:, i])
            # Ratings lie on few values: shaken a little, points do not hide each other.
            shaken = y[:, i] + rng.uniform(-0.08, 0.08, len(y))
            ax.plot([low, high], [low, high], color="grey", linewidth=1)
            ax.scatter(shaken, predictions[name][:, i], s=6, alpha=0.4, linewidths=0)
            ax.set_title(f"{dimension}, CCC {ccc:.2f}", fontsize="medium")
            ax.set(xlim=(low, high), ylim=(low, high), aspect="equal")
        row[0].set_ylabel(f"{name}\npredicted")
    for ax in axes[-1]:
        ax.set_xlabel("rated")
    figure.suptitle(f"{feature_set}, speakers that were not trained on")
    return figure


# %%
# Put together:


def main(argv=None):
    """Compare the systems on each feature set, print the tables and draw the last predictions."""
    args = parse_arguments(argv)
    utterances, ratings, speaker = load_rated_speech(args)
    y = ratings.to_numpy()
    tables = {}
    for feature_set in args.feature_sets:
        extractor = OpenSmileFeatures(feature_set, memory=args.cache, n_jobs=args.n_jobs)
        X = extractor.fit_transform(utterances)
        tables[feature_set], predictions = run_systems(X, y, speaker, args)
        print(
            f"\n{args.corpus}, {feature_set}, {len(y)} utterances, {len(set(speaker))} speakers in "
            f"{args.n_splits} folds, train-fit, pooled; nets: mean of {len(args.seeds)} seeds; "
            "UAR of three levels in %, chance 33.3"
        )
        table = tables[feature_set]
        print(pd.concat([table[["CCC"]].round(3), table[["UAR"]].round(1)], axis=1).to_string())
    figure = plot_predictions(y, predictions, feature_set)
    if args.figure:
        figure.savefig(args.figure)
    else:
        plt.show()
    return pd.concat(tables)


if __name__ == "__main__":
    main()
