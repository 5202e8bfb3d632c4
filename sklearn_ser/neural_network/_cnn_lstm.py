"""Convolutions over a spectrogram and an LSTM as a classifier of segments."""

from numbers import Integral, Real
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import log_softmax
from sklearn.utils._param_validation import Interval

from sklearn_ser.modules import CNNLSTM
from sklearn_ser.neural_network._batches import UtteranceDataset
from sklearn_ser.neural_network._classifier import BaseSERClassifier
from sklearn_ser.utils._ragged import as_sequences
from sklearn_ser.utils._sizes import Sizes


def cut_segments(X: np.ndarray, segment_frames: int) -> tuple[np.ndarray, NDArray[np.intp]]:
    """Cut long sequences into as few parts as possible, of nearly equal length.

    Parameters
    ----------
    X : ndarray of shape (n_utterances, n_features) or (n_utterances,) of arrays
        Features, which are short enough, or sequences.

    segment_frames : int
        Largest number of frames of a part.

    Returns
    -------
    segments : ndarray of shape (n_segments,) of arrays, or X itself if it holds features
        The parts in order.
    owner : ndarray of shape (n_segments,)
        For each part the position of its utterance in X.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser.neural_network._cnn_lstm import cut_segments
    >>> segments, owner = cut_segments(np.zeros((2, 7, 4)), 3)
    >>> [len(segment) for segment in segments], owner
    ([3, 2, 2, 3, 2, 2], array([0, 0, 0, 1, 1, 1]))
    """
    if X.ndim == 2:
        return X, np.arange(len(X))
    parts = [np.array_split(x, -(-len(x) // segment_frames)) for x in X]
    owner = np.repeat(np.arange(len(X)), [len(p) for p in parts])
    return as_sequences([part for p in parts for part in p]), owner


class CNNLSTMSER(BaseSERClassifier):
    """Convolutions over a spectrogram and an LSTM, after Satt et al. (2017).

    Utterances are cut into segments of up to three seconds, each of which learns the label of its
    utterance. At prediction the probabilities of the segments are averaged. The input is
    standardised inside.

    Parameters
    ----------
    segment_frames : int, default=150
        Largest number of frames of a segment; 150 frames of 20 ms are 3 s. Longer utterances are
        cut into as few parts as that allows, of nearly equal length.

    n_filters : tuple of int, default=(16, 24, 32)
        Filters of each convolution. Frames and bands are halved after each.

    kernel_size : int, default=3
        Frames and bands that a filter spans; odd.

    n_lstm_units : int, default=128
        Units of each direction of the LSTM.

    dropout : float, default=0.3
        Share of the units before and behind the LSTM that is dropped in training.

    clip : float, default=5.0
        Standardised input is clipped to this many standard deviations.

    time_masks : int, default=1
        Stretches of up to 15 % of the frames that are masked in each sequence in training.

    frequency_masks : int, default=1
        Stretches of up to 15 % of the bands that are masked in each sequence in training.

    noise : float, default=0.0
        Standard deviation of the noise that is added to the standardised input in training.

    mixup_alpha : float, default=0.0
        Pairs of utterances are mixed in training by shares of Beta(alpha, alpha); 0 mixes none.

    label_smoothing : float, default=0.1
        Share of each label that is spread over all classes in training.

    class_weight : {"balanced"}, dict or None, default="balanced"
        Weights of the classes in training. ``"balanced"`` suits the unweighted average recall, by
        which the field measures.

    max_epochs : int, default=60
        Passes over the training data.

    batch_size : int, default=32
        Segments a training step.

    lr : float, default=2e-3
        Learning rate; with ``"one_cycle"`` the largest.

    weight_decay : float, default=1e-2
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
        Seeds weights, batches, masks, noise, dropout and mixup. The global generators are neither
        used nor moved.

    verbose : int, default=0
        1 prints the losses of each epoch.

    net_params : dict, default=None
        Further parameters of :class:`skorch.NeuralNet`, such as ``iterator_train__num_workers``;
        they take precedence. ``callbacks`` run beside those of schedule and early stopping.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The emotions.

    net_ : skorch.NeuralNet
        The trained net; ``net_.save_params`` saves its weights.

    module_ : torch.nn.Module
        The module of the net.

    history_ : list of dict
        Losses of each epoch.

    scaler_ : StandardScaler
        Mean and scale of the training data.

    n_features_in_ : int
        Number of features of a frame.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X was a data frame.

    n_iter_ : int
        Number of epochs that the net was trained.

    Notes
    -----
    Of the paper the segments, the kind of layers and the averaging are known here; filters, LSTM
    and training are this library's choice.

    References
    ----------
    Satt, A., Rozenberg, S., & Hoory, R. (2017). Efficient emotion recognition from speech using
    deep learning on spectrograms. Interspeech, 1089-1093.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser import CNNLSTMSER
    >>> from sklearn_ser.utils._ragged import as_sequences
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["anger", "sadness"], 10)
    >>> X = as_sequences([rng.normal(3 * (label == "anger"), 1, size=(30, 8)) for label in y])
    >>> model = CNNLSTMSER(n_lstm_units=8, max_epochs=10, random_state=0).fit(X, y)
    >>> model.predict(X[[0, 19]])
    array(['anger', 'sadness'], dtype='<U7')
    """

    _parameter_constraints: ClassVar[dict] = {
        **BaseSERClassifier._parameter_constraints,
        "segment_frames": [Interval(Integral, 1, None, closed="left")],
        "n_filters": [Sizes()],
        "kernel_size": [Interval(Integral, 1, None, closed="left")],
        "n_lstm_units": [Interval(Integral, 1, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "time_masks": [Interval(Integral, 0, None, closed="left")],
        "frequency_masks": [Interval(Integral, 0, None, closed="left")],
        "noise": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        *,
        segment_frames: int = 150,
        n_filters: tuple[int, ...] = (16, 24, 32),
        kernel_size: int = 3,
        n_lstm_units: int = 128,
        dropout: float = 0.3,
        clip: float = 5.0,
        time_masks: int = 1,
        frequency_masks: int = 1,
        noise: float = 0.0,
        mixup_alpha: float = 0.0,
        label_smoothing: float = 0.1,
        class_weight: str | dict | None = "balanced",
        max_epochs: int = 60,
        batch_size: int = 32,
        lr: float = 2e-3,
        weight_decay: float = 1e-2,
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
        self.segment_frames = segment_frames
        self.n_filters = n_filters
        self.kernel_size = kernel_size
        self.n_lstm_units = n_lstm_units
        self.dropout = dropout
        self.clip = clip
        self.time_masks = time_masks
        self.frequency_masks = frequency_masks
        self.noise = noise
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

    def _dataset(self, X: np.ndarray, targets: dict[str, np.ndarray]) -> UtteranceDataset:
        # Cut behind the split: segments of an utterance are never on both sides of it.
        segments, owner = cut_segments(X, self.segment_frames)
        return super()._dataset(segments, {name: rows[owner] for name, rows in targets.items()})

    def _forward(self, X: np.ndarray) -> np.ndarray:
        segments, owner = cut_segments(X, self.segment_frames)
        log_proba = log_softmax(super()._forward(segments), axis=1)
        first, count = np.unique(owner, return_index=True, return_counts=True)[1:]
        return np.logaddexp.reduceat(log_proba, first, axis=0) - np.log(count)[:, None]

    def _module(self, n_features: int, one_frame: bool) -> tuple[type[torch.nn.Module], dict]:
        if self.kernel_size % 2 == 0:
            raise ValueError(f"kernel_size={self.kernel_size} is even; use an odd number.")
        return CNNLSTM, {
            "n_features": n_features,
            "n_outputs": len(self.classes_),
            "n_filters": tuple(self.n_filters),
            "kernel_size": self.kernel_size,
            "n_lstm_units": self.n_lstm_units,
            "dropout": self.dropout,
        }
