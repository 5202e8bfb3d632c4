"""What perturbations that are made to mislead cost: UAR against their size."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils import _safe_indexing

from sklearn_ser.evaluation._intervals import check_count
from sklearn_ser.evaluation._robustness import (
    CLEAN,
    Condition,
    Disturbance,
    Fold,
    RobustnessResult,
    run_conditions,
)
from sklearn_ser.evaluation._run import seeded
from sklearn_ser.evaluation._study import check_pipelines
from sklearn_ser.utils._ragged import as_sequences, is_sequences

ATTACKS = ("fgsm", "pgd")


def attack_curve(
    pipelines: Any,
    X: Any,
    y: ArrayLike,
    epsilons: float | Iterable[float] = (0.01, 0.02, 0.05, 0.1, 0.2),
    *,
    attack: str | Iterable[str] = "fgsm",
    n_steps: int = 10,
    surrogate: Any = None,
    groups: Any = None,
    cv: Any = None,
    speakers: ArrayLike | None = None,
    n_repeats: int = 1,
    random_state: int = 0,
    n_jobs: int | None = None,
    path: str | Path | None = None,
    verbose: int = 0,
) -> RobustnessResult:
    """Train pipelines and test them on input that was changed to mislead them.

    In each fold a pipeline is trained once. The features of the test speakers, or the samples of
    their waveforms, are then moved by at most epsilon standard deviations each, along the gradient
    of the loss of a net.

    Parameters
    ----------
    pipelines : classifier or dict of str to classifier
        Pipelines that end in a net of this library, or nets; with a `surrogate`, any classifiers.

    X : array-like or DataFrame of shape (n_samples, ...)
        Utterances, sequences or features: what the pipelines take.

    y : array-like of shape (n_samples,)
        Emotions.

    epsilons : float or iterable of float, default=(0.01, 0.02, 0.05, 0.1, 0.2)
        Largest changes of a feature, in standard deviations of the training data; of a sample of a
        waveform, in standard deviations of its utterance.

    attack : {"fgsm", "pgd"} or iterable of these, default="fgsm"
        The fast gradient sign method [1]_, one step of epsilon; or projected gradient descent [2]_,
        `n_steps` steps of ``2.5 * epsilon / n_steps`` from the clean features, without restarts.

    n_steps : int, default=10
        Steps of ``"pgd"``.

    surrogate : classifier, default=None
        A net of this library whose gradient stands in for that of the pipelines (black box). In
        each fold it is fitted on what the last step of a pipeline is given for the training rows,
        without the rows that samplers add, and what misleads it is given to that step instead.
        None: each pipeline is attacked by the gradient of its own net (white box).

    groups : array-like of shape (n_samples,), default=None
        What `cv` keeps apart; None: the speakers.

    cv : int, cross-validation generator or iterable, default=None
        Splits of X, as for :func:`evaluate`. None leaves one group out at a time.

    speakers : array-like of shape (n_samples,), default=None
        Speakers. None: the column ``speaker`` of X, or else the `groups`.

    n_repeats : int, default=1
        Repetitions with other seeds on the same folds.

    random_state : int, default=0
        Decides the seeds of the pipelines and the surrogate. The attacks draw nothing.

    n_jobs : int, default=None
        Processes, of one thread each. None means 1 outside a :class:`joblib.parallel_config`.

    path : str or Path, default=None
        Folder that keeps predictions, as :func:`evaluate` does, and what the extractors give. Later
        calls may add pipelines, attacks and epsilons.

    verbose : int, default=0
        Whether to show a progress bar.

    Returns
    -------
    RobustnessResult
        With the frames ``curve``, ``predictions``, ``folds`` and ``fits``, whose column ``epsilon``
        is 0 where nothing was changed. With a surrogate the conditions are called
        ``"fgsm, transfer"`` and ``"pgd, transfer"``: figures of white and black boxes do not
        compare.

    Raises
    ------
    ValueError
        If an argument is not as described, a fold has a speaker on both sides, or a pipeline does
        not end in a net while there is no surrogate.

    See Also
    --------
    noise_curve : Against noise and bad recordings.
    RobustnessCurveDisplay : The curves as a plot.

    Notes
    -----
    What is attacked is the input of the module: features or frames, standardised by the training
    data and clipped at ``clip`` standard deviations. The perturbed input stays in that range;
    padding and features that were constant in training are not perturbed. The steps before the net,
    from the audio to the features, are not differentiated: the changes need not be those of any
    waveform. :class:`~sklearn_ser.neural_network.RawSpeechSER` is attacked by changes of the
    waveform itself, which stays within its own peaks: an epsilon of 0.1 is a noise 20 dB below the
    speech. Epsilons of different features do not compare: that of a net with 1582 features
    moves all of them at once.

    Extractors of this library without a ``memory`` get one for the time of the study, or below
    `path`, where their output stays.

    A surrogate's perturbation is mapped to the units of the step that it misleads by the scale that
    the surrogate learned.

    The attacks go by the true emotions. On features, both agree with those of the adversarial
    robustness toolbox on the same net.

    References
    ----------
    .. [1] I. J. Goodfellow, J. Shlens, C. Szegedy, "Explaining and harnessing adversarial
       examples", ICLR, 2015.
    .. [2] A. Madry, A. Makelov, L. Schmidt, D. Tsipras, A. Vladu, "Towards deep learning models
       resistant to adversarial attacks", ICLR, 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn.svm import SVC
    >>> from sklearn_ser import MLPSER
    >>> from sklearn_ser.evaluation import attack_curve
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["anger", "neutral"], 30)
    >>> X = rng.normal(size=(60, 4)) + 3 * (y == "anger")[:, np.newaxis]
    >>> svc, net = make_pipeline(StandardScaler(), SVC()), MLPSER(max_epochs=20)
    >>> result = attack_curve(svc, X, y, [0.2, 2.0], surrogate=net, groups=[0, 1, 2] * 20)
    >>> result.curve[["pipeline", "condition", "epsilon"]]
      pipeline       condition  epsilon
    0      SVC           clean      0.0
    1      SVC  fgsm, transfer      0.2
    2      SVC  fgsm, transfer      2.0
    >>> bool(result.curve["drop"].iloc[-1] > 0.2)
    True
    """
    attacks = [attack] if isinstance(attack, str) else list(attack)
    if not attacks or not set(attacks) <= set(ATTACKS):
        raise ValueError(f"attack={attack!r}: choose from {ATTACKS}.")
    listed = list(epsilons) if isinstance(epsilons, Iterable) else [epsilons]
    sizes = np.asarray(listed, dtype=float)
    if not len(sizes) or not np.isfinite(sizes).all() or sizes.min() < 0:
        raise ValueError(f"epsilons={epsilons!r}: give one or more numbers that are not negative.")
    check_count("n_steps", n_steps)
    pipelines = check_pipelines(pipelines)
    _check_gradients(pipelines, surrogate)
    suffix = "" if surrogate is None else ", transfer"
    conditions = [Condition(CLEAN, 0.0)]
    conditions += [Condition(f"{a}{suffix}", e) for a in attacks for e in sizes.tolist() if e > 0]
    return run_conditions(
        pipelines,
        X,
        y,
        _Attacks(conditions, n_steps, surrogate),
        level="epsilon",
        groups=groups,
        cv=cv,
        speakers=speakers,
        n_repeats=n_repeats,
        random_state=random_state,
        n_jobs=n_jobs,
        path=path,
        verbose=verbose,
    )


class _Attacks(Disturbance):
    """Attacks of several sizes, by the gradient of the net itself or of a surrogate."""

    def __init__(self, conditions: list[Condition], n_steps: int, surrogate: Any):
        self.conditions = conditions
        self.n_steps = n_steps
        self.surrogate = surrogate

    def settings(self, condition: Condition) -> tuple:
        steps = self.n_steps if condition.name.startswith("pgd") else None
        return steps, None if condition.name == CLEAN else self.surrogate

    def prepare(self, fitted: Any, fold: Fold, seed: int) -> Callable[[Condition], Any]:
        from sklearn_ser.evaluation import _gradient_attack as gradient  # torch comes with it

        transform, model = _split(fitted)
        given, y = transform(_safe_indexing(fold.X, fold.test)), fold.y[fold.test]
        net = model
        if self.surrogate is not None:
            if gradient.takes_waveforms(self.surrogate):
                _check_waveforms_alike(model, self.surrogate)
            train = transform(_safe_indexing(fold.X, fold.train))
            # With the same seed, it could be the very net that it attacks.
            net = seeded(self.surrogate, (seed + 1) % 2**31).fit(train, fold.y[fold.train])
        Z = gradient.to_module_space(net, given)

        def predict(condition: Condition) -> Any:
            if condition.name == CLEAN:
                return model.predict(given)
            attack = condition.name.partition(",")[0]
            moved = gradient.perturb(
                net, Z, y, condition.level, attack=attack, n_steps=self.n_steps
            )
            if gradient.takes_waveforms(net):
                return model.predict(moved if is_sequences(given) else [z[:, 0] for z in moved])
            if self.surrogate is None:
                return model.predict(_like(given, gradient.from_module_space(net, moved)))
            # What lies beyond the clip range of the surrogate stays where it is.
            change = gradient.from_module_space(net, moved - Z, shift=False)
            return model.predict(_like(given, _values(given) + change))

        return predict


def _check_gradients(pipelines: dict[str, Any], surrogate: Any) -> None:
    from sklearn_ser.evaluation._gradient_attack import is_attackable

    attacked = pipelines if surrogate is None else {"surrogate": surrogate}
    for name, pipeline in attacked.items():
        last = _last_step(pipeline)
        if not is_attackable(last):
            raise ValueError(
                f"The gradient of {name!r}, {type(last).__name__}, is not known here: pass a net "
                "of this library as surrogate, whose perturbations are handed over."
            )
    if surrogate is not None and hasattr(surrogate, "steps"):
        raise ValueError(
            "The surrogate is a pipeline: pass its net alone. It is fitted on what the last step "
            "of each attacked pipeline is given for the training rows, before any sampling."
        )


def _check_waveforms_alike(model: Any, surrogate: Any) -> None:
    for name in ("sampling_rate", "channel"):
        ours, theirs = getattr(surrogate, name), getattr(model, name, getattr(surrogate, name))
        if ours != theirs:
            raise ValueError(
                f"The surrogate has {name}={ours!r}, the attacked net {name}={theirs!r}: the "
                "waveforms that mislead are handed over, so set both alike."
            )


def _last_step(pipeline: Any) -> Any:
    return pipeline.steps[-1][1] if hasattr(pipeline, "steps") else pipeline


def _split(fitted: Any) -> tuple[Callable, Any]:
    """Take a fitted pipeline apart: what makes the features, and the classifier."""
    steps = [step for _, step in getattr(fitted, "steps", [])[:-1]]
    # Samplers act in training only, and a pipeline that ends in one has no transform.
    transformers = [step for step in steps if hasattr(step, "transform")]

    def transform(X: Any) -> Any:
        for transformer in transformers:
            X = transformer.transform(X)
        return X

    return transform, _last_step(fitted)


def _values(X: Any) -> np.ndarray:
    if is_sequences(X):
        return as_sequences([np.asarray(x) for x in X])
    return np.asarray(X)


def _like(X: Any, values: np.ndarray) -> Any:
    """Give values the names of the columns that X has."""
    return pd.DataFrame(values, X.index, X.columns) if isinstance(X, pd.DataFrame) else values
