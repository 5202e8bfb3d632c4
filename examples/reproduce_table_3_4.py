r"""
Tables 3 and 4 of the mixup-GAN on corpora of your own
======================================================

Latif et al. (2020) train a classifier on real, on synthetic, and on real and synthetic feature
vectors, within one corpus and across two. This script does the same on any corpora and prints the
published rows below its own::

    python examples/reproduce_table_3_4.py --train-corpus emodb --train-data path/to/emodb \
        --test-corpus emotale --test-data path/to/emotale --path results

The corpora of the paper, IEMOCAP and MSP-IMPROV, come by licence only: with an index file, as
:func:`~sklearn_ser.datasets.load_index` reads it, ``--train-corpus index`` takes them.

Within a corpus each session, or each speaker where there are no sessions, is left out once, and
predictions are pooled before they are scored. Scaling is fitted on the training rows. Across
corpora each corpus is standardised by its own statistics, without labels (transductive); with
``--scaling train`` the training corpus' statistics serve both. Interrupted runs continue from
``--path``. With ``--keep anger=15 neutral=15 --n-synthetic balance`` two emotions are made rare
and filled up again.

The rows of the published comparators are those of conditional GAN and CycleGAN here; the latter
has no unlabelled corpus and maps the rows of the other emotions. The arms without a network are
not in the paper.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_ser import (
    MLPSER,
    ConditionalGANSampler,
    CycleGANSampler,
    MixupGANSampler,
    MixupSampler,
    OpenSmileFeatures,
    datasets,
)
from sklearn_ser.datasets import make_emotional_speech
from sklearn_ser.evaluation import synthetic_data_study, tabulate_study

# All loaders that take a folder.
LOADERS = {
    name.removeprefix("load_"): getattr(datasets, name)
    for name in datasets.__all__
    if name.startswith("load_") and name != "load_audb"
}

# UAR in % on IEMOCAP, and from IEMOCAP to MSP-IMPROV, both of four emotions (chance 25).
PUBLISHED = {
    "within": {
        "Sahu et al. (2018)": ("59.42", "34.09", "60.29"),
        "Bao et al. (2019)": ("59.48 ± 0.71", "46.59 ± 0.75", "60.37 ± 0.70"),
        "Latif et al. (2020)": ("60.51 ± 0.57", "45.75 ± 0.81", "61.05 ± 0.68"),
    },
    "across": {
        "Sahu et al. (2018)": ("45.14", "33.96", "45.40"),
        "Bao et al. (2019)": ("45.58 ± 0.40", "41.58 ± 1.29", "46.52 ± 0.43"),
        "Latif et al. (2020)": ("46.00 ± 0.57", "42.15 ± 1.12", "46.60 ± 0.45"),
    },
}

# Each takes the options that --quick shortens the training of networks with.
SAMPLERS = {
    "mixup-GAN": lambda options: MixupGANSampler(mixup_mode="real", **options),
    "GAN without mixup": lambda options: MixupGANSampler(**options),
    "conditional GAN": lambda options: ConditionalGANSampler(**options),
    "CycleGAN": lambda options: CycleGANSampler(**options),
    "mixup": lambda options: MixupSampler(),
    "SMOTE": lambda options: make_pipeline(StandardScaler(), SMOTE()),
    "random copies": lambda options: RandomOverSampler(),
}


def parse_arguments(argv=None):
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    add = parser.add_argument
    for side in ("train", "test"):
        add(f"--{side}-corpus", choices=["synthetic", *LOADERS], help=f"corpus to {side} on")
        add(f"--{side}-data", type=Path, help="its folder; 'index' wants an index.csv in it")
    add("--emotions", nargs="+", help="emotions to keep (default: all; across: the shared ones)")
    add("--feature-set", default="IS10", help="an openSMILE set (default IS10)")
    add("--arms", nargs="+", choices=list(SAMPLERS), default=list(SAMPLERS))
    add("--keep", nargs="+", default=[], help="cut emotions to a size, as in anger=15 neutral=15")
    add(
        "--n-synthetic",
        default="largest",
        help="rows a class: real, largest, a number, or balance, which fills up to the largest "
        "class and has no column 'synthetic' (default largest)",
    )
    add("--no-class-weight", action="store_true", help="weight all utterances alike in training")
    add("--n-repeats", type=int, default=5)
    add(
        "--studies",
        nargs="+",
        choices=["within", "across"],
        default=["within", "across"],
        help="which tables to make (default both; across needs --test-corpus)",
    )
    add("--scaling", choices=["own", "train"], default="own", help="across corpora (default own)")
    add("--n-jobs", type=int, default=1, help="processes (default 1)")
    add("--path", type=Path, help="folder that keeps features and predictions")
    add("--quick", action="store_true", help="one repeat, short training: shows that it runs")
    args = parser.parse_args(argv)
    if args.train_corpus is None:
        parser.error("--train-corpus is needed")
    if "within" not in args.studies and args.test_corpus is None:
        parser.error("--studies across needs --test-corpus")
    for side in ("train", "test"):
        corpus, folder = getattr(args, f"{side}_corpus"), getattr(args, f"{side}_data")
        if corpus in LOADERS and folder is None:
            parser.error(f"--{side}-corpus {corpus} needs --{side}-data, the folder of the corpus")
    args.keep = dict(text.rpartition("=")[::2] for text in args.keep)
    for emotion, size in args.keep.items():
        if not size.isdecimal() or int(size) < 1:
            parser.error(f"--keep {emotion}={size} must be an emotion and a positive number")
    if args.n_synthetic.isdecimal():
        args.n_synthetic = int(args.n_synthetic)
    if args.quick:
        args.n_repeats = 1
    return args


def load_corpus(corpus, folder, seed):
    """Return utterances, emotions, and the groups to leave out: sessions, or else speakers."""
    if corpus == "synthetic":
        made = make_emotional_speech(3, n_utterances=3, duration=1.0, random_state=seed)
        return made.data, made.target, made.speaker
    bunch = LOADERS[corpus](folder)
    groups = bunch.frame["session"] if "session" in bunch.frame else bunch.frame["speaker"]
    return bunch.data, bunch.target, groups.to_numpy()


def extract_features(args, side, seed):
    """Return features, emotions and groups of a corpus."""
    X, y, groups = load_corpus(getattr(args, f"{side}_corpus"), getattr(args, f"{side}_data"), seed)
    labelled = np.flatnonzero(y != "")
    extractor = OpenSmileFeatures(
        args.feature_set,
        memory=None if args.path is None else args.path / "features",
        n_jobs=args.n_jobs,
        verbose=sys.stderr.isatty(),
    )
    features = extractor.fit_transform(X)
    return features[labelled], y[labelled], groups[labelled]


def select_emotions(corpora, emotions):
    """Keep the rows of the chosen emotions, or else of those that all corpora have."""
    shared = set.intersection(*(set(y.tolist()) for _, y, _ in corpora))
    kept = sorted(shared if emotions is None else emotions)
    if missing := sorted(set(kept) - shared):
        raise SystemExit(f"Not every corpus has {missing}; they share {sorted(shared)}.")
    if len(kept) < 2:
        raise SystemExit(f"The corpora share fewer than two emotions: {kept}.")
    return [tuple(array[np.isin(y, kept)] for array in (X, y, g)) for X, y, g in corpora]


def cut(corpus, sizes, seed=0):
    """Keep a number of random utterances of some emotions."""
    X, y, groups = corpus
    rng = np.random.default_rng(seed)
    kept = np.ones(len(y), dtype=bool)
    for emotion, size in sizes.items():
        kept[rng.permutation(np.flatnonzero(y == emotion))[int(size) :]] = False
    return X[kept], y[kept], groups[kept]


def run_study(args, X, y, **protocol):
    """Run all arms with one classifier."""
    short = {"max_epochs": 2} if args.quick else {}
    kinds = ["real", "synthetic", "real + synthetic"]
    if args.n_synthetic == "balance":
        kinds.remove("synthetic")
    return synthetic_data_study(
        {name: SAMPLERS[name](short) for name in args.arms},
        MLPSER(class_weight=None if args.no_class_weight else "balanced", **short),
        X,
        y,
        training_data=kinds,
        n_synthetic=args.n_synthetic,
        n_repeats=args.n_repeats,
        n_jobs=args.n_jobs,
        path=None if args.path is None else args.path / "predictions",
        verbose=sys.stderr.isatty(),
        **protocol,
    )


def print_beside_published(title, results, table):
    """Print our rows and the published ones, which are of other corpora."""
    print(f"\n{title}, chance {100 * results['chance'].iloc[0]:.1f}")
    ours = tabulate_study(results)
    published = pd.DataFrame.from_dict(
        PUBLISHED[table], orient="index", columns=["real", "synthetic", "real + synthetic"]
    )
    published.index = [f"published: {name}" for name in published.index]
    print(pd.concat([ours, published]).fillna("").to_string())


def main(argv=None):
    """Run the study within the training corpus and, where there is another, across."""
    args = parse_arguments(argv)
    is_across = args.test_corpus is not None and "across" in args.studies
    sides = ["train", "test"] if is_across else ["train"]
    corpora = [extract_features(args, side, seed) for seed, side in enumerate(sides)]
    studies = {}

    corpora[0] = cut(corpora[0], args.keep)
    if "within" in args.studies:
        [(X, y, groups)] = select_emotions(corpora[:1], args.emotions)
        studies["within"] = run_study(args, X, y, groups=groups)
        print_beside_published(
            f"UAR in % within {args.train_corpus}, {args.feature_set}, {len(y)} utterances, "
            f"{len(np.unique(groups))} groups, train-fit",
            studies["within"],
            "within",
        )
    if is_across:
        (X, y, _), (X_test, y_test, _) = select_emotions(corpora, args.emotions)
        if args.scaling == "own":
            X, X_test = (StandardScaler().fit_transform(Z) for Z in (X, X_test))
        studies["across"] = run_study(args, X, y, test=(X_test, y_test))
        scaling = "each corpus scaled by its own statistics (transductive)"
        print_beside_published(
            f"UAR in % from {args.train_corpus} ({len(y)} utterances) to {args.test_corpus} "
            f"({len(y_test)}), {args.feature_set}, "
            + (scaling if args.scaling == "own" else "train-fit"),
            studies["across"],
            "across",
        )
    print("\nPublished: IEMOCAP within, IEMOCAP to MSP-IMPROV across; 4 emotions, chance 25.0.")
    results = pd.concat(studies, names=["study"]).reset_index(level="study")
    if args.path is not None:
        results.to_csv(args.path / "results.csv", index=False)
    return results


if __name__ == "__main__":
    main()
