"""The multi-task semi-supervised adversarial autoencoder as a classifier and a transformer."""

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import torch
from numpy.typing import ArrayLike
from sklearn.utils._param_validation import StrOptions

from sklearn_ser.modules import AdversarialAutoencoder
from sklearn_ser.neural_network._auxiliary import BaseAutoencoderNet
from sklearn_ser.neural_network._semi_supervised import WEIGHT
from sklearn_ser.neural_network._semi_supervised_classifier import BaseSemiSupervisedSER


class AdversarialAutoencoderSER(BaseAutoencoderNet, BaseSemiSupervisedSER):
    """Adversarial autoencoder that learns emotion, speaker and gender at once, after Latif et al.

    An encoder compresses each utterance to a code that a decoder restores it from. A discriminator
    compares the codes with a prior. Heads on the code tell the emotion and, as auxiliary tasks,
    speaker and gender. Utterances without an emotion take part in everything but the emotion's
    loss, so that speech of any corpus with known speakers adds to the training data. Two further
    losses, both our addition, let them shape the emotion's decision too: the predicted emotions are
    a categorical code that is matched to the class prior, after Makhzani et al., and predictions
    that are confident serve as labels of mixtures.

    Settings give the systems that the method is compared with, see Notes.

    Parameters
    ----------
    auxiliary : sequence of {"speaker", "gender"}, default=()
        The auxiliary tasks, each of which ``fit`` needs an argument for. None by default, so that
        ``fit(X, y)`` works; the published system has both.

    speaker_mode : {"auxiliary", "adversarial"}, default="auxiliary"
        Whether the code learns to tell speakers, as published, or to hide them, by a reversed
        gradient.

    adversarial : bool, default=True
        Whether discriminators match the codes to their priors.

    prior : {"gaussian", "uniform"}, default="gaussian"
        Prior of the continuous code: standard normal, or uniform in (-1, 1).

    class_prior : {"uniform", "labeled"}, default="uniform"
        Prior of the categorical code: all emotions alike, or as frequent as they are among the
        labelled utterances.

    reconstruction_weight : float, default=1.0
        Weight of the error of the decoder.

    adversarial_weight : float, default=0.1
        Weight of the match of the continuous code.

    categorical_weight : float, default=0.1
        Weight of the match of the categorical code.

    consistency_weight : float, default=1.0
        Weight of the cross-entropy of what is predicted for mixtures of two utterances, against
        mixtures of their labels, known or predicted with confidence.

    speaker_weight : float, default=0.1
        Weight of the loss of the speaker head.

    gender_weight : float, default=0.1
        Weight of the loss of the gender head.

    unlabeled : str, int or None, default=None
        What stands in y for an unknown emotion. None: -1 among numbers, the empty string among
        strings.

    labeled_fraction : float, default=0.3
        Smallest share of labelled utterances in a training batch; few are drawn repeatedly.

    conv_channels : sequence of int, default=(64, 64)
        Filters of the convolutions over time, for sequences only: rows of features enter the
        encoder directly.

    kernel_size : int, default=5
        Frames that a filter spans; odd.

    hidden_sizes : sequence of int, default=(256,)
        Layers of the encoder; the decoder mirrors them.

    code_size : int, default=64
        Size of the continuous code.

    discriminator_sizes : sequence of int, default=(64,)
        Layers of the discriminators.

    input_dropout : float, default=0.5
        Share of the standardised input that the encoder does not see in training.

    dropout : float, default=0.3
        Share of the hidden units and of the code that is dropped in training.

    clip : float, default=5.0
        Standardised input is clipped to this many standard deviations.

    mixup_alpha : float, default=1.0
        Shares of the mixtures for the consistency are drawn from Beta(alpha, alpha); 0 mixes
        nothing.

    confidence_threshold : float, default=0.7
        Probability from which a prediction is taken for a label, for the consistency.

    label_smoothing : float, default=0.1
        Share of each emotion label that is spread over all emotions in training.

    class_weight : {"balanced"}, dict or None, default="balanced"
        Weights of the emotions in training.

    max_epochs : int, default=60
        Passes over the utterances without an emotion, or over all if every one has one. Small
        data are passed over as often as it takes for ten batches an epoch.

    batch_size : int, default=96
        Utterances a training step.

    lr : float, default=2e-3
        Learning rate of all optimisers; with ``"one_cycle"`` the largest.

    weight_decay : float, default=1e-2
        Decoupled weight decay of AdamW.

    lr_schedule : {"one_cycle", "constant"}, default="one_cycle"
        Course of the learning rate.

    max_grad_norm : float or None, default=2.0
        Gradients of encoder, decoder and heads are scaled down to this norm.

    early_stopping : bool, default=False
        Whether to hold labelled utterances back, stop when their loss of the emotions has not
        fallen for ``n_iter_no_change`` epochs, and keep the best weights.

    validation_fraction : float, default=0.1
        Share of the labelled utterances that is held back, or of their speakers if ``fit`` gets
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
        Seeds weights, batches, dropout, mixtures and draws of the priors. The global generators
        are neither used nor moved.

    verbose : int, default=0
        1 prints the losses of each epoch.

    net_params : dict, default=None
        Further parameters of :class:`skorch.NeuralNet`; they take precedence.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The emotions.

    auxiliary_classes_ : dict of str to ndarray of str
        Speakers and genders of the training data, for each auxiliary task.

    net_ : skorch.NeuralNet
        The trained net, with an optimiser each for autoencoder, heads and discriminators.

    module_ : torch.nn.Module
        An :class:`~sklearn_ser.modules.AdversarialAutoencoder`.

    history_ : list of dict
        Losses of each epoch by name, such as ``"emotion_loss"``, ``"reconstruction_loss"`` and
        ``"speaker_loss"``, each before it is weighted.

    scaler_ : StandardScaler
        Mean and scale of the training data, with and without emotion.

    n_features_in_ : int
        Number of features of a frame.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X was a data frame.

    n_iter_ : int
        Number of epochs that the net was trained.

    See Also
    --------
    AdversarialAutoencoderSERRegressor : The same network for ratings.
    DomainAdversarialSER : Codes that do not tell one corpus from another.
    sklearn_ser.datasets.stack_corpora : Rows of several corpora, with or without emotions.

    Notes
    -----
    Settings of the comparators:

    - single task (STL): ``reconstruction_weight=0, adversarial=False, consistency_weight=0``. No
      loss is left that an utterance without an emotion could add to: such rows are dropped, and do
      not even enter the scaling.
    - semi-supervised autoencoder (AE): ``adversarial=False, consistency_weight=0``.
    - CNN: as STL, fitted on sequences, such as those of
      :class:`~sklearn_ser.features.LogMelSpectrogram`.
    - multi-task (MTL): ``auxiliary=("speaker", "gender")``.

    ``speaker`` and ``gender`` are metadata of ``fit``: ask for them by ``set_fit_request`` to
    have a pipeline or a search deliver them. A sampler changes the rows, but not the metadata, so
    that a sampler and an auxiliary task exclude each other.

    These two presume that the utterances without an emotion show the same emotions as the labelled
    ones, which read speech does not. With ``"speaker"`` among the auxiliary tasks they are
    therefore confined to speakers some of whose utterances have a label; without it, leave out
    corpora without emotions, or set ``categorical_weight=0, consistency_weight=0``.

    References
    ----------
    Latif, S., Rana, R., Khalifa, S., Jurdak, R., Epps, J., & Schuller, B. W. (2022). Multi-task
    semi-supervised adversarial autoencoding for speech emotion recognition. IEEE Transactions on
    Affective Computing, 13(2). arXiv:1907.06078.

    Makhzani, A., Shlens, J., Jaitly, N., Goodfellow, I., & Frey, B. (2015). Adversarial
    autoencoders. arXiv:1511.05644.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser import AdversarialAutoencoderSER
    >>> rng = np.random.default_rng(0)
    >>> emotion, gender = np.repeat(["anger", "sadness"], 20), np.tile(["female", "male"], 20)
    >>> X = rng.normal(size=(40, 8)) + 2.0 * (emotion == "anger")[:, None]
    >>> X[:, :2] += 4.0 * (gender == "male")[:, None]
    >>> y = np.where(np.arange(40) % 5 == 0, emotion, "")  # one in five has a label
    >>> model = AdversarialAutoencoderSER(auxiliary=["gender"], random_state=0)
    >>> model.fit(X, y, gender=gender).score(X, emotion) > 0.9
    True
    >>> model.transform(X).shape
    (40, 64)
    >>> np.mean(model.predict_auxiliary(X, "gender") == gender) > 0.9
    np.True_
    """

    _parameter_constraints: ClassVar[dict] = {
        **BaseSemiSupervisedSER._parameter_constraints,
        **BaseAutoencoderNet._parameter_constraints,
        "class_prior": [StrOptions({"uniform", "labeled"})],
        "categorical_weight": WEIGHT,
    }

    def __init__(
        self,
        *,
        auxiliary: Sequence[str] = (),
        speaker_mode: str = "auxiliary",
        adversarial: bool = True,
        prior: str = "gaussian",
        class_prior: str = "uniform",
        reconstruction_weight: float = 1.0,
        adversarial_weight: float = 0.1,
        categorical_weight: float = 0.1,
        consistency_weight: float = 1.0,
        speaker_weight: float = 0.1,
        gender_weight: float = 0.1,
        unlabeled: Any = None,
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
        confidence_threshold: float = 0.7,
        label_smoothing: float = 0.1,
        class_weight: str | dict | None = "balanced",
        max_epochs: int = 60,
        batch_size: int = 96,
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
        self.class_prior = class_prior
        self.reconstruction_weight = reconstruction_weight
        self.adversarial_weight = adversarial_weight
        self.categorical_weight = categorical_weight
        self.consistency_weight = consistency_weight
        self.speaker_weight = speaker_weight
        self.gender_weight = gender_weight
        self.unlabeled = unlabeled
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
        self.confidence_threshold = confidence_threshold
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
        speaker: ArrayLike | None = None,
        gender: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Train on utterances with and without known emotion.

        Parameters
        ----------
        X : array-like of shape (n_utterances, n_features), or sequences
            Features, one row an utterance; or a 1-D object array of arrays of shape
            (n_frames_i, n_features); or a 3-D array.

        y : array-like of shape (n_utterances,)
            Emotions, strings or integers; ``unlabeled`` where unknown.

        sample_weight : array-like of shape (n_utterances,), default=None
            Weights of the utterances in the loss of the emotions; those of weight zero are left
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
            If the input is not as described, y has fewer than two emotions, or an auxiliary task
            lacks its argument.
        """
        self._validate_params()
        metadata = {"speaker": speaker, "gender": gender}
        resume = self._is_continued()
        return self._fit_partly_labelled(X, y, sample_weight, groups, metadata, resume=resume)

    def partial_fit(
        self,
        X: Any,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        *,
        speaker: ArrayLike | None = None,
        gender: ArrayLike | None = None,
    ) -> Self:
        """Train one epoch further, or the first one.

        Standardisation, speakers and genders are learned in the first call; a speaker that comes
        later counts as unknown.

        Parameters
        ----------
        X : array-like of shape (n_utterances, n_features), or sequences
            As in :meth:`fit`.

        y : array-like of shape (n_utterances,)
            Emotions; ``unlabeled`` where unknown.

        classes : array-like of shape (n_classes,), default=None
            All emotions that will ever come; needed in the first call if y lacks some.

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
            If the input is not as described, or has classes that the first call did not name.
        """
        self._validate_params()
        metadata = {"speaker": speaker, "gender": gender}
        resume = hasattr(self, "net_")
        return self._fit_partly_labelled(
            X, y, sample_weight, None, metadata, resume=resume, classes=classes, max_epochs=1
        )

    def _learns_without_emotion(self) -> bool:
        matches_classes = self.adversarial and self.categorical_weight
        return super()._learns_without_emotion() or bool(matches_classes)

    def _module(self, n_features: int, one_frame: bool) -> tuple[type[torch.nn.Module], dict]:
        return AdversarialAutoencoder, self._shared_arguments(n_features, one_frame) | {
            "class_prior": self._class_shares if self.class_prior == "labeled" else None,
            "categorical_weight": self.adversarial * self.categorical_weight,
        }
