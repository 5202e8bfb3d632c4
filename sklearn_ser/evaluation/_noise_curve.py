"""What noise and bad recordings cost: UAR against the ratio of speech to noise."""

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils import _safe_indexing

from sklearn_ser.evaluation._corruptions import CORRUPTIONS
from sklearn_ser.evaluation._intervals import check_count
from sklearn_ser.evaluation._mixing import make_babble, make_pink_noise, mix
from sklearn_ser.evaluation._robustness import (
    CLEAN,
    Condition,
    Disturbance,
    Fold,
    RobustnessResult,
    run_conditions,
)
from sklearn_ser.evaluation._run import as_rows
from sklearn_ser.evaluation._store import data_key
from sklearn_ser.evaluation._study import check_pipelines
from sklearn_ser.utils._audio import (
    Utterance,
    check_readable,
    check_utterances,
    read_utterance,
)
from sklearn_ser.utils._signal import signal_number

_SYNTHETIC = ("white", "pink", "babble")


def noise_curve(
    pipelines: Any,
    X: Any,
    y: ArrayLike,
    *,
    noise: Any = "white",
    snrs: float | Iterable[float] = (20, 15, 10, 5, 0, -5),
    corruption: str | Iterable[str] = (),
    groups: Any = None,
    cv: Any = None,
    speakers: ArrayLike | None = None,
    n_talkers: int = 6,
    sampling_rate: int = 16000,
    channel: int | str = "mean",
    n_repeats: int = 1,
    random_state: int = 0,
    n_jobs: int | None = None,
    path: str | Path | None = None,
    verbose: int = 0,
) -> RobustnessResult:
    """Train pipelines on clean utterances and test them on noisy ones.

    In each fold a pipeline is trained once, on the training speakers as they are, and predicts the
    test speakers in every condition: clean, in each noise at each ratio, and corrupted.

    Parameters
    ----------
    pipelines : classifier or dict of str to classifier
        Pipelines that start from utterances: with an extractor of this library, or whatever takes
        waveforms.

    X : array-like of shape (n_samples,) or DataFrame
        Utterances.

    y : array-like of shape (n_samples,)
        Emotions.

    noise : {"white", "pink", "babble"}, path of a folder, list of these, or dict, default="white"
        What is added. White noise; pink noise, which falls by 3 dB an octave from 50 Hz on;
        babble of `n_talkers` people, who are training speakers of the fold and so never the tested
        one; or pieces of the recordings in a folder. A dict gives noises names and takes, beside
        the above, recordings in whatever form an extractor takes utterances:
        ``{"rain": [path, path], "party": "babble"}``. An empty list adds none, for a study of
        corruptions alone.

    snrs : float or iterable of float, default=(20, 15, 10, 5, 0, -5)
        Ratios of the active level of the speech to the level of the noise, in dB (see Notes).

    corruption : str or iterable of str, default=()
        Corruptions, each a condition of its own, without noise: ``"telephone"`` (300 to 3400 Hz),
        ``"codec"`` (8 kHz and the GSM 06.10 coder), ``"clipping"`` (the loudest tenth of the
        samples of the active speech cut off) and ``"reverberation"`` (60 dB in 0.6 s, as strong as
        the direct sound).

    groups : array-like of shape (n_samples,), default=None
        What `cv` keeps apart; None: the speakers.

    cv : int, cross-validation generator or iterable, default=None
        Splits of X, as for :func:`evaluate`. None leaves one group out at a time.

    speakers : array-like of shape (n_samples,), default=None
        Speakers. None: the column ``speaker`` of X, or else the `groups`.

    n_talkers : int, default=6
        People who speak in the babble.

    sampling_rate : int, default=16000
        Sampling rate in Hz at which noise is added: that of the pipelines' extractors.

    channel : int or "mean", default="mean"
        Channel of files with several, or the mean of all: that of the pipelines' extractors.

    n_repeats : int, default=1
        Repetitions with other seeds of the pipelines; the noise stays the same.

    random_state : int, default=0
        Decides the seeds of the pipelines and the noise. The noise of an utterance depends on the
        seed, the name of the noise and the samples of the utterance, and in babble on the training
        speakers of the fold; not on the other tested utterances. It is the same piece at all
        ratios.

    n_jobs : int, default=None
        Processes, of one thread each. None means 1 outside a :class:`joblib.parallel_config`.

    path : str or Path, default=None
        Folder that keeps predictions, as :func:`evaluate` does, and what the extractors give. Later
        calls may add pipelines, noises and ratios.

    verbose : int, default=0
        Whether to show a progress bar.

    Returns
    -------
    RobustnessResult
        With the frames ``curve``, ``predictions``, ``folds`` and ``fits``, whose column ``snr`` is
        infinite where there is no noise.

    Raises
    ------
    ValueError
        If an argument is not as described, a fold has a speaker on both sides, an extractor works
        at another sampling rate or reads another channel, or a sampler in a pipeline trains on the
        recordings that test.

    See Also
    --------
    attack_curve : Against perturbations that are made to mislead.
    RobustnessCurveDisplay : The curves as a plot.
    sklearn_ser.augmentation.NoiseSampler : Trains with noise.

    Notes
    -----
    The level of the speech is the mean power of its active parts: the frames of 20 ms within 30 dB
    of the loudest one, so that pauses do not count. That of the noise is its mean power under the
    whole utterance. The ``snr`` of :class:`~sklearn_ser.augmentation.NoiseSampler` counts the
    pauses as speech: at the same dB, an utterance with pauses gets more noise here than there.

    Each utterance is extracted once a condition (in babble, once a fold too), whatever the number
    of pipelines with the same extractor: extractors of this library without a ``memory`` get one
    for the time of the study, or below `path`, where all of it stays: as many times the features of
    the corpus as there are conditions (babble counts once a fold). Functionals take
    some kB an utterance, :class:`~sklearn_ser.features.LogMelSpectrogram` 13 kB a second,
    :class:`~sklearn_ser.features.RawWaveform` 64 kB: twenty conditions of an hour take 0.9 GB and
    4.6 GB. Peaks of noisy utterances may exceed 1; :class:`~sklearn_ser.features.OpenSmileFeatures`
    turns such utterances down before it reads them.

    Recordings are told apart by their files only. Two files with pieces of one recording, one in
    training by :class:`~sklearn_ser.augmentation.NoiseSampler` and one here, are for the user to
    keep apart.

    References
    ----------
    .. [1] ITU-T Recommendation P.56, "Objective measurement of active speech level", 2011.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn.svm import SVC
    >>> from sklearn_ser import OpenSmileFeatures
    >>> from sklearn_ser.datasets import make_emotional_speech
    >>> from sklearn_ser.evaluation import noise_curve
    >>> corpus = make_emotional_speech(3, n_utterances=2, duration=1.0, random_state=0)
    >>> svc = make_pipeline(OpenSmileFeatures(), StandardScaler(), SVC())
    >>> result = noise_curve(
    ...     svc, corpus.data, corpus.target, groups=corpus.speaker, noise="babble", snrs=[10, 0]
    ... )
    >>> result.curve[["pipeline", "condition", "snr", "n_speakers"]]
      pipeline condition   snr  n_speakers
    0      SVC     clean   inf           3
    1      SVC    babble  10.0           3
    2      SVC    babble   0.0           3
    """
    noises, snrs = _name_noises(noise), _check_snrs(snrs)
    conditions = [Condition(CLEAN, np.inf)]
    conditions += [Condition(name, snr) for name in noises for snr in snrs]
    conditions += [Condition(name, np.inf) for name in _check_corruptions(corruption)]
    check_count("n_talkers", n_talkers)
    if len(conditions) == 1:
        raise ValueError(
            f"noise={noise!r} and corruption={corruption!r}: nothing but clean utterances is left. "
            "Name a noise or a corruption, or call evaluate."
        )
    pipelines = check_pipelines(pipelines)
    _check_reading(pipelines, sampling_rate=sampling_rate, channel=channel)
    _check_apart(pipelines, noises)
    for recordings in noises.values():
        if isinstance(recordings, list):  # what is no audio shows before the training begins
            check_readable(recordings, sampling_rate=sampling_rate)
    return run_conditions(
        pipelines,
        _with_audio(X),
        y,
        _Noises(conditions, noises, n_talkers, sampling_rate, channel, random_state),
        level="snr",
        groups=groups,
        cv=cv,
        speakers=speakers,
        n_repeats=n_repeats,
        random_state=random_state,
        n_jobs=n_jobs,
        path=path,
        verbose=verbose,
    )


