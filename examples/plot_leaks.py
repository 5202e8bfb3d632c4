"""
What leaks are worth
====================

One classifier, one corpus, one feature set, and a figure that rises with each rule that is broken:
random folds, scaling before the split, SMOTE before the split, a parameter picked on the test
speakers. Beside them stands normalisation by speaker, which is no mistake but another task.

Without an argument it runs offline on synthetic speech. On a corpus of your own::

    python examples/plot_leaks.py --corpus emodb --data path/to/emodb --feature-set IS10
"""

# %%
# The command line chooses the corpus and the features.

import argparse
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline
from sklearn.model_selection import GridSearchCV, GroupKFold, LeaveOneGroupOut, StratifiedKFold
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from sklearn_ser import OpenSmileFeatures, SpeakerNormalizer
from sklearn_ser.datasets import (
    load_emodb,
    load_emotale,
    load_index,
    load_ravdess,
    make_emotional_speech,
)
from sklearn_ser.evaluation import (
    bootstrap_interval,
    check_leakage,
    confounding_report,
    evaluate,
    paired_permutation_test,
)
from sklearn_ser.metrics import ConfusionRecallDisplay, SpeakerRecallDisplay

LOADERS = {
    "emodb": load_emodb,
    "emotale": load_emotale,
    "index": load_index,
    "ravdess": load_ravdess,
}
GRID = (0.01, 0.1, 1.0, 10.0, 100.0)
HONEST = "speakers held out, scaler in the pipeline"


def parse_arguments(argv=None):
    """Read the command line."""
    parser = argparse.ArgumentParser(description="What leaks are worth.")
    add = parser.add_argument
    add("--corpus", choices=["synthetic", *LOADERS], default="synthetic")
    add("--data", type=Path, help="folder of the corpus; 'index' wants an index.csv in it")
    add("--n-speakers", type=int, default=6, help="speakers of the synthetic corpus (default 6)")
    add("--feature-set", default="eGeMAPSv02", help="an openSMILE set (default eGeMAPSv02)")
    add("--n-jobs", type=int, default=1, help="processes (default 1)")
    add("--path", type=Path, help="folder that keeps features and predictions")
    add("--figure", type=Path, help="file for the plot, shown otherwise")
    args = parser.parse_args(argv)
    if args.corpus != "synthetic" and args.data is None:
        parser.error(f"--corpus {args.corpus} needs --data, the folder of the corpus")
    return args


# %%
# The features are extracted once: they depend on no other utterance. The speaker is their index,
# for those who normalise by speaker. The synthetic corpus is thinned out for one emotion:
# real corpora are never balanced.


def extract_features(args):
    """Return a frame of features by speaker, emotions, and the frame of the corpus."""
    if args.corpus == "synthetic":
        corpus = make_emotional_speech(args.n_speakers, n_utterances=6, duration=2, random_state=0)
    else:
        corpus = LOADERS[args.corpus](args.data)
    extractor = OpenSmileFeatures(
        args.feature_set,
        memory=None if args.path is None else args.path / "features",
        n_jobs=args.n_jobs,
        verbose=sys.stderr.isatty(),
    ).set_output(transform="pandas")
    X = extractor.fit_transform(corpus.data)
    kept = corpus.target != ""
    if args.corpus == "synthetic":
        place = corpus.frame.groupby(["speaker", "emotion"]).cumcount()
        kept = (corpus.target != "happiness") | (place.to_numpy() < 2)
    X = X.set_axis(pd.Index(corpus.speaker, name="speaker"))[kept]
    return X, corpus.target[kept], corpus.frame[kept]


def make_svc(*steps, C=1.0):
    """Put a support vector machine behind some steps."""
    return make_pipeline(*steps, SVC(C=C, gamma="auto"))


# %%
# Three evaluations keep all rules: without and with SMOTE, which runs inside the fold, and with a
# parameter that is chosen by the training speakers alone. Speaker normalisation keeps the speakers
# apart, too, but knows which utterances the test speaker has.


def evaluate_honestly(X, y, **settings):
    """Evaluate what leaks nothing."""
    search = GridSearchCV(
        make_svc(StandardScaler()), {"svc__C": GRID}, cv=GroupKFold(4), scoring="balanced_accuracy"
    )
    pipelines = {
        HONEST: make_svc(StandardScaler()),
        "the same, SMOTE in the pipeline": make_svc(StandardScaler(), SMOTE(k_neighbors=3)),
        "the same, C chosen by training speakers": search,
        "each speaker normalised (transductive)": make_pipeline(
            SpeakerNormalizer(FunctionTransformer()), SVC(gamma="auto")
        ),
    }
    groups = X.index.to_numpy()
    return evaluate(
        pipelines,
        X,
        y,
        fit_params={"the same, C chosen by training speakers": {"groups": groups}},
        **settings,
    )


# %%
# The others each break one rule. Only the first has speakers on both sides, and must say so;
# what was done to the rows before they came, nothing can see that runs after it.


def evaluate_random_folds(X, y, **settings):
    """Split at random."""
    cv = StratifiedKFold(10, shuffle=True, random_state=0)
    pipelines = {"random folds": make_svc(StandardScaler())}
    splits = list(cv.split(X, y))
    return evaluate(pipelines, X, y, cv=splits, allow_shared_speakers=True, **settings)


def scale_all(X):
    """Standardise over all rows, those of the test speakers included."""
    return StandardScaler().set_output(transform="pandas").fit_transform(X)


