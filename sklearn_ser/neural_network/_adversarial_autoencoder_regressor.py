"""The multi-task semi-supervised adversarial autoencoder as a regressor and a transformer."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from sklearn_ser.modules import RatingAutoencoder
from sklearn_ser.neural_network._auxiliary import BaseAutoencoderNet
from sklearn_ser.neural_network._regressor import BaseSERRegressor


class AdversarialAutoencoderSERRegressor(BaseAutoencoderNet, BaseSERRegressor):
    """Adversarial autoencoder that learns ratings, speaker and gender at once.

    The network of :class:`AdversarialAutoencoderSER` with arousal, valence, dominance or other
    ratings in place of emotions: one dimension or several. Utterances without a rating take part in
    everything but the loss of the ratings. There is no categorical code: ratings have no classes
    whose frequency could be presumed. Features and ratings are standardised inside; predictions are
    on the scale of the ratings.

    Parameters
    ----------
    auxiliary : sequence of {"speaker", "gender"}, default=()
        The auxiliary tasks, each of which ``fit`` needs an argument for. None by default, so that
        ``fit(X, y)`` works; the published system has both.

    speaker_mode : {"auxiliary", "adversarial"}, default="auxiliary"
        Whether the code learns to tell speakers, as published, or to hide them, by a reversed
        gradient.

    adversarial : bool, default=True
        Whether a discriminator matches the codes to their prior.

    prior : {"gaussian", "uniform"}, default="gaussian"
        Prior of the code: standard normal, or uniform in (-1, 1).

    reconstruction_weight : float, default=1.0
        Weight of the error of the decoder.

    adversarial_weight : float, default=0.1
        Weight of the match of the code.

    consistency_weight : float, default=1.0
        Weight of the loss of what is predicted for mixtures of two utterances, against mixtures of
        their ratings, known or predicted.

    speaker_weight : float, default=0.1
        Weight of the loss of the speaker head.

    gender_weight : float, default=0.1
        Weight of the loss of the gender head.

    labeled_fraction : float, default=0.3
        Smallest share of rated utterances in a training batch; few are drawn repeatedly.

    conv_channels : sequence of int, default=(64, 64)
        Filters of the convolutions over time, for sequences only: rows of features enter the
        encoder directly.

    kernel_size : int, default=5
        Frames that a filter spans; odd.

    hidden_sizes : sequence of int, default=(256,)
        Layers of the encoder; the decoder mirrors them.

    code_size : int, default=64
        Size of the code.

    discriminator_sizes : sequence of int, default=(64,)
        Layers of the discriminator.

    input_dropout : float, default=0.5
        Share of the standardised input that the encoder does not see in training.

    dropout : float, default=0.3
        Share of the hidden units and of the code that is dropped in training.

    clip : float, default=5.0
        Standardised input is clipped to this many standard deviations.

    mixup_alpha : float, default=1.0
        Shares of the mixtures for the consistency are drawn from Beta(alpha, alpha); 0 mixes
        nothing.

    loss : {"ccc", "mse", "ccc_mse"}, default="ccc"
        One minus the concordance correlation coefficient of each batch, the measure of the field;
        the squared error of the standardised ratings; or the mean of both.

    max_epochs : int, default=60
        Passes over the utterances without a rating, or over all if every one has one. Small
        data are passed over as often as it takes for ten batches an epoch.

    batch_size : int, default=128
        Utterances a training step. Concordance is that of a batch: small ones estimate it badly.

    lr : float, default=2e-3
        Learning rate of all optimisers; with ``"one_cycle"`` the largest.

    weight_decay : float, default=1e-2
        Decoupled weight decay of AdamW.

    lr_schedule : {"one_cycle", "constant"}, default="one_cycle"
        Course of the learning rate.

    max_grad_norm : float or None, default=2.0
        Gradients of encoder, decoder and heads are scaled down to this norm.

    early_stopping : bool, default=False
        Whether to hold rated utterances back, stop when their loss of the ratings has not fallen
        for ``n_iter_no_change`` epochs, and keep the best weights.

    validation_fraction : float, default=0.1
        Share of the rated utterances that is held back, or of their speakers if ``fit`` gets
        ``groups``.

    n_iter_no_change : int, default=10
        Patience of the early stopping, in epochs.

    warm_start : bool, default=False
        Whether ``fit`` trains the existing net on for ``max_epochs`` further epochs. Rate,
        schedule, decay, batches, epochs and early stopping are as they are set then; the net, its
        losses and augmentations stay.

    device : str, default="auto"
        Torch device; ``"auto"`` is CUDA where there is a device, else the CPU.

    random_state : int, RandomState instance or None, default=None
        Seeds weights, batches, dropout, mixtures and draws of the prior. The global generators
        are neither used nor moved.

    verbose : int, default=0
        1 prints the losses of each epoch.

    net_params : dict, default=None
        Further parameters of :class:`skorch.NeuralNet`; they take precedence.

    Attributes
    ----------
    n_outputs_ : int
        Number of dimensions.

    auxiliary_classes_ : dict of str to ndarray of str
        Speakers and genders of the training data, for each auxiliary task.

    net_ : skorch.NeuralNet
        The trained net, with an optimiser each for autoencoder, heads and discriminator.

    module_ : torch.nn.Module
        A :class:`~sklearn_ser.modules.RatingAutoencoder`.

    history_ : list of dict
        Losses of each epoch by name, such as ``"emotion_loss"``, that of the ratings,
        ``"reconstruction_loss"`` and ``"speaker_loss"``, each before it is weighted.

    scaler_ : StandardScaler
        Mean and scale of the training data, with and without ratings.

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
    AdversarialAutoencoderSER : The same network for emotions.
    DenseNetSERRegressor : Learns ratings of rated utterances alone.

    Notes
    -----
    The settings of the comparators are those of :class:`AdversarialAutoencoderSER`, and so are
    the metadata of ``fit``. With ``reconstruction_weight=0, adversarial=False,
    consistency_weight=0`` and no auxiliary task no loss is left that an utterance without a rating
    could add to: such rows are dropped, and do not even enter the scaling.

    The published system learns three classes of each dimension; ratings, their loss and the
    consistency of them are our addition. As a prediction of a rating has no confidence, the
    consistency takes every one for the rating. It presumes that the utterances without a rating
    are as emotional as the rated ones, which read speech is not: with ``"speaker"`` among the
    auxiliary tasks it is therefore confined to speakers some of whose utterances have a rating;
    without it, leave out corpora without emotions, or set ``consistency_weight=0``.

    References
    ----------
    Latif, S., Rana, R., Khalifa, S., Jurdak, R., Epps, J., & Schuller, B. W. (2022). Multi-task
    semi-supervised adversarial autoencoding for speech emotion recognition. IEEE Transactions on
    Affective Computing, 13(2). arXiv:1907.06078.

    Verma, V., Lamb, A., Kannala, J., Bengio, Y., & Lopez-Paz, D. (2019). Interpolation consistency
    training for semi-supervised learning. IJCAI.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser import AdversarialAutoencoderSERRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(60, 8))
    >>> y = 3 + X[:, :2]  # arousal and valence
    >>> y[::2] = np.nan  # every other utterance has no rating
    >>> model = AdversarialAutoencoderSERRegressor(max_epochs=5, random_state=0).fit(X, y)
    >>> model.predict(X[:1]).shape, model.transform(X[:1]).shape
    ((1, 2), (1, 64))
    """

    _parameter_constraints: ClassVar[dict] = {
        **BaseSERRegressor._parameter_constraints,
        **BaseAutoencoderNet._parameter_constraints,
    }

    def __init__(
        self,
        *,
        auxiliary: Sequence[str] = (),
        speaker_mode: str = "auxiliary",
        adversarial: bool = True,
        prior: str = "gaussian",
        reconstruction_weight: float = 1.0,
        adversarial_weight: float = 0.1,
        consistency_weight: float = 1.0,
        speaker_weight: float = 0.1,
        gender_weight: float = 0.1,
        labeled_fraction: float = 0.3,
        conv_channels: Sequence[int] = (64, 64),
        kernel_size: int = 5,
        hidden_sizes: Sequence[int] = (256,),
        code_size: int = 64,
        discriminator_sizes: Sequence[int] = (64,),
        input_dropout: float = 0.5,
        dropout: float = 0.3,
        clip: float = 5.0,
        mixup_alpha: float = 1.0,
        loss: str = "ccc",
        max_epochs: int = 60,
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
        self.auxiliary = auxiliary
        self.speaker_mode = speaker_mode
        self.adversarial = adversarial
        self.prior = prior
        self.reconstruction_weight = reconstruction_weight
        self.adversarial_weight = adversarial_weight
        self.consistency_weight = consistency_weight
        self.speaker_weight = speaker_weight
        self.gender_weight = gender_weight
        self.labeled_fraction = labeled_fraction
        self.conv_channels = conv_channels
        self.kernel_size = kernel_size
        self.hidden_sizes = hidden_sizes
        self.code_size = code_size
        self.discriminator_sizes = discriminator_sizes
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

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        speaker: ArrayLike | None = None,
        gender: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Train on utterances with and without known ratings.

        Parameters
        ----------
        X : array-like of shape (n_utterances, n_features), or sequences
            Features, one row an utterance; or a 1-D object array of arrays of shape
            (n_frames_i, n_features); or a 3-D array.

        y : array-like of shape (n_utterances,) or (n_utterances, n_outputs)
            Ratings, one column a dimension. NaN stands for a missing rating; an utterance with
            NaN alone is one without a label.

        sample_weight : array-like of shape (n_utterances,), default=None
            Weights of the utterances in the loss of the ratings; those of weight zero are left
            out.

        speaker : array-like of shape (n_utterances,), default=None
            Speakers; ``""``, -1, None or NaN where unknown. Not used unless among ``auxiliary``.

        gender : array-like of shape (n_utterances,), default=None
            Genders, with the same gaps. Not used unless among ``auxiliary``.

        groups : array-like of shape (n_utterances,), default=None
            Speakers again. With ``early_stopping`` the validation utterances are of other speakers
            than those trained on; not used otherwise.

        Returns
        -------
        self : estimator
            The fitted estimator.

        Raises
        ------
        ValueError
            If the input is not as described, no utterance has a rating, or an auxiliary task
            lacks its argument.
        """
        self._validate_params()
        metadata = {"speaker": speaker, "gender": gender}
        resume = self._is_continued()
        return self._fit_partly_rated(X, y, sample_weight, groups, metadata, resume=resume)

    def partial_fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        speaker: ArrayLike | None = None,
        gender: ArrayLike | None = None,
    ) -> Self:
        """Train one epoch further, or the first one.

        The standardisation of features and ratings, speakers and genders are learned in the first
        call; a speaker that comes later counts as unknown.

        Parameters
        ----------
        X : array-like of shape (n_utterances, n_features), or sequences
            As in :meth:`fit`.

        y : array-like of shape (n_utterances,) or (n_utterances, n_outputs)
            As in :meth:`fit`.

        sample_weight : array-like of shape (n_utterances,), default=None
            Weights of the utterances.

        speaker : array-like of shape (n_utterances,), default=None
            Speakers.

        gender : array-like of shape (n_utterances,), default=None
            Genders.

        Returns
        -------
        self : estimator
            The estimator.

        Raises
        ------
        ValueError
            If the input is not as described, or has other outputs than that of the first call.
        """
        self._validate_params()
        metadata = {"speaker": speaker, "gender": gender}
        resume = hasattr(self, "net_")
        return self._fit_partly_rated(
            X, y, sample_weight, None, metadata, resume=resume, max_epochs=1
        )

    def _fit_partly_rated(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        groups: ArrayLike | None,
        metadata: Mapping[str, ArrayLike | None],
        *,
        resume: bool,
        max_epochs: int | None = None,
    ) -> Self:
        rows = self._check_partly_labelled(X, y, sample_weight, groups, metadata, reset=not resume)
        if not rows.known.any():
            raise ValueError(
                "No utterance has a rating: Input y contains NaN alone. "
                f"{type(self).__name__} needs some rated utterances."
            )
        target, known = self._standardize_ratings(rows.y, resume=resume)
        self._train_partly_labelled(
            rows,
            {"target": target, "known": known},
            rows.weight,
            np.where(rows.known, 0, -1),
            resume=resume,
            max_epochs=max_epochs,
        )
        return self

    def _check_y(self, y: ArrayLike, X: np.ndarray) -> np.ndarray:
        return self._check_ratings(y, X)

    def _has_label(self, y: np.ndarray) -> NDArray[np.bool_]:
        return ~np.isnan(y).all(axis=1)

    def _module(self, n_features: int, one_frame: bool) -> tuple[type[torch.nn.Module], dict]:
        return RatingAutoencoder, self._shared_arguments(n_features, one_frame) | {
            "n_outputs": self.n_outputs_,
            "loss": self.loss,
        }