class _Noises(Disturbance):
    """Noises at several ratios, and corruptions."""

    def __init__(
        self,
        conditions: list[Condition],
        noises: Mapping[str, str | list[Utterance]],
        n_talkers: int,
        sampling_rate: int,
        channel: int | str,
        random_state: int,
    ):
        self.conditions = conditions
        self.noises = noises
        self.n_talkers = n_talkers
        self.sampling_rate = sampling_rate
        self.channel = channel
        self.random_state = random_state

    def settings(self, condition: Condition) -> tuple:
        noise = self.noises.get(condition.name)
        talkers = self.n_talkers if noise == "babble" else None
        if isinstance(noise, list):
            noise = data_key([utterance.source for utterance in noise], noise)
        return noise, talkers, self.sampling_rate, self.channel, self.random_state

    def prepare(self, fitted: Any, fold: Fold, seed: int) -> Callable[[Condition], Any]:
        tested = _safe_indexing(fold.X, fold.test)
        signals = [self._read(utterance) for utterance in check_utterances(tested)]
        talking: dict[Any, list[Utterance]] = {fold.speakers[row]: [] for row in fold.train}
        if "babble" in self.noises.values():
            train = check_utterances(_safe_indexing(fold.X, fold.train))
            for row, utterance in zip(fold.train, train, strict=True):
                talking[fold.speakers[row]].append(utterance)

        def predict(condition: Condition) -> Any:
            if condition.name == CLEAN:
                return fitted.predict(tested)
            disturbed = [
                self._disturb(signal, condition, {n: v for n, v in talking.items() if n != speaker})
                for signal, speaker in zip(signals, fold.speakers[fold.test], strict=True)
            ]
            return fitted.predict(_replace_audio(tested, disturbed))

        return predict

    def _read(self, utterance: Utterance) -> np.ndarray:
        return read_utterance(utterance, sampling_rate=self.sampling_rate, channel=self.channel)

    def _disturb(self, signal: np.ndarray, condition: Condition, voices: Mapping) -> np.ndarray:
        named = hashlib.blake2b(condition.name.encode(), digest_size=8).digest()
        # Not the ratio: an utterance has the same noise at all of them.
        key = [self.random_state, int.from_bytes(named), signal_number(signal)]
        rng = np.random.default_rng(key)
        if condition.name not in self.noises:
            corrupted = CORRUPTIONS[condition.name](signal, self.sampling_rate, rng)
            return corrupted.astype(np.float32)
        noise = self._draw(self.noises[condition.name], len(signal), voices, rng)
        return mix(signal, noise, condition.level, self.sampling_rate)

    def _draw(
        self, noise: str | list[Utterance], n: int, voices: Mapping, rng: np.random.Generator
    ) -> np.ndarray:
        if noise == "white":
            return rng.standard_normal(n)
        if noise == "pink":
            return make_pink_noise(n, self.sampling_rate, rng)
        if isinstance(noise, str):
            return make_babble(
                voices,
                self.n_talkers,
                n,
                rng,
                sampling_rate=self.sampling_rate,
                channel=self.channel,
            )
        from sklearn_ser.augmentation._noise import cut_noise  # torch comes with it

        drawn = noise[rng.integers(len(noise))]
        recording = self._read(drawn)
        if not recording.any():
            raise ValueError(f"The noise {drawn} is silent throughout. Remove it.")
        return cut_noise(recording, n, rng)


