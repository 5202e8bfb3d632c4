r"""
A ladder of networks, from plain convolutions to DenseNet, LSTM and highway
===========================================================================

Latif et al. (2020) add one part at a time to a convolutional network: an LSTM, dense blocks,
highway layers. The rungs are settings of :class:`~sklearn_ser.neural_network.DenseNetSER`; this
script tests each on speakers it never heard before, and prints the published rows beside its own.

Without an argument it runs offline on a little synthetic speech, which says nothing about the
rungs. On a corpus of your own, with three seeds; interrupted runs continue from ``--path``::

    python examples/plot_table_2_ladder.py --corpus emodb --data path/to/emodb \
        --n-seeds 3 --path ladder
"""

# %%
# The rungs and two networks from elsewhere, and what the literature reports for them: UAR in % on
# four emotions of IEMOCAP and of MSP-IMPROV, with the standard deviation over the folds.

import argparse
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from joblib import parallel_config
from sklearn.base import clone
from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict
from sklearn.pipeline import make_pipeline

from sklearn_ser import (
    CNNLSTMSER,
    DenseNetSER,
    LogMelSpectrogram,
    MelCNNSER,
    SpeakerNormalizer,
    datasets,
)
from sklearn_ser.datasets import make_emotional_speech
from sklearn_ser.metrics import unweighted_average_recall_by_group

MODELS = {
    "CNN": DenseNetSER(dense=False, n_lstm_units=0, n_highway_layers=0),
    "CNN-LSTM": DenseNetSER(dense=False, n_highway_layers=0),
    "DenseNet": DenseNetSER(n_lstm_units=0, n_highway_layers=0),
    "DenseNet-LSTM": DenseNetSER(n_highway_layers=0),
    "DenseNet-LSTM-highway": DenseNetSER(),
    "CNN of Aldeneh and Provost": MelCNNSER(),
    "CNN-LSTM of Satt et al.": CNNLSTMSER(),
}
PUBLISHED = pd.DataFrame(
    {
        "CNN": ["61.5 ± 2.3", "52.6 ± 2.5"],
        "CNN-LSTM": ["62.1 ± 1.8", "53.1 ± 2.3"],
        "DenseNet": ["63.2 ± 1.7", "54.5 ± 1.9"],
        "DenseNet-LSTM": ["63.5 ± 1.5", "55.6 ± 1.6"],
        "DenseNet-LSTM-highway": ["64.1 ± 1.3", "56.2 ± 1.5"],
        "CNN of Aldeneh and Provost": ["61.8 ± 3.0", "52.6 ± 3.8"],
        "CNN-LSTM of Satt et al.": ["62.0", ""],
    },
    index=["IEMOCAP", "MSP-IMPROV"],
).T

# All loaders that take a folder.
LOADERS = {
    name.removeprefix("load_"): getattr(datasets, name)
    for name in datasets.__all__
    if name.startswith("load_") and name != "load_audb"
}


def parse_arguments(argv=None):
    """Read the command line."""
    parser = argparse.ArgumentParser(description="The ladder of networks, leave-one-speaker-out.")
    add = parser.add_argument
    add("--corpus", choices=["synthetic", *LOADERS], default="synthetic")
    add("--data", type=Path, help="folder of the corpus; 'index' wants an index.csv in it")
    add("--speaker-normalise", action="store_true", help="z-score each speaker, transductive")
    add("--models", nargs="+", choices=list(MODELS), default=list(MODELS))
    add("--n-seeds", type=int, default=1, help="trainings of each network (default 1)")
    add("--max-epochs", type=int, help="default: 8 on synthetic speech, else the network's own")
    add("--n-jobs", type=int, default=1, help="processes (default 1)")
    add("--path", type=Path, help="folder that keeps results and spectrograms")
    args = parser.parse_args(argv)
    if args.corpus != "synthetic" and args.data is None:
        parser.error(f"--corpus {args.corpus} needs --data, the folder of the corpus")
    if args.corpus == "synthetic" and args.max_epochs is None:
        args.max_epochs = 8
    return args


