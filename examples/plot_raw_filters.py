"""
Filters learned from the waveform
=================================

:class:`~sklearn_ser.neural_network.RawSpeechSER` takes recordings as they are. Its first layers are
filters on the waveform, 25, 15 and 100 ms long. They begin as band-pass filters spread evenly over
the mel scale, which follows human hearing; training is free to change them. This example trains
the network and shows what has become of its filters.

Without an argument it runs offline on synthetic speech. On a corpus of your own::

    python examples/plot_raw_filters.py --corpus emodb --data path/to/emodb --epochs 30
"""

# %%
# The command line chooses the corpus.

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.model_selection import GroupShuffleSplit

from sklearn_ser import RawSpeechSER, datasets
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
    parser = argparse.ArgumentParser(description="Filters learned from the waveform.")
    add = parser.add_argument
    add("--corpus", choices=["synthetic", *LOADERS], default="synthetic")
    add("--data", type=Path, help="folder of the corpus; 'index' wants an index.csv in it")
    add("--epochs", type=int, default=15, help="passes over the training data (default 15)")
    add("--figure", type=Path, help="file for the plot, shown otherwise")
    args, _ = parser.parse_known_args(argv)  # a gallery has arguments of its own
    if args.corpus != "synthetic" and args.data is None:
        parser.error(f"--corpus {args.corpus} needs --data, the folder of the corpus")
    return args


def load_utterances(args):
    """Return the utterances, a frame with files and speakers, and their emotions."""
    if args.corpus != "synthetic":
        return LOADERS[args.corpus](args.data, return_X_y=True)
    emotions = ["anger", "happiness", "neutral", "sadness"]
    corpus = make_emotional_speech(8, emotions, 4, duration=1.5, random_state=0)
    X = pd.DataFrame({"file": list(corpus.data), "speaker": corpus.speaker})
    return X, corpus.target


# %%
# The network hears some speakers and is tested on the others. There is no feature extractor: it
# reads the files itself, a batch at a time.


def fit_and_test(args):
    """Train on three quarters of the speakers and print how well the others are recognised."""
    X, y = load_utterances(args)
    y = np.asarray(y)
    splitter = GroupShuffleSplit(n_splits=1, test_size=0.25, random_state=0)
    [(train, test)] = splitter.split(X, y, groups=X["speaker"])
    model = RawSpeechSER(max_epochs=args.epochs, random_state=0)
    model.fit(X.iloc[train], y[train])
    recall = unweighted_average_recall_score(y[test], model.predict(X.iloc[test]))
    speakers = ", ".join(sorted(set(X["speaker"].iloc[test])))
    print(f"UAR on the speakers {speakers}, never heard before: {100 * recall:.1f} %")
    return model


# %%
# A pair of filters passes the power that its two members pass together. Filters are sorted by the
# frequency at which that is largest; dots show where each of them began. Little speech leaves the
# bands where they were; what training has added shows far below their peaks, at the frequencies at
# which speech is strong.


def responses_of(filters, sampling_rate, n_fft=4096):
    """Return frequencies in Hz and what each pair of filters passes, in dB below its peak."""
    cosines, sines = np.split(np.abs(np.fft.rfft(filters, n_fft)) ** 2, 2)
    power = cosines + sines
    decibels = 10 * np.log10(power / power.max(axis=1, keepdims=True) + 1e-6)
    return np.fft.rfftfreq(n_fft, 1 / sampling_rate), decibels


def plot_filters(model):
    """Draw a few filters of each branch, and the frequency responses of all."""
    untrained = type(model.module_)(
        len(model.classes_), filter_samples=[b.filters.shape[2] for b in model.module_.banks]
    )
    n_branches = len(model.branches_ms)
    figure, axes = plt.subplots(
        2, n_branches, figsize=(4 * n_branches, 7), layout="constrained", squeeze=False
    )
    for column, bank, start, ms in zip(
        axes.T, model.module_.banks, untrained.banks, model.branches_ms, strict=True
    ):
        filters, first = (b.filters.detach().numpy()[:, 0] for b in (bank, start))
        frequency, decibels = responses_of(filters, model.sampling_rate)
        _, began = responses_of(first, model.sampling_rate)
        order = decibels.argmax(axis=1).argsort(kind="stable")
        time = 1000 * np.arange(filters.shape[1]) / model.sampling_rate
        chosen = order[np.linspace(2, len(order) - 3, 5).astype(int)]
        for place, i in enumerate(chosen):
            column[0].plot(time, filters[i] / (2 * np.abs(filters[i]).max()) + place, lw=0.6)
        labels = [f"{frequency[decibels[i].argmax()]:.0f} Hz" for i in chosen]
        column[0].set(title=f"{ms} ms", xlabel="ms", yticks=range(5), yticklabels=labels)
        places = np.arange(len(order))
        image = column[1].pcolormesh(
            places, frequency, decibels[order].T, vmin=-60, vmax=0, cmap="magma", rasterized=True
        )
        began_at = np.sort(frequency[began.argmax(axis=1)])
        column[1].plot(places, began_at, "c.", ms=3, label="start: even in mel")
        column[1].set(xlabel="filter, sorted by frequency", ylabel="Hz")
        column[1].legend(loc="upper left")
    figure.colorbar(image, ax=axes[1, -1], label="dB")
    return figure


def main(argv=None):
    """Train, and show the filters."""
    args = parse_arguments(argv)
    figure = plot_filters(fit_and_test(args))
    if args.figure is None:
        plt.show()
    else:
        figure.savefig(args.figure, dpi=120)


if __name__ == "__main__":
    main()
