"""A user's own torch module as a classifier."""

from numbers import Integral, Real
from typing import ClassVar

import torch
from sklearn.utils._param_validation import Interval

from sklearn_ser.neural_network._classifier import BaseSERClassifier


class SpeechNetClassifier(BaseSERClassifier):
    """A torch module of one's own, with everything that the deep classifiers here share.

    It brings checks, labels and class weights, standardisation, batches of similar length, crops,
    masks, noise, mixup, the course of the learning rate, early stopping and callbacks.

    Parameters
    ----------
    module : type
        Class of the module, built with the arguments ``n_features``, ``n_outputs`` and those of
        ``module_params``. Its ``forward(X, lengths)`` takes a padded batch of shape (n, n_frames,
        n_features) with the number of valid frames of each utterance, and gives the class scores
        (logits), of shape (n, n_outputs). Rows of features are sequences of one frame.

    module_params : dict, default=None
        Further arguments of the module.

    clip : float, default=5.0
        Standardised input is clipped to this many standard deviations.

    crop_frames : int or None, default=None
        Longer sequences are cut to this many frames in training, at places drawn anew each epoch.
        Predictions see whole sequences.

    time_masks : int, default=0
        Stretches of up to 15 % of the frames that are masked in each sequence in training.

    frequency_masks : int, default=0
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
        Utterances a training step.

    lr : float, default=1e-3
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

    See Also
    --------
    sklearn_ser.modules : Layers that take the lengths into account.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from sklearn_ser import SpeechNetClassifier
    >>> from sklearn_ser.modules import MeanOverTime
    >>> class Linear(torch.nn.Module):
    ...     def __init__(self, n_features, n_outputs):
    ...         super().__init__()
    ...         self.pool, self.output = MeanOverTime(), torch.nn.Linear(n_features, n_outputs)
    ...
    ...     def forward(self, X, lengths):
    ...         return self.output(self.pool(X, lengths))
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["anger", "sadness"], 10)
    >>> X = np.stack([rng.normal(3 * (label == "anger"), 1, size=(30, 8)) for label in y])
    >>> model = SpeechNetClassifier(Linear, max_epochs=10, lr=1e-2, random_state=0).fit(X, y)
    >>> model.predict(X[[0, 19]])
    array(['anger', 'sadness'], dtype='<U7')
    """

    _parameter_constraints: ClassVar[dict] = {
        **BaseSERClassifier._parameter_constraints,
        "module": [type],
        "module_params": [dict, None],
        "crop_frames": [Interval(Integral, 1, None, closed="left"), None],
        "time_masks": [Interval(Integral, 0, None, closed="left")],
        "frequency_masks": [Interval(Integral, 0, None, closed="left")],
        "noise": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        module: type[torch.nn.Module],
        *,
        module_params: dict | None = None,
        clip: float = 5.0,
        crop_frames: int | None = None,
        time_masks: int = 0,
        frequency_masks: int = 0,
        noise: float = 0.0,
        mixup_alpha: float = 0.0,
        label_smoothing: float = 0.1,
        class_weight: str | dict | None = "balanced",
        max_epochs: int = 60,
        batch_size: int = 32,
        lr: float = 1e-3,
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
        self.module = module
        self.module_params = module_params
        self.clip = clip
        self.crop_frames = crop_frames
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

    def _module(self, n_features: int, one_frame: bool) -> tuple[type[torch.nn.Module], dict]:
        own = self.module_params or {}
        return self.module, {"n_features": n_features, "n_outputs": len(self.classes_)} | own
