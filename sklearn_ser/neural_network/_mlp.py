"""A plain multi-layer perceptron as a classifier."""

from numbers import Real
from typing import ClassVar

import torch
from sklearn.utils._param_validation import Interval

from sklearn_ser.modules import MLP
from sklearn_ser.neural_network._base import BaseSpeechNet
from sklearn_ser.neural_network._classifier import BaseSERClassifier
from sklearn_ser.utils._sizes import Sizes


class BaseMLP(BaseSpeechNet):
    """What the classifier and the regressor share: sizes, and the module they build."""

    _parameter_constraints: ClassVar[dict] = {
        "hidden_sizes": [Sizes()],
        "input_dropout": [Interval(Real, 0, 1, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
    }

    def _module(self, n_features: int, one_frame: bool) -> tuple[type[torch.nn.Module], dict]:
        return MLP, {
            "n_features": n_features,
            "n_outputs": self._n_outputs,
            "hidden_sizes": tuple(self.hidden_sizes),
            "input_dropout": self.input_dropout,
            "dropout": self.dropout,
        }


class MLPSER(BaseSERClassifier, BaseMLP):
    """Fully connected layers, the plain deep network that generated features are judged with.

    Utterances are rows of features, or sequences of any length, of which the mean over time enters
    the first layer. The input is standardised inside, so that unscaled openSMILE features simply
    work.

    Parameters
    ----------
    hidden_sizes : tuple of int, default=(256, 256)
        Units of each hidden layer; none makes a linear model.

    input_dropout : float, default=0.5
        Share of the standardised input that is dropped in training.

    dropout : float, default=0.3
        Share of the units of each hidden layer that is dropped in training.

    clip : float, default=5.0
        Standardised input is clipped to this many standard deviations.

    mixup_alpha : float, default=0.0
        Pairs of utterances are mixed in training by shares of Beta(alpha, alpha); 0 mixes none.
        None by default, so that a comparison can tell mixup from what is compared.

    label_smoothing : float, default=0.1
        Share of each label that is spread over all classes in training.

    class_weight : {"balanced"}, dict or None, default="balanced"
        Weights of the classes in training. ``"balanced"`` suits the unweighted average recall, by
        which the field measures.

    max_epochs : int, default=60
        Passes over the training data.

    batch_size : int, default=64
        Utterances a training step.

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
        Seeds weights, batches, dropout and mixup. The global generators are neither used nor moved.

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
    Training data decide how much regularisation a network wants: give all columns of a comparison
    the same settings, or the same search.

    References
    ----------
    Latif, S., Asim, M., Rana, R., Khalifa, S., Jurdak, R., & Schuller, B. W. (2020). Augmenting
    generative adversarial networks for speech emotion recognition. Interspeech. arXiv:2005.08447.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser import MLPSER
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["anger", "sadness"], 20)
    >>> X = rng.normal(loc=2.0 * (y == "anger")[:, None], size=(40, 8))
    >>> model = MLPSER(max_epochs=10, random_state=0).fit(X, y)
    >>> model.predict(np.array([[2.0] * 8, [0.0] * 8]))
    array(['anger', 'sadness'], dtype='<U7')
    """

    _parameter_constraints: ClassVar[dict] = {
        **BaseSERClassifier._parameter_constraints,
        **BaseMLP._parameter_constraints,
    }

    def __init__(
        self,
        *,
        hidden_sizes: tuple[int, ...] = (256, 256),
        input_dropout: float = 0.5,
        dropout: float = 0.3,
        clip: float = 5.0,
        mixup_alpha: float = 0.0,
        label_smoothing: float = 0.1,
        class_weight: str | dict | None = "balanced",
        max_epochs: int = 60,
        batch_size: int = 64,
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
        self.hidden_sizes = hidden_sizes
        self.input_dropout = input_dropout
        self.dropout = dropout
        self.clip = clip
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
