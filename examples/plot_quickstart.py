"""
Emotion recognition on speakers never heard before
==================================================

Three systems recognise emotions, each tested on one speaker after having been trained on all
the others (leave-one-speaker-out):

- openSMILE features and a support vector machine: the floor that anything deeper has to beat,
- openSMILE features and :class:`~sklearn_ser.neural_network.DenseNetSER`,
- the same, with :class:`~sklearn_ser.over_sampling.MixupGANSampler` in between, which fills the
  rare emotions up with synthetic features, made inside each fold from its training speakers only.

Without an argument it runs offline on synthetic speech. On a corpus of your own::

    python examples/plot_quickstart.py --corpus emodb --data path/to/emodb --feature-set IS10
"""

# %%
# The command line chooses the corpus and the features.

import argparse
import sys
import tempfile
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from imblearn.pipeline import make_pipeline
from joblib import parallel_config
from sklearn.base import clone
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sklearn_ser import (
    DenseNetSER,
    MixupGANSampler,
    OpenSmileFeatures,
    SpeakerNormalizer,
    datasets,
)
from sklearn_ser.datasets import make_emotional_speech
from sklearn_ser.metrics import unweighted_average_recall_by_group

# All loaders that take a folder.
LOADERS = {
    name.removeprefix("load_"): getattr(datasets, name)
    for name in datasets.__all__
    if name.startswith("load_") and name != "load_audb"
}


def parse_arguments(argv=None):
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Leave-one-speaker-out emotion recognition.")
    add = parser.add_argument
    add("--corpus", choices=["synthetic", *LOADERS], default="synthetic")
    add("--data", type=Path, help="folder of the corpus; 'index' wants an index.csv in it")
    add("--n-speakers", type=int, default=6, help="speakers of the synthetic corpus (default 6)")
    add("--feature-set", default="eGeMAPSv02", help="an openSMILE set (default eGeMAPSv02)")
    add("--speaker-normalise", action="store_true", help="z-score each speaker, transductive")
    add("--n-jobs", type=int, default=2, help="processes (default 2)")
    add("--cache", type=Path, help="folder that keeps the features for the next run")
    add("--figure", type=Path, help="file for the confusion matrix, shown otherwise")
    args = parser.parse_args(argv)
    if args.corpus != "synthetic" and args.data is None:
        parser.error(f"--corpus {args.corpus} needs --data, the folder of the corpus")
    return args


# %%
# An utterance is a row of a frame with its audio file and its speaker. The synthetic corpus is
# thinned out for one emotion: real corpora are never balanced.


def load_utterances(args, folder):
    """Return the utterances and their emotions."""
    if args.corpus != "synthetic":
        X, y = LOADERS[args.corpus](args.data, return_X_y=True)
        # Some corpora have utterances that nobody labelled, or whose raters disagree.
        return X[y != ""].reset_index(drop=True), y[y != ""]
    X, y = make_emotional_speech(
        n_speakers=args.n_speakers,
        n_utterances=6,
        random_state=0,
        folder=folder,
        return_X_y=True,
    )
    y = np.asarray(y)
    place = X.groupby(["speaker", y]).cumcount()
    kept = (y != "happiness") | (place < 2)
    return X[kept].reset_index(drop=True), y[kept]


# %%
# Extraction is the costly step and the same for all systems and folds, so the extractor keeps
# what it has once computed. Everything that learns, learns inside the fold.


def build_systems(extractor):
    """Return the systems to compare, by name."""
    return {
        "SVC": make_pipeline(extractor, StandardScaler(), SVC(C=1, gamma="auto")),
        "DenseNetSER": make_pipeline(extractor, DenseNetSER(random_state=0)),
        "MixupGANSampler + DenseNetSER": make_pipeline(
            extractor, MixupGANSampler(random_state=0), DenseNetSER(random_state=0)
        ),
    }


# %%
# The unweighted average recall (UAR) weighs every emotion alike. Speakers may lack an emotion,
# so the predictions of all speakers are pooled before they are scored; the mean over speakers
# is another figure.


def tabulate_recall(y, speaker, predictions):
    """Return the UAR in per cent of every speaker and system."""
    columns = {}
    for name, predicted in predictions.items():
        # A speaker is scored on the emotions that the speaker shows.
        pooled, per_speaker = unweighted_average_recall_by_group(
            y, predicted, speaker, zero_division=np.nan
        )
        per_speaker["mean of speakers"] = per_speaker.mean()
        per_speaker["pooled"] = pooled
        columns[name] = per_speaker
    return 100 * pd.DataFrame(columns)


# %%
# Put together:


def main(argv=None):
    """Compare the systems, print the table and draw the last one's confusions."""
    args = parse_arguments(argv)
    predictions = {}
    with tempfile.TemporaryDirectory() as scratch:
        X, y = load_utterances(args, Path(scratch) / "audio")
        y, speaker = np.asarray(y), np.asarray(X["speaker"])
        extractor = OpenSmileFeatures(
            args.feature_set, memory=args.cache or Path(scratch) / "cache"
        )
        start = time.perf_counter()
        patient = clone(extractor).set_params(n_jobs=args.n_jobs, verbose=sys.stderr.isatty())
        patient.fit_transform(X)
        print(f"features of {len(y)} utterances: {time.perf_counter() - start:.1f} s", flush=True)
        if args.speaker_normalise:
            extractor = SpeakerNormalizer(extractor)
        # Each process gets one thread: pools of threads that share cores slow each other down.
        with parallel_config("loky", n_jobs=args.n_jobs, inner_max_num_threads=1):
            for name, system in build_systems(extractor).items():
                start = time.perf_counter()
                predictions[name] = cross_val_predict(
                    system, X, y, groups=speaker, cv=LeaveOneGroupOut()
                )
                seconds = time.perf_counter() - start
                print(f"{name}, {len(set(speaker))} folds: {seconds:.1f} s", flush=True)

    table = tabulate_recall(y, speaker, predictions)
    protocol = "speaker-normalised (transductive)" if args.speaker_normalise else "train-fit"
    emotions = np.unique(y)
    print(
        f"\nUAR in %, leave-one-speaker-out, {protocol}, {args.corpus}, {args.feature_set}: "
        f"{len(y)} utterances, {len(emotions)} emotions, chance {100 / len(emotions):.1f}"
    )
    print(table.to_string(float_format="{:.1f}".format))

    name, predicted = list(predictions.items())[-1]
    display = ConfusionMatrixDisplay.from_predictions(
        y, predicted, normalize="true", values_format=".2f", cmap="Blues", xticks_rotation=45
    )
    display.ax_.set_title(f"{name}\n{args.corpus}, {protocol}")
    display.figure_.tight_layout()
    if args.figure:
        display.figure_.savefig(args.figure)
    else:
        plt.show()
    return table


if __name__ == "__main__":
    main()
