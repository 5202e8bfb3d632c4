r"""
What noise and attacks cost
===========================

A recogniser that was trained in a quiet room meets a café, a telephone line, or somebody who means
to mislead it. :func:`~sklearn_ser.evaluation.noise_curve` and
:func:`~sklearn_ser.evaluation.attack_curve` train each pipeline once a fold and test it under all
conditions, on speakers that it never heard.

Without an argument this runs offline on a little synthetic speech. On a corpus of your own::

    python examples/plot_robustness.py --corpus emodb --data path/to/emodb \
        --noise babble path/to/noise
"""

# %%
# Two networks on functionals: one that is trained on clean utterances only, one that has noisy
# copies of them beside. Whoever trains with recorded noise needs other recordings for the test.

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
from imblearn.pipeline import make_pipeline

from sklearn_ser import MLPSER, NoiseSampler, OpenSmileFeatures, datasets
from sklearn_ser.datasets import make_emotional_speech
from sklearn_ser.evaluation import (
    RobustnessCurveDisplay,
    attack_curve,
    noise_curve,
    paired_drop_test,
)

LOADERS = {
    name.removeprefix("load_"): getattr(datasets, name)
    for name in datasets.__all__
    if name.startswith("load_") and name != "load_audb"
}


def parse_arguments(argv=None):
    """Read the command line."""
    parser = argparse.ArgumentParser(description="UAR in noise and under attack.")
    add = parser.add_argument
    add("--corpus", choices=["synthetic", *LOADERS], default="synthetic")
    add("--data", type=Path, help="folder of the corpus")
    add("--noise", nargs="+", default=["babble"], help="white, pink, babble or folders")
    add("--path", type=Path, help="folder that keeps features and predictions")
    args = parser.parse_args(argv)
    if args.corpus != "synthetic" and args.data is None:
        parser.error(f"--corpus {args.corpus} needs --data, the folder of the corpus")
    return args


def load_corpus(args):
    """Return utterances, emotions and speakers."""
    if args.corpus != "synthetic":
        bunch = LOADERS[args.corpus](args.data)
    else:
        bunch = make_emotional_speech(3, n_utterances=4, duration=1.0, random_state=0)
    labelled = bunch.target != ""
    X = bunch.data
    X = X[labelled] if hasattr(X, "iloc") else [x for x, k in zip(X, labelled, strict=True) if k]
    return X, bunch.target[labelled], bunch.speaker[labelled]


def build_models():
    """Return the same network, trained without and with noise."""
    return {
        "clean training": make_pipeline(OpenSmileFeatures(), MLPSER()),
        "noisy copies": make_pipeline(NoiseSampler("white"), OpenSmileFeatures(), MLPSER()),
    }


# %%
# Noise at three ratios, and three things that happen to recordings. The level of the speech is that
# of its active parts. ``curve`` has a row for each model and condition.


def measure_in_noise(args, X, y, speakers):
    """Print the curve, and draw it."""
    result = noise_curve(
        build_models(),
        X,
        y,
        noise=args.noise,
        snrs=(20, 10, 0),
        corruption=("codec", "clipping", "reverberation"),
        groups=speakers,
        path=args.path,
    )
    print(result.curve.round(3).to_string(index=False))
    RobustnessCurveDisplay.from_result(result)
    return result


# %%
# Whether one model loses more than the other: the predictions of a speaker, clean and noisy ones,
# swap the model or not, by chance. Three speakers cannot show anything, ten can.


def compare_losses(result):
    """Print the tests: for one condition, and for all."""
    predictions = result.predictions
    clean = predictions[predictions["condition"] == "clean"]
    print(paired_drop_test(clean, predictions[predictions["condition"] == "codec"]))
    print(result.compare_drops().round(3).to_string(index=False))


# %%
# Attacks: each standardised feature is moved by at most epsilon, along the gradient. With a
# surrogate, the gradient is that of another network, as for models that have none.


def measure_under_attack(args, X, y, speakers):
    """Draw both attacks, and the same by a surrogate."""
    params = {"epsilons": (0.02, 0.05, 0.1), "groups": speakers, "path": args.path}
    own = attack_curve(build_models(), X, y, attack=("fgsm", "pgd"), **params)
    RobustnessCurveDisplay.from_result(own)
    other = attack_curve(build_models(), X, y, surrogate=MLPSER(), **params)
    RobustnessCurveDisplay.from_result(other)
    return own, other


def main(argv=None):
    """Run all of it."""
    args = parse_arguments(argv)
    X, y, speakers = load_corpus(args)
    result = measure_in_noise(args, X, y, speakers)
    compare_losses(result)
    attacks = measure_under_attack(args, X, y, speakers)
    plt.show()
    return result, *attacks


if __name__ == "__main__":
    main()