# %%
# An utterance is a row of a frame with its audio file and its speaker.


def load_utterances(args, folder):
    """Return the utterances and their emotions."""
    if args.corpus != "synthetic":
        X, y = LOADERS[args.corpus](args.data, return_X_y=True)
        return X[y != ""].reset_index(drop=True), np.asarray(y[y != ""])
    X, y = make_emotional_speech(
        n_speakers=3, n_utterances=4, duration=1.0, random_state=0, folder=folder, return_X_y=True
    )
    return X, np.asarray(y)


# %%
# One network with one seed: a row of results. Recall is that of the predictions pooled over all
# speakers; its deviation is that between speakers, each scored on the emotions that it shows.


def evaluate(model, extractor, X, y):
    """Leave each speaker out once."""
    predicted = cross_val_predict(
        make_pipeline(extractor, model), X, y, groups=X["speaker"], cv=LeaveOneGroupOut()
    )
    pooled, per_speaker = unweighted_average_recall_by_group(
        y, predicted, X["speaker"], zero_division=np.nan
    )
    return {"pooled": 100 * pooled, "speakers_std": 100 * per_speaker.std(ddof=0)}


def run_ladder(args, X, y, folder):
    """Return one row for each model and seed; those that the folder has are not run again."""
    extractor = LogMelSpectrogram(memory=folder / "spectrograms")
    if args.speaker_normalise:
        extractor = SpeakerNormalizer(extractor)
    scaling = "speaker" if args.speaker_normalise else "train"
    store = folder / f"{args.corpus}_{scaling}.csv"
    results = pd.read_csv(store) if store.exists() else pd.DataFrame(columns=["model", "seed"])
    for seed in range(args.n_seeds):
        for name in args.models:
            if ((results["model"] == name) & (results["seed"] == seed)).any():
                continue
            model = clone(MODELS[name]).set_params(random_state=seed)
            if args.max_epochs:
                model.set_params(max_epochs=args.max_epochs)
            row = {"model": name, "seed": seed} | evaluate(model, extractor, X, y)
            print(f"{name}, seed {seed}: {row['pooled']:.1f}", flush=True)
            results = pd.concat([results, pd.DataFrame([row])], ignore_index=True)
            results.to_csv(store, index=False)
    return results


# %%
# The table: the mean over the seeds with the deviation between them, and the mean deviation
# between speakers. Differences smaller than these deviations mean nothing.


def tabulate(results):
    """Return a row for each model, with the published ones beside it."""
    by_model = results.groupby("model", sort=False)
    table = by_model["pooled"].agg(mean="mean", seeds_std=lambda uar: uar.std(ddof=0))
    table["speakers_std"] = by_model["speakers_std"].mean()
    return table.reindex([name for name in MODELS if name in table.index]).join(PUBLISHED)


def main(argv=None):
    """Run the ladder, print its table and draw it."""
    args = parse_arguments(argv)
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.path or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        X, y = load_utterances(args, Path(scratch) / "audio")
        # Each process gets one thread: pools of threads that share cores slow each other down.
        with parallel_config("loky", n_jobs=args.n_jobs, inner_max_num_threads=1):
            results = run_ladder(args, X, y, folder)
    table = tabulate(results)
    protocol = "speaker-normalised (transductive)" if args.speaker_normalise else "train-fit"
    print(f"\nUAR in %, leave-one-speaker-out, pooled, {protocol}, {args.corpus}; published beside")
    print(table.to_string(float_format="{:.1f}".format))
    axes = plt.figure(layout="constrained").subplots()
    axes.errorbar(table["mean"], table.index, xerr=table["speakers_std"], fmt="o", capsize=4)
    axes.set(xlabel="UAR in %, with the deviation between speakers", title=args.corpus)
    plt.show()
    return table


if __name__ == "__main__":
    main()
