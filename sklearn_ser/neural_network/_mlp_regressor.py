"""A plain multi-layer perceptron as a regressor."""

from typing import ClassVar

from sklearn_ser.neural_network._mlp import BaseMLP
from sklearn_ser.neural_network._regressor import BaseSERRegressor


class MLPSERRegressor(BaseSERRegressor, BaseMLP):
    """Arousal, valence and dominance by fully connected layers.

    The network of :class:`MLPSER` with ratings in place of emotions: one dimension or several at
    once. Utterances are rows of features, or sequences of any length, of which the mean over time
    enters the first layer. Features and ratings are standardised inside; predictions are on the
    scale of the ratings.

    Parameters
    ----------
    hidden_sizes : tuple of int, default=(256, 256)
        Units of each hidden layer; none makes a linear model.

    input_dropout : float, default=0.5
        Share of the standardised input that is dropped in training.

    dropout : float, default=0.5
        Share of the units of each hidden layer that is dropped in training.

    clip : float, default=5.0
        Standardised input is clipped to this many standard deviations.

    mixup_alpha : float, default=1.0
        Pairs of utterances are mixed in training by shares of Beta(alpha, alpha); 0 mixes none.
        Ratings are mixed alike.

    loss : {"ccc", "mse", "ccc_mse"}, default="ccc"
        One minus the concordance correlation coefficient of each batch, the measure of the field;
        the squared error of the standardised ratings; or the mean of both.

    max_epochs : int, default=30
        Passes over the training data.

    batch_size : int, default=128
        Utterances a training step. Concordance is that of a batch: small ones estimate it badly.

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
    n_outputs_ : int
        Number of dimensions.

    net_ : skorch.NeuralNet
        The trained net; ``net_.save_params`` saves its weights.

    module_ : torch.nn.Module
        The module of the net.

    history_ : list of dict
        Losses of each epoch.

    scaler_ : StandardScaler
        Mean and scale of the training data.

    target_scaler_ : StandardScaler
        Mean and scale of the ratings of the training data.

    n_features_in_ : int
        Number of features of a frame.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X was a data frame.

    n_iter_ : int
        Number of epochs that the net was trained.

    See Also
    --------
    MLPSER : The same network for emotions.

    Notes
    -----
    Several dimensions share all layers but the last. The concordance of a batch weighs them alike,
    and keeps the spread of the ratings, which squared error shrinks. A batch in which a rating
    does not vary teaches nothing about it. Defaults were compared on EmoTale, eGeMAPSv02 and IS10
    features, six groups of speakers, which makes the figures there slightly optimistic; they are
    in the documentation of the dimensions.

    References
    ----------
    Lin, L. I.-K. (1989). A concordance correlation coefficient to evaluate reproducibility.
    Biometrics, 45(1), 255-268.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser import MLPSERRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(60, 8))
    >>> y = 3 + X[:, :2]  # arousal and valence
    >>> model = MLPSERRegressor(random_state=0).fit(X, y)
    >>> model.predict(X[:1]).shape
    (1, 2)
    """

    _parameter_constraints: ClassVar[dict] = {
        **BaseSERRegressor._parameter_constraints,
        **BaseMLP._parameter_constraints,
    }

    def __init__(
        self,
        *,
        hidden_sizes: tuple[int, ...] = (256, 256),
        input_dropout: float = 0.5,
        dropout: float = 0.3,
        clip: float = 5.0,
        mixup_alpha: float = 1.0,
        loss: str = "ccc",
        max_epochs: int = 30,
        batch_size: int = 128,
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
        self.loss = loss
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