def evaluate_scaled_before(X, y, **settings):
    """Scale before the split."""
    return evaluate({"scaled before the split": make_svc()}, scale_all(X), y, **settings)


def evaluate_smote_before(X, y, **settings):
    """Over-sample before the split: with speakers held out, and with random folds."""
    scaled = scale_all(X)
    features, y_all = SMOTE(k_neighbors=3, random_state=0).fit_resample(scaled, y)
    synthetic = np.arange(len(y), len(y_all))
    # Nobody has spoken a synthetic row, so no check of speakers sees where it comes from.
    speaker = np.concatenate([X.index, ["synthetic"] * len(synthetic)])
    X_all = features.set_axis(pd.Index(speaker, name="speaker"))
    splits = LeaveOneGroupOut().split(X, y, X.index)
    apart = [(np.concatenate([train, synthetic]), test) for train, test in splits]
    cv = StratifiedKFold(10, shuffle=True, random_state=0)
    return [
        evaluate(
            {"scaled and SMOTE before the split": make_svc()}, X_all, y_all, cv=apart, **settings
        ),
        evaluate(
            {"the same and random folds, synthetic rows tested": make_svc()},
            X_all,
            y_all,
            cv=list(cv.split(X_all, y_all)),
            allow_shared_speakers=True,
            **settings,
        ),
    ]


def pick_on_test_speakers(X, y, **settings):
    """Take for each test speaker the C that serves that speaker best."""
    pipelines = {f"C={C:g}": make_svc(StandardScaler(), C=C) for C in GRID}
    evaluation = evaluate(pipelines, X, y, **settings)
    scores = evaluation.speakers.pivot_table(index="speaker", columns="pipeline", values="uar")
    best = scores[list(pipelines)].idxmax(axis=1)
    predictions = evaluation.predictions
    picked = predictions[predictions["pipeline"] == predictions["speaker"].map(best)]
    return picked.assign(pipeline="C picked on the test speaker")


# %%
# Put together. The intervals are those of drawing other speakers; where a speaker is on both sides,
# or a row is synthetic, they do not tell how new speakers would fare. ``docs/leaks.rst`` has the
# table of a real corpus.


def main(argv=None):
    """Evaluate all, print the table and what is found by check_leakage, and plot."""
    args = parse_arguments(argv)
    X, y, frame = extract_features(args)
    settings = {
        "n_jobs": args.n_jobs,
        "path": None if args.path is None else args.path / "predictions",
        "verbose": sys.stderr.isatty(),
    }
    honest = evaluate_honestly(X, y, **settings).predictions
    predictions = [
        honest,
        evaluate_scaled_before(X, y, **settings).predictions,
        pick_on_test_speakers(X, y, **settings),
        evaluate_random_folds(X, y, **settings).predictions,
        *(evaluation.predictions for evaluation in evaluate_smote_before(X, y, **settings)),
    ]
    table = bootstrap_interval(pd.concat(predictions)).drop(columns="n_speakers")
    table[["estimate", "low", "high"]] *= 100
    n_emotions, n_speakers = len(np.unique(y)), X.index.nunique()
    print(
        f"\nUAR in % and 95 % interval, {args.corpus}, {args.feature_set}, SVC: {len(y)} "
        f"utterances, {n_speakers} speakers, {n_emotions} emotions, chance {100 / n_emotions:.1f}"
    )
    print(table.to_string(index=False, float_format="{:.1f}".format))

    print(f"\nAgainst {HONEST!r}, by permutation of speakers:")
    test = paired_permutation_test(honest).query("first == @HONEST").drop(columns="first")
    print(test.to_string(index=False, float_format="{:.3f}".format))

    print("\nWhat check_leakage says of rows that were scaled before, under random folds:")
    splits = list(StratifiedKFold(10, shuffle=True, random_state=0).split(X, y))
    features = scale_all(X).to_numpy()
    found = check_leakage(features, y, groups=X.index, cv=splits)
    print(found.groupby("leak", sort=False)[["n_test", "share"]].agg("mean").to_string())
    print("\nWhether the speaker gives the emotion away:")
    report = confounding_report(frame)
    print(report[["speaker_uar", "shuffled_uar", "excess", "confounded"]].to_string(index=False))

    draw(table, honest[honest["pipeline"] == HONEST], args)
    return table


def draw(table, honest, args):
    """Plot the table, and what the honest figure consists of."""
    figure, axes = plt.subplots(1, 3, figsize=(17, 5), layout="constrained")
    places = np.arange(len(table))[::-1]
    spread = [table["estimate"] - table["low"], table["high"] - table["estimate"]]
    axes[0].errorbar(table["estimate"], places, xerr=spread, fmt="o", capsize=3)
    axes[0].axvline(table["estimate"].iloc[0], color="grey", ls=":")
    axes[0].set(yticks=places, yticklabels=table["pipeline"], xlabel="UAR in %")
    SpeakerRecallDisplay.from_predictions(
        honest["y_true"], honest["y_pred"], honest["speaker"], ax=axes[1]
    )
    ConfusionRecallDisplay.from_predictions(honest["y_true"], honest["y_pred"], ax=axes[2])
    figure.suptitle(f"{args.corpus}, {args.feature_set}; middle and right: {HONEST}")
    if args.figure:
        figure.savefig(args.figure)
    else:
        plt.show()


if __name__ == "__main__":
    main()