def _name_noises(noise: Any) -> dict[str, str | list[Utterance]]:
    """Give each noise a name: what is made here stays a word, folders become recordings."""
    if isinstance(noise, (str, os.PathLike)):
        noise = [noise]
    if not isinstance(noise, Mapping):
        if not isinstance(noise, Iterable) or isinstance(noise, pd.DataFrame):
            raise ValueError(
                f"noise is a {type(noise).__name__}: give one of {_SYNTHETIC}, a folder, a list of "
                "these, or a dict that names noises, which may be recordings."
            )
        given = list(noise)
        if other := [type(x).__name__ for x in given if not isinstance(x, (str, os.PathLike))]:
            raise ValueError(
                f"noise is a list with a {other[0]}: a list holds words of {_SYNTHETIC} and "
                "folders. Recordings need a name, as in noise={'rain': [recording, recording]}."
            )
        noise = {name if name in _SYNTHETIC else Path(name).name: name for name in given}
        if len(noise) < len(given):
            raise ValueError(
                f"noise has {len(given)} entries of the {len(noise)} names {list(noise)}: name "
                "each once, and folders of the same name by a dict."
            )
    if taken := {CLEAN, *CORRUPTIONS} & set(noise):
        raise ValueError(f"A noise is named {taken}, which is something else: rename it.")
    from sklearn_ser.augmentation._noise import list_recordings  # torch comes with it

    return {
        str(name): what if isinstance(what, str) and what in _SYNTHETIC else list_recordings(what)
        for name, what in noise.items()
    }


