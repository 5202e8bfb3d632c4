"""Unsupervised domain adaptation by gradient reversal as a classifier and a transformer."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import ArrayLike

from sklearn_ser.modules import AdversarialAutoencoder
from sklearn_ser.neural_network._semi_supervised import WEIGHT, known_values
from sklearn_ser.neural_network._semi_supervised_classifier import BaseSemiSupervisedSER


class DomainAdversarialSER(BaseSemiSupervisedSER):
    """Classifier whose codes tell emotions, but not the corpus, after Ganin & Lempitsky.

    The labelled utterances are of a source, those without an emotion of the target: another
    corpus, language or microphone. A head on the code learns to tell the domains; its gradient is
    reversed on the way into the encoder, so that the code learns to hide them. The reversal sets in
    slowly over the training.

    Parameters
    ----------
    domain_weight : float, default=0.3
        Weight of the reversed gradient; 0 adapts nothing.

    consistency_weight : float, default=0.0
        Weight of the cross-entropy of what is predicted for mixtures of two utterances, of any
        domain, against mixtures of their labels, known or predicted with confidence.

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
        Layers of the encoder.

    code_size : int, default=64
        Size of the continuous code.

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
        Gradients are scaled down to this norm.

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
        Seeds weights, batches, dropout and mixtures. The global generators are neither used nor
        moved.

    verbose : int, default=0
        1 prints the losses of each epoch.

    net_params : dict, default=None
        Further parameters of :class:`skorch.NeuralNet`; they take precedence.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The emotions.

    auxiliary_classes_ : dict of str to ndarray of str
        The domains, under ``"domain"``.

    net_ : skorch.NeuralNet
        The trained net.

    module_ : torch.nn.Module
        An :class:`~sklearn_ser.modules.AdversarialAutoencoder` without decoder and discriminators.

    history_ : list of dict
        Losses of each epoch: ``"emotion_loss"``, ``"domain_loss"`` and ``"consistency_loss"``. A
        domain loss of the logarithm of the number of domains means that the code tells nothing of
        them, if they are equally frequent.

    scaler_ : StandardScaler
        Mean and scale of all utterances.

    n_features_in_ : int
        Number of features of a frame.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X was a data frame.

    n_iter_ : int
        Number of epochs that the net was trained.

    See Also
    --------
    AdversarialAutoencoderSER : Learns from unlabelled utterances of the same domain.

    Notes
    -----
    The utterances of the target are known in training, without their emotions: the adaptation is
    transductive if the same utterances are tested. Standardising each corpus by its own statistics
    beforehand often does more than the adaptation, and the two add up.

    References
    ----------
    Ganin, Y., & Lempitsky, V. (2015). Unsupervised domain adaptation by backpropagation. ICML.

    Abdelwahab, M., & Busso, C. (2018). Domain adversarial for acoustic emotion recognition.
    IEEE/ACM Transactions on Audio, Speech, and Language Processing, 26(12).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ser import DomainAdversarialSER
    >>> rng = np.random.default_rng(0)
    >>> emotion, corpus = np.repeat(["anger", "sadness"], 20), np.tile(["a", "b"], 20)
    >>> X = rng.normal(size=(40, 8)) + 2.0 * (emotion == "anger")[:, None]
    >>> y = np.where(corpus == "a", emotion, "")
    >>> model = DomainAdversarialSER(random_state=0).fit(X, y, domain=corpus)
    >>> model.score(X[corpus == "b"], emotion[corpus == "b"]) > 0.9
    True
    """

    _parameter_constraints: ClassVar[dict] = {
        **BaseSemiSupervisedSER._parameter_constraints,
        "domain_weight": WEIGHT,
    }

    def __init__(
        self,
        *,
        domain_weight: float = 0.3,
        consistency_weight: float = 0.0,
        unlabeled: Any = None,
        labeled_fraction: float = 0.3,
        conv_channels: Sequence[int] = (64, 64),
        kernel_size: int = 5,
        hidden_sizes: Sequence[int] = (256,),
        code_size: int = 64,
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
        self.domain_weight = domain_weight
        self.consistency_weight = consistency_weight
        self.unlabeled = unlabeled
        self.labeled_fraction = labeled_fraction
        self.conv_channels = conv_channels
        self.kernel_size = kernel_size
        self.hidden_sizes = hidden_sizes
        self.code_size = code_size
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
        domain: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Train on labelled utterances of the source and unlabelled ones of the target.

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

        domain : array-like of shape (n_utterances,), default=None
            Corpus, language or channel of each utterance, two or more; ``""``, -1, None or NaN
            where unknown. None takes the utterances with an emotion as the one domain and those
            without as the other; where all have one, nothing is adapted.

        groups : array-like of shape (n_utterances,), default=None
            Speakers. With ``early_stopping`` the validation utterances are of other speakers than
            those trained on; not used otherwise.

        Returns
        -------
        self : estimator
            The fitted estimator.

        Raises
        ------
        ValueError
            If the input is not as described, y has fewer than two emotions, or `domain` names
            fewer than two domains.
        """
        self._validate_params()
        resume = self._is_continued()
        return self._fit_partly_labelled(
            X, y, sample_weight, groups, {"domain": domain}, resume=resume
        )

    def partial_fit(
        self,
        X: Any,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        *,
        domain: ArrayLike | None = None,
    ) -> Self:
        """Train one epoch further, or the first one.

        Standardisation and domains are learned in the first call.

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

        domain : array-like of shape (n_utterances,), default=None
            Domains.

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
        resume = hasattr(self, "net_")
        metadata = {"domain": domain}
        return self._fit_partly_labelled(
            X, y, sample_weight, None, metadata, resume=resume, classes=classes, max_epochs=1
        )

    def _learns_without_emotion(self) -> bool:
        return bool(self.domain_weight or self.consistency_weight)

    def _tasks(
        self, metadata: Mapping[str, np.ndarray | None], known: np.ndarray
    ) -> dict[str, np.ndarray]:
        if not self.domain_weight:
            return {}
        domain = metadata["domain"]
        if domain is None:
            return {"domain": np.where(known, "labelled", "not")}
        names, named = known_values(domain)
        if len(np.unique(names[named])) == 1 and not hasattr(self, "net_"):
            raise ValueError(
                f"domain names {list(np.unique(names[named]))} alone, so that there is nothing to "
                "adapt to. Name the corpus, language or microphone of each utterance, of two or "
                "more, or pass None."
            )
        return {"domain": domain}

    def _module(self, n_features: int, one_frame: bool) -> tuple[type[torch.nn.Module], dict]:
        return AdversarialAutoencoder, self._shared_arguments(n_features, one_frame) | {
            "auxiliary_weights": {"domain": self.domain_weight},
            "reversed_tasks": ("domain",),
            "reconstruction_weight": 0.0,
            "adversarial_weight": 0.0,
            "categorical_weight": 0.0,
        }
