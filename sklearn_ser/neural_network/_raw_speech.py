"""Emotions from the waveform itself: parallel learned filter banks as a classifier."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval, StrOptions

from sklearn_ser.modules import RawSpeech
from sklearn_ser.neural_network._classifier import BaseSERClassifier
from sklearn_ser.neural_network._waveform_batches import WaveformDataset, check_waveforms
from sklearn_ser.utils._sizes import Sizes


def filter_lengths(branches_ms: Sequence[float], sampling_rate: int) -> list[int]:
    """Turn lengths of filters from milliseconds into samples.

    Parameters
    ----------
    branches_ms : sequence of float
        Lengths in milliseconds.

    sampling_rate : int
        Sampling rate in Hz.

    Returns
    -------
    list of int
        Lengths in samples.

    Raises
    ------
    ValueError
        If there is none, or one is shorter than two samples.

    Examples
    --------
    >>> from sklearn_ser.neural_network._raw_speech import filter_lengths
    >>> filter_lengths((25, 15, 100), 16000)
    [400, 240, 1600]
    """
    lengths = [round(ms * sampling_rate / 1000) for ms in branches_ms]
    if not lengths or min(lengths) < 2:
        raise ValueError(
            f"branches_ms={branches_ms!r}: give one length in milliseconds for each branch, each "
            f"of two samples or more, which is {2000 / sampling_rate:g} ms at {sampling_rate} Hz."
        )
    return lengths


class RawSpeechSER(BaseSERClassifier):
    """Parallel filter banks on the waveform, convolutions and an LSTM, after Latif et al. (2019).

    It takes utterances as they are, without a feature extractor before it. Filters of several
    lengths, which training adjusts, see the waveform at several resolutions in time and frequency;
    a convolutional network with an LSTM sees what they let through. Files are read when their
    batch is due and resampled: a corpus need not fit into memory.

    Parameters
    ----------
    branches_ms : tuple of float, default=(25, 15, 100)
        Length of the filters of each branch in milliseconds. One number gives one branch.

    n_filters : int, default=40
        Pairs of filters of each branch.

    stride_ms : float, default=10.0
        Milliseconds from one frame of the filters to the next.

    n_maps : tuple of int, default=(32, 48, 64)
        Maps of each 2-D convolution over the stacked outputs of the branches. Frames and bands are
        halved after each.

    n_lstm_units : int, default=64
        Units of each direction of the LSTM.

    n_dense_units : int, default=128
        Units of the dense layer.

    dropout : float, default=0.3
        Share of the units before the LSTM and around the dense layer that is dropped in training.

    sampling_rate : int, default=16000
        Sampling rate in Hz. Files are resampled to it, waveforms are taken to have it.

    channel : int or "mean", default="mean"
        Channel of a file with several, or the mean of all.

    normalize : bool, default=True
        Whether each utterance is scaled to zero mean and unit variance, which takes its loudness
        away, with that of the speaker's distance and of the microphone.

    crop_seconds : float or None, default=2.5
        Longer utterances are cut to this length in training, at places drawn anew each epoch.
        Predictions see whole utterances.

    speed : float, default=0.1
        Utterances are played faster or slower by up to this share in training, anew each epoch,
        which changes pitch and formants too.

    time_masks : int, default=1
        Stretches of up to 15 % of the frames that are masked behind the filters in training.

    frequency_masks : int, default=1
        Stretches of up to 15 % of the filters that are masked in training, in all branches alike.

    mixup_alpha : float, default=0.3
        The waveforms of pairs of utterances are mixed in training by shares of Beta(alpha, alpha);
        0 mixes none.

    label_smoothing : float, default=0.1
        Share of each label that is spread over all classes in training.

    class_weight : {"balanced"}, dict or None, default="balanced"
        Weights of the classes in training. ``"balanced"`` suits the unweighted average recall, by
        which the field measures.

    max_epochs : int, default=30
        Passes over the training data.

    batch_size : int, default=32
        Utterances a training step.

    lr : float, default=3e-3
        Learning rate; with ``"one_cycle"`` the largest.

    weight_decay : float, default=1e-3
        Decoupled weight decay of AdamW.

    lr_schedule : {"one_cycle", "plateau", "constant"}, default="one_cycle"
        Course of the learning rate. ``"plateau"`` halves it after five epochs without a better
        loss, on the validation data where there are some.

    max_grad_norm : float or None, default=2.0
        Gradients are scaled down to this norm.

    early_stopping : bool, default=False
        Whether to hold utterances back, stop when their loss has not fallen for
        ``n_iter_no_change`` epochs, and keep the best weights.

    validation_fraction : float, default=0.1
        Share of the utterances that is held back, or of the speakers if ``fit`` gets ``groups``.

    n_iter_no_change : int, default=10
        Patience of the early stopping, in epochs.

    warm_start : bool, default=False
        Whether ``fit`` trains the existing net on for ``max_epochs`` further epochs. Rate,
        schedule, decay, batches, epochs and early stopping are as they are set then; the net, its
        losses and augmentations stay.

    device : str, default="auto"
        Torch device; ``"auto"`` is CUDA where there is a device, else the CPU.

    random_state : int, RandomState instance or None, default=None
        Seeds weights, batches, crops, speeds, masks, dropout and mixup. The global generators are
        neither used nor moved.

    verbose : int, default=0
        1 prints the losses of each epoch.

    net_params : dict, default=None
        Further parameters of :class:`skorch.NeuralNet`, such as ``iterator_train__num_workers``,
        the number of processes that read files ahead; they take precedence. ``callbacks`` run
        beside those of schedule and early stopping.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The emotions.

    net_ : skorch.NeuralNet
        The trained net; ``net_.save_params`` saves its weights.

    module_ : torch.nn.Module
        The module of the net; ``module_.banks`` holds the filters of each branch.

    history_ : list of dict
        Losses of each epoch.

    n_features_in_ : int
        1: a sample of a waveform is one number.

    n_iter_ : int
        Number of epochs that the net was trained.

    See Also
    --------
    DenseNetSER : Learns from log-mel bands or from functionals.
    sklearn_ser.features.RawWaveform : Waveforms as sequences, for modules of one's own.

    Notes
    -----
    Of the paper the three parallel branches of 25, 15 and 100 ms, the 2-D convolution over their
    stacked maps and the LSTM are known here. What helps to learn them from little speech is this
    library's choice: filters come in pairs, begin as band-pass filters even in mel, and give
    powers, which are averaged over two frames and compressed by a logarithm; utterances are
    cropped, sped up, mixed and masked in training.

    Pooled unweighted average recall in %, train-fit, one seed, speakers left out (one at a time on
    EMO-DB, else in groups). The settings were compared on three of the ten speakers of EMO-DB,
    which makes its figures slightly optimistic; `normalize` was compared on all:

    ====================================  ======  ==================  =========
    corpus                                chance  ``normalize=True``  ``False``
    ====================================  ======  ==================  =========
    EMO-DB, 7 emotions                    14.3    73.3                66.9
    EmoTale, 5 emotions                   20.0    45.2                44.5
    24 synthetic speakers, 4 emotions     25.0    71.6
    of these, two of the four groups      25.0    69.4                62.9
    ====================================  ======  ==================  =========

    The synthetic speakers have 89.3 with ``max_epochs=60``; the others were not trained so long.
    The first branch alone has 72.7 and 70.1 on EMO-DB. A fit there takes 100 seconds on one core
    with three branches, and 70 with one.

    References
    ----------
    Latif, S., Rana, R., Khalifa, S., Jurdak, R., & Epps, J. (2019). Direct modelling of speech
    emotion from raw speech. Interspeech, 3920-3924.

    Examples
    --------
    >>> from sklearn_ser import RawSpeechSER
    >>> from sklearn_ser.datasets import make_emotional_speech
    >>> corpus = make_emotional_speech(4, ["anger", "sadness"], 4, duration=1.0, random_state=0)
    >>> model = RawSpeechSER(branches_ms=(25, 15), random_state=0)
    >>> model.fit(corpus.data, corpus.target).predict(corpus.data[:2])
    array(['anger', 'anger'], dtype='<U7')
    """

    _parameter_constraints: ClassVar[dict] = {
        **BaseSERClassifier._parameter_constraints,
        "branches_ms": ["array-like"],
        "n_filters": [Interval(Integral, 1, None, closed="left")],
        "stride_ms": [Interval(Real, 0, None, closed="neither")],
        "n_maps": [Sizes(at_least=1)],
        "n_lstm_units": [Interval(Integral, 1, None, closed="left")],
        "n_dense_units": [Interval(Integral, 1, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "sampling_rate": [Interval(Integral, 1, None, closed="left")],
        "channel": [Interval(Integral, 0, None, closed="left"), StrOptions({"mean"})],
        "normalize": ["boolean"],
        "crop_seconds": [Interval(Real, 0, None, closed="neither"), None],
        "speed": [Interval(Real, 0, 1, closed="left")],
        "time_masks": [Interval(Integral, 0, None, closed="left")],
        "frequency_masks": [Interval(Integral, 0, None, closed="left")],
    }

    def __init__(
        self,
        *,
        branches_ms: Sequence[float] = (25, 15, 100),
        n_filters: int = 40,
        stride_ms: float = 10.0,
        n_maps: Sequence[int] = (32, 48, 64),
        n_lstm_units: int = 64,
        n_dense_units: int = 128,
        dropout: float = 0.3,
        sampling_rate: int = 16000,
        channel: int | str = "mean",
        normalize: bool = True,
        crop_seconds: float | None = 2.5,
        speed: float = 0.1,
        time_masks: int = 1,
        frequency_masks: int = 1,
        mixup_alpha: float = 0.3,
        label_smoothing: float = 0.1,
        class_weight: str | dict | None = "balanced",
        max_epochs: int = 30,
        batch_size: int = 32,
        lr: float = 3e-3,
        weight_decay: float = 1e-3,
        lr_schedule: str = "one_cycle",
        max_grad_norm: float | None = 2.0,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        warm_start: bool = False,
        device: str = "auto",
        random_state: int | None = None,
        verbose: int = 0,
        net_params: dict | None = None,
    ):
        self.branches_ms = branches_ms
        self.n_filters = n_filters
        self.stride_ms = stride_ms
        self.n_maps = n_maps
        self.n_lstm_units = n_lstm_units
        self.n_dense_units = n_dense_units
        self.dropout = dropout
        self.sampling_rate = sampling_rate
        self.channel = channel
        self.normalize = normalize
        self.crop_seconds = crop_seconds
        self.speed = speed
        self.time_masks = time_masks
        self.frequency_masks = frequency_masks
        self.mixup_alpha = mixup_alpha
        self.label_smoothing = label_smoothing
        self.class_weight = class_weight
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.lr = lr
        self.weight_decay = weight_decay
        self.lr_schedule = lr_schedule
        self.max_grad_norm = max_grad_norm
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.device = device
        self.random_state = random_state
        self.verbose = verbose
        self.net_params = net_params

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Train on utterances with known emotion.

        Parameters
        ----------
        X : array-like of shape (n_utterances,), DataFrame, or sequences
            Utterances: audio paths, 1-D waveforms, or a frame with a column ``file`` and perhaps
            ``start`` and ``end``; or the sequences that
            :class:`~sklearn_ser.features.RawWaveform` makes of them.

        y : array-like of shape (n_utterances,)
            Emotions, strings or integers.

        sample_weight : array-like of shape (n_utterances,), default=None
            Weights of the utterances; those of weight zero are left out.

        groups : array-like of shape (n_utterances,), default=None
            Speakers. With ``early_stopping`` the validation utterances are of other speakers than
            those trained on; not used otherwise.

        Returns
        -------
        self : estimator
            The fitted estimator.

        Raises
        ------
        FileNotFoundError
            If a file does not exist.
        ValueError
            If the input is not as described, a file is no audio, or y has one class.
        """
        return super().fit(X, y, sample_weight, groups=groups)

    def _check_X(self, X: Any, *, reset: bool) -> np.ndarray:
        X = check_waveforms(X)
        if reset:
            self.n_features_in_ = 1
        return X

    def _fit_scale(self, X: np.ndarray) -> None:
        """Learn nothing: each utterance is scaled by itself."""

    def _scale(self, X: np.ndarray) -> np.ndarray:
        return X

    def _dataset(self, X: np.ndarray, targets: dict[str, np.ndarray]) -> WaveformDataset:
        return WaveformDataset(
            X,
            targets,
            sampling_rate=self.sampling_rate,
            channel=self.channel,
            normalize=self.normalize,
        )

    def _settings(self, one_frame: bool) -> dict[str, Any]:
        settings = super()._settings(one_frame)
        # The net masks the maps behind the filters, not the waveform.
        for name in ("time_masks", "frequency_masks"):
            del settings[name]
        seconds = self.crop_seconds
        samples = None if seconds is None else max(1, round(seconds * self.sampling_rate))
        return settings | {"crop_frames": samples}

    def _vary(self, data: WaveformDataset, settings: dict[str, Any]) -> None:
        super()._vary(data, settings)
        data.speed = self.speed

    def _module(self, n_features: int, one_frame: bool) -> tuple[type[torch.nn.Module], dict]:
        return RawSpeech, {
            "n_outputs": len(self.classes_),
            "filter_samples": filter_lengths(self.branches_ms, self.sampling_rate),
            "n_filters": self.n_filters,
            "hop_samples": max(1, round(self.stride_ms * self.sampling_rate / 1000)),
            "sampling_rate": self.sampling_rate,
            "n_maps": tuple(self.n_maps),
            "n_lstm_units": self.n_lstm_units,
            "n_dense_units": self.n_dense_units,
            "dropout": self.dropout,
            "time_masks": self.time_masks,
            "frequency_masks": self.frequency_masks,
        }

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = False  # of sequences, those of samples only
        tags.input_tags.string = True
        tags.no_validation = True
        return tags