def _check_snrs(snrs: float | Iterable[float]) -> list[float]:
    values = np.asarray(list(snrs) if isinstance(snrs, Iterable) else [snrs], dtype=float)
    if not len(values) or not np.isfinite(values).all():
        raise ValueError(f"snrs={snrs!r}: give one or more numbers of dB.")
    return values.tolist()


def _check_corruptions(corruption: str | Iterable[str]) -> list[str]:
    names = [corruption] if isinstance(corruption, str) else list(corruption)
    if unknown := [name for name in names if name not in CORRUPTIONS]:
        raise ValueError(f"corruption has {unknown}: those that there are: {list(CORRUPTIONS)}.")
    return names


def _check_reading(pipelines: Mapping[str, Any], **reading: Any) -> None:
    """Refuse extractors that read clean utterances in another way than noise is added to them."""
    for name, pipeline in pipelines.items():
        for parameter, value in pipeline.get_params().items():
            own = parameter.rpartition("__")[2]
            if own in reading and value != reading[own]:
                raise ValueError(
                    f"The pipeline {name!r} has {parameter}={value!r}, but noise is added with "
                    f"{own}={reading[own]!r}: give both the same."
                )


def _check_apart(pipelines: Mapping[str, Any], noises: Mapping[str, Any]) -> None:
    """Refuse a pipeline that trains on the recordings that test."""
    from sklearn_ser.augmentation._noise import NoiseSampler, list_recordings

    tested = {
        Path(recording.source).resolve()
        for noise in noises.values()
        if isinstance(noise, list)
        for recording in noise
        if isinstance(recording.source, str)
    }
    for name, pipeline in pipelines.items():
        for part in pipeline.get_params().values():
            if not isinstance(part, NoiseSampler):
                continue
            sources = [recording.source for recording in list_recordings(part.noise)]
            trained = {Path(source).resolve() for source in sources if isinstance(source, str)}
            if shared := sorted(map(str, trained & tested)):
                raise ValueError(
                    f"The pipeline {name!r} trains with {len(shared)} of the recordings that it is "
                    f"tested with, such as {shared[0]!r}: give the NoiseSampler others."
                )


def _with_audio(X: Any) -> Any:
    """Check that X holds utterances; place them in columns, where an index has them."""
    X = as_rows(X)
    check_utterances(X)
    if not isinstance(X, pd.DataFrame):
        return X
    levels = [n for n in ("file", "start", "end") if n in X.index.names and n not in X.columns]
    return X.reset_index(level=levels) if levels else X


def _replace_audio(X: Any, signals: list[np.ndarray]) -> Any:
    """Put waveforms in the place of utterances, and leave all else that a frame tells."""
    sources = np.empty(len(signals), dtype=object)
    sources[:] = signals
    if isinstance(X, pd.Series):
        return pd.Series(sources, index=X.index, name=X.name)
    if not isinstance(X, pd.DataFrame):
        return sources
    # A waveform is the segment alone.
    return X.assign(file=sources).drop(columns=["start", "end"], errors="ignore")
