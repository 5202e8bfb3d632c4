r"""
Table 1 of the raw-waveform network on corpora of your own
==========================================================

Latif et al. (2019) compare a network on raw waveforms and a convolutional one on mel filter banks,
after Aldeneh and Provost (2017), with support vector machines on four kinds of features. This
script does the same on any corpora and prints the published rows beside its own::

    python examples/reproduce_table_1.py --corpora iemocap=path/to/iemocap \
        --emotions anger happiness neutral sadness --path results

The corpora of the paper, IEMOCAP and MSP-IMPROV, come by licence only. Where a corpus has sessions
of two speakers, each speaker is tested once and the other one of the session is left out of the
training (10 folds on IEMOCAP, 12 on MSP-IMPROV); elsewhere each speaker is left out once. Scaling
is train-fit. The published figures are means and deviations over folds; the figure that is pooled
over all folds stands beside ours. Interrupted runs continue from ``--path``. Without arguments
the script runs on a little synthetic speech, which says nothing about the models.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sklearn_ser import (
    MFCC,
    Functionals,
    LogMelSpectrogram,
    MelCNNSER,
    OpenSmileFeatures,
    RawSpeechSER,
    datasets,
)
from sklearn_ser.datasets import make_emotional_speech
from sklearn_ser.evaluation import SessionSplit, evaluate

LOADERS = {
    name.removeprefix("load_"): getattr(datasets, name)
    for name in datasets.__all__
    if name.startswith("load_") and name != "load_audb"
}
SVM = make_pipeline(StandardScaler(), SVC(class_weight="balanced"))
MODELS = {
    "SVM + MFCC": make_pipeline(MFCC(), Functionals(), SVM),
    "SVM + log-mel": make_pipeline(LogMelSpectrogram(), Functionals(), SVM),
    "SVM + GeMAPS": make_pipeline(OpenSmileFeatures("GeMAPSv01b"), SVM),
    "SVM + eGeMAPS": make_pipeline(OpenSmileFeatures("eGeMAPSv02"), SVM),
    "CNN + log-mel": make_pipeline(LogMelSpectrogram(), MelCNNSER()),
    "CNN-LSTM + raw waveform": make_pipeline(RawSpeechSER()),
}
PUBLISHED = pd.DataFrame(
    {
        "SVM + MFCC": ["57.15 ± 2.1", "52.38 ± 3.7"],
        "SVM + log-mel": ["58.16 ± 2.6", "52.54 ± 3.1"],
        "SVM + GeMAPS": ["57.92 ± 3.2", "52.10 ± 3.9"],
        "SVM + eGeMAPS": ["58.76 ± 2.6", "52.41 ± 4.6"],
        "CNN + log-mel": ["61.8 ± 3.0", "52.6 ± 3.8"],
        "CNN-LSTM + raw waveform": ["60.23 ± 3.2", "52.43 ± 4.1"],
    },
    index=["IEMOCAP", "MSP-IMPROV"],
).T


def parse_arguments(argv, description, models):
    """Read the command line."""
    parser = argparse.ArgumentParser(description=description.strip().splitlines()[0])
    add = parser.add_argument
    add("--corpora", nargs="+", default=["synthetic"], help="name=folder each, or synthetic")
    add("--emotions", nargs="+", help="emotions to keep (default all)")
    add("--models", nargs="+", choices=list(models), default=list(models))
    add("--n-repeats", type=int, default=1, help="random seeds (default 1)")
    add("--max-epochs", type=int, help="default: 2 on synthetic speech, else the network's own")
    add("--n-jobs", type=int, default=1, help="processes (default 1)")
    add("--path", type=Path, help="folder that keeps features, predictions, table and figure")
    args = parser.parse_args(argv)
    for corpus in args.corpora:
        name, _, folder = corpus.partition("=")
        if corpus != "synthetic" and (name not in LOADERS or not folder):
            parser.error(f"--corpora {corpus}: wanted name=folder, with a name of {list(LOADERS)}")
    return args


def load_corpus(corpus, emotions):
    """Return utterances, emotions, speakers, and the split."""
    if corpus == "synthetic":
        bunch = make_emotional_speech(3, n_utterances=3, duration=1.0, random_state=0)
    else:
        name, _, folder = corpus.partition("=")
        bunch = LOADERS[name](folder)
    kept = np.flatnonzero(np.isin(bunch.target, emotions) if emotions else bunch.target != "")
    if not len(kept):
        raise SystemExit(f"{corpus} has none of {emotions}, but {sorted(set(bunch.target))}.")
    X, y, speakers = bunch.data, bunch.target[kept], bunch.speaker[kept]
    X = X.iloc[kept] if isinstance(X, pd.DataFrame) else [X[i] for i in kept]
    if "session" not in bunch.frame:
        return X, y, speakers, None
    sessions = bunch.frame["session"].to_numpy()[kept]
    return X, y, speakers, SessionSplit(dict(zip(speakers, sessions, strict=True)))


def prepare(models, max_epochs, features):
    """Let extractors keep what they extract, and shorten the training where that is asked for."""
    prepared = {}
    for name, model in models.items():
        settings = {"max_epochs": max_epochs} if max_epochs else {}
        settings["memory"] = features
        model = clone(model)
        for step in model.named_steps.values():
            known = step.get_params(deep=False)
            if not hasattr(step, "steps"):  # the memory of a pipeline is another
                step.set_params(**{k: v for k, v in settings.items() if k in known})
        prepared[name] = model
    return prepared


def evaluate_models(args, models, corpus, folder):
    """Return a row for each model."""
    X, y, speakers, cv = load_corpus(corpus, args.emotions)
    max_epochs = args.max_epochs or (2 if corpus == "synthetic" else None)
    chosen = {name: models[name] for name in args.models}
    summary = evaluate(
        prepare(chosen, max_epochs, folder / "features"),
        X,
        y,
        groups=speakers,
        cv=cv,
        n_repeats=args.n_repeats,
        n_jobs=args.n_jobs,
        path=folder,
        verbose=sys.stderr.isatty(),
    ).summary.set_index("pipeline")
    protocol = "one speaker left out" if cv is None else "one session left out, speakers in turn"
    print(
        f"{corpus.partition('=')[0]}: {len(y)} utterances, {len(np.unique(speakers))} speakers, "
        f"{protocol}, train-fit, chance {100 * summary['chance'].iloc[0]:.1f}"
    )
    return summary


def tabulate(summaries, published):
    """Return a row for each model: ours by corpus, and the published ones."""
    columns = {}
    for corpus, summary in summaries.items():
        percent = 100 * summary[["uar_of_folds", "uar_of_folds_std", "uar", "uar_low", "uar_high"]]
        rows = percent.itertuples()
        cells = {
            row.Index: (
                f"{row.uar_of_folds:.1f} ± {row.uar_of_folds_std:.1f}",
                f"{row.uar:.1f} ({row.uar_low:.1f} to {row.uar_high:.1f})",
            )
            for row in rows
        }
        for i, kind in enumerate(("mean of folds", "pooled (95 %)")):
            columns[f"{corpus}, {kind}"] = {name: pair[i] for name, pair in cells.items()}
    ours = pd.DataFrame(columns)
    beside = published.rename(columns=lambda corpus: f"published, {corpus}")
    names = list(dict.fromkeys([*ours.index, *published.index]))
    return ours.reindex(names).join(beside).fillna("")


def plot(summaries):
    """Draw the pooled figures with their intervals, corpora beside each other."""
    figure = plt.figure(layout="constrained", figsize=(8, 4))
    axes = figure.subplots()
    for i, (corpus, summary) in enumerate(summaries.items()):
        percent = 100 * summary[["uar", "uar_low", "uar_high"]].to_numpy().T
        axes.errorbar(
            percent[0],
            np.arange(len(summary)) + 0.15 * i,
            xerr=[percent[0] - percent[1], percent[2] - percent[0]],
            fmt="o",
            capsize=4,
            label=corpus,
        )
        axes.set(yticks=range(len(summary)), yticklabels=summary.index)
    axes.set(xlabel="UAR in %, pooled, with the 95 % interval over speakers")
    axes.invert_yaxis()
    axes.legend()
    return figure


def run_table(argv, description, models, published):
    """Evaluate models on all corpora, print the table and draw the figure."""
    args = parse_arguments(argv, description, models)
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.path or Path(scratch)
        summaries = {
            corpus.partition("=")[0]: evaluate_models(args, models, corpus, folder)
            for corpus in args.corpora
        }
    table = tabulate(summaries, published)
    print(f"\nUAR in %; published on four emotions (chance 25.0)\n{table.to_string()}")
    figure = plot(summaries)
    if args.path is not None:
        table.to_csv(args.path / "table.csv")
        figure.savefig(args.path / "figure.png", dpi=150)
    return table


def main(argv=None):
    """Run the models of the first table."""
    return run_table(argv, __doc__, MODELS, PUBLISHED)


if __name__ == "__main__":
    main()
    plt.show()
