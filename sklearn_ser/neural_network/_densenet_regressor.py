"""DenseNet, LSTM and highway layers as a regressor."""

from typing import ClassVar

from sklearn_ser.neural_network._densenet import BaseDenseNet
from sklearn_ser.neural_network._regressor import BaseSERRegressor


class DenseNetSERRegressor(BaseSERRegressor, BaseDenseNet):
    """Arousal, valence and dominance by dense blocks, LSTM and highway layers.

    The network of :class:`DenseNetSER` with ratings in place of emotions: one dimension or several
    at once. Utterances are rows of features, which count as sequences of one frame, or sequences
    of any length. Features and ratings are standardised inside; predictions are on the scale of the
    ratings.

    Parameters
    ----------
    convolution : {"time_frequency", "time"}, default="time_frequency"
        Whether the features of a sequence are neighbouring bands of a spectrum, convolved over
        time and frequency, or descriptors without an order, as openSMILE's, which are channels
        convolved over time. Rows of features have no order.

    dense : bool, default=True
        Whether blocks are dense. A plain block is one convolution, of as many filters as its dense
        counterpart has channels in the end.

    growth_rate : int or "auto", default="auto"
        Channels that each dense layer adds to its input. "auto" is 16 for rows of features and 12
        for sequences.

    block_layers : tuple of int or "auto", default="auto"
        Number of layers of each dense block. Between blocks channels, frames and bands are halved.
        "auto" is (4,) for rows of features and (3, 3, 3) for sequences.

    kernel_size : int, default=3
        Frames, and bands, that a filter spans; odd. Rows of features are one frame, whatever the
        filter.

    n_lstm_units : int or "auto", default="auto"
        Units of the LSTM; 0 leaves it out. "auto" is 128 for rows of features and 64 for sequences.

    bidirectional : bool, default=True
        Whether a second LSTM of as many units reads sequences backward.

    pooling : {"attention", "statistics", "mean", "last"}, default="attention"
        How the frames of a sequence become one row: mean and standard deviation, under weights
        that are learned or under equal ones; the mean alone; or the last frame.

    n_highway_layers : int, default=2
        Number of highway layers.

    n_members : int or "auto", default="auto"
        Networks of different weights, trained side by side, whose mean answers. "auto" is 4 for
        rows of features and 1 for sequences, which take long.

    input_dropout : float or "auto", default="auto"
        Share of the standardised input that is dropped in training. "auto" is 0 for sequences; of
        rows it drops half, or all but 600 features where these are fewer: the more features there
        are, the more of them tell the same.

    dropout : float or "auto", default="auto"
        Share of the units before the output that is dropped in training, and of the first
        convolution over time. "auto" is 0.5 for rows of features and 0.3 for sequences.

    clip : float, default=5.0
        Standardised input is clipped to this many standard deviations.

    crop_frames : int or None, default=125
        Longer sequences are cut to this many frames in training, at places drawn anew each epoch;
        125 frames of 20 ms are 2.5 s. Predictions see whole sequences.

    time_masks : int, default=1
        Stretches of up to 15 % of the frames that are masked in each sequence in training.

    frequency_masks : int, default=1
        Stretches of up to 15 % of the bands that are masked in each sequence in training.

    noise : float, default=0.0
        Standard deviation of the noise that is added to the standardised input in training.

    mixup_alpha : float or "auto", default="auto"
        Pairs of utterances are mixed in training by shares of Beta(alpha, alpha); 0 mixes none.
        "auto" is 1 for rows of features and 0.3 for sequences.

    loss : {"ccc", "mse", "ccc_mse"}, default="ccc"
        One minus the concordance correlation coefficient of each batch, of all members together;
        the squared error of the standardised ratings; or the mean of both.

    max_epochs : int or "auto", default="auto"
        Passes over the training data. "auto" is 30 for rows of features and 60 for sequences.

    batch_size : int or "auto", default="auto"
        Utterances a training step. Concordance is that of a batch: small ones estimate it badly.
        "auto" is 128 for rows of features and 32 for sequences.

    lr : float or "auto", default="auto"
        Learning rate; with ``"one_cycle"`` the largest. "auto" is 2e-3 for rows of features and
        3e-3 for sequences.

    weight_decay : float or "auto", default="auto"
        Decoupled weight decay of AdamW. "auto" is 1e-2 for rows of features and 1e-3 for sequences.

    lr_schedule : {"one_cycle", "plateau", "constant"}, default="one_cycle"
        Course of the learning rate. ``"plateau"`` halves it after five epochs without a better
        loss, on the validation data where there are some.

    max_grad_norm : float or None, default=2.0
        Gradients, those of all members together, are scaled down to this norm.

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
        Seeds weights, batches, crops, masks, noise, dropout and mixup. The global generators are
        neither used nor moved.

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
    DenseNetSER : The same network for emotions.

    Notes
    -----
    Several dimensions share all layers but the last. The concordance of a batch weighs them alike,
    and keeps the spread of the ratings, which squared error shrinks. A batch in which a rating
    does not vary teaches nothing about it. Defaults were compared on EmoTale, eGeMAPSv02 and IS10
    features, six groups of speakers, which makes the figures there slightly optimistic; they are
    in the documentation of the dimensions.

    References
    ----------
    Latif, S., Rana, R., Khalifa, S., Jurdak, R., & Schuller, B. W. (2020). Deep architecture
    enhancing robustness to noise, adversarial attacks, and cross-corpus setting for speech
    emotion recognition. Interspeech, 2327-2331. https://doi.org/10.21437/Interspeech.2020-3190

    Lin, L. I.-K. (1989). A concordance correlation coefficient to evaluate reproducibility.
    Biometrics, 45(1), 255-268.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser import DenseNetSERRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(60, 8))
    >>> y = 3 + X[:, :2]  # arousal and valence
    >>> model = DenseNetSERRegressor(random_state=0).fit(X, y)
    >>> model.predict(X[:1]).shape
    (1, 2)
    """

    _parameter_constraints: ClassVar[dict] = {
        **BaseSERRegressor._parameter_constraints,
        **BaseDenseNet._parameter_constraints,
    }
    # A larger batch estimates the concordance better.
    _by_input: ClassVar[dict[str, tuple]] = {**BaseDenseNet._by_input, "batch_size": (128, 32)}

    def __init__(
        self,
        *,
        convolution: str = "time_frequency",
        dense: bool = True,
        growth_rate: int | str = "auto",
        block_layers: tuple[int, ...] | str = "auto",
        kernel_size: int = 3,
        n_lstm_units: int | str = "auto",
        bidirectional: bool = True,
        pooling: str = "attention",
        n_highway_layers: int = 2,
        n_members: int | str = "auto",
        input_dropout: float | str = "auto",
        dropout: float | str = "auto",
        clip: float = 5.0,
        crop_frames: int | None = 125,
        time_masks: int = 1,
        frequency_masks: int = 1,
        noise: float = 0.0,
        mixup_alpha: float | str = "auto",
        loss: str = "ccc",
        max_epochs: int | str = "auto",
        batch_size: int | str = "auto",
        lr: float | str = "auto",
        weight_decay: float | str = "auto",
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
        self.convolution = convolution
        self.dense = dense
        self.growth_rate = growth_rate
        self.block_layers = block_layers
        self.kernel_size = kernel_size
        self.n_lstm_units = n_lstm_units
        self.bidirectional = bidirectional
        self.pooling = pooling
        self.n_highway_layers = n_highway_layers
        self.n_members = n_members
        self.input_dropout = input_dropout
        self.dropout = dropout
        self.clip = clip
        self.crop_frames = crop_frames
        self.time_masks = time_masks
        self.frequency_masks = frequency_masks
        self.noise = noise
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
