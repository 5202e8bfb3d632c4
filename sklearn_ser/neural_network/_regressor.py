"""What the deep regressors share: ratings, their scale, and losses of agreement."""

from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.preprocessing import StandardScaler
from sklearn.utils import Tags, check_array
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_consistent_length

from sklearn_ser.modules.functional import rating_loss
from sklearn_ser.neural_network._base import BaseSpeechNet


class RatingLoss(torch.nn.Module):
    """Disagreement or squared error of standardised ratings, as a criterion that skorch can build.

    Parameters
    ----------
    loss : {"ccc", "mse", "ccc_mse"}
        One minus the concordance correlation coefficient of the batch, the squared error, or the
        mean of both.
    """

    def __init__(self, loss: str):
        super().__init__()
        self.loss = loss

    def forward(
        self,
        prediction: torch.Tensor,
        target: torch.Tensor,
        known: torch.Tensor,
        weight: torch.Tensor,
    ) -> torch.Tensor:
        """Compute the mean loss of the outputs.

        Parameters
        ----------
        prediction : Tensor of shape (n, n_outputs)
            Output of the module.

        target : Tensor of shape (n, n_outputs)
            Ratings times `known`.

        known : Tensor of shape (n, n_outputs)
            One for a rating and zero for a missing one. Of a mixture it is the share of the
            utterances with a rating, whose ratings alone the target holds.

        weight : Tensor of shape (n,)
            Weights of the utterances.

        Returns
        -------
        Tensor of shape ()
            The loss.
        """
        return rating_loss(prediction, target, known, weight, self.loss)


class BaseSERRegressor(RegressorMixin, BaseSpeechNet):
    """Base of the deep regressors of arousal, valence, dominance and other ratings."""

    _criterion = RatingLoss

    _parameter_constraints: ClassVar[dict] = {
        **BaseSpeechNet._parameter_constraints,
        "loss": [StrOptions({"ccc", "mse", "ccc_mse"})],
    }

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Train on rated utterances.

        Parameters
        ----------
        X : array-like of shape (n_utterances, n_features), or sequences
            Features, one row an utterance; or a 1-D object array of arrays of shape
            (n_frames_i, n_features); or a 3-D array.

        y : array-like of shape (n_utterances,) or (n_utterances, n_outputs)
            Ratings, one column a dimension. NaN stands for a missing rating; each utterance needs
            one at least.

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
        ValueError
            If the input is not as described.
        """
        self._validate_params()
        return self._fit(X, y, sample_weight, groups, resume=self._is_continued())

    def partial_fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train one epoch further, or the first one.

        The standardisation of features and ratings is learned in the first call.

        Parameters
        ----------
        X : array-like of shape (n_utterances, n_features), or sequences
            As in :meth:`fit`.

        y : array-like of shape (n_utterances,) or (n_utterances, n_outputs)
            As in :meth:`fit`.

        sample_weight : array-like of shape (n_utterances,), default=None
            Weights of the utterances.

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
        return self._fit(X, y, sample_weight, None, resume=hasattr(self, "net_"), max_epochs=1)

    def _fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        groups: ArrayLike | None,
        *,
        resume: bool,
        max_epochs: int | None = None,
    ) -> Self:
        X, ratings, weight, groups = self._check_rows(X, y, sample_weight, groups, reset=not resume)
        target, known = self._standardize_ratings(ratings, resume=resume)
        settings = self._settings(one_frame=X.ndim == 2) | (self.net_params or {})
        if min(len(X), settings["batch_size"]) < 2 and "ccc" in self.loss:
            raise ValueError(
                f"loss={self.loss!r} is the agreement over a batch, but n_samples={len(X)} and "
                f"batch_size={settings['batch_size']} give batches of 1 sample. Use loss='mse'."
            )
        self._train(
            X,
            {"target": target, "known": known},
            weight,
            groups=groups,
            resume=resume,
            max_epochs=max_epochs,
        )
        return self

    def _standardize_ratings(
        self, ratings: np.ndarray, *, resume: bool
    ) -> tuple[np.ndarray, NDArray[np.bool_]]:
        """Scale ratings as in the first fit, zero where missing, and mark those that are there."""
        known = ~np.isnan(ratings)
        if not resume:
            empty = np.flatnonzero(~known.any(axis=0))
            if len(empty):
                raise ValueError(f"Input y contains NaN alone in column {empty[0]}. Leave it out.")
            self.n_outputs_ = ratings.shape[1]
            self.target_scaler_ = StandardScaler().fit(ratings)
        else:
            self._check_n_outputs(ratings)
        return np.where(known, self.target_scaler_.transform(ratings), 0.0), known

    @property
    def _n_outputs(self) -> int:
        return self.n_outputs_

    def _criterion_arguments(self) -> dict[str, Any]:
        return {"loss": self.loss}

    def _check_y(self, y: ArrayLike, X: np.ndarray) -> np.ndarray:
        ratings = self._check_ratings(y, X)
        unrated = np.flatnonzero(np.isnan(ratings).all(axis=1))
        if len(unrated):
            raise ValueError(
                f"Input y contains NaN alone in {len(unrated)} rows, the first of them "
                f"{unrated[0]}. Leave out utterances without any rating."
            )
        return ratings

    def _check_ratings(self, y: ArrayLike, X: np.ndarray) -> np.ndarray:
        """Return the ratings as a matrix; NaN is a missing one."""
        check_consistent_length(X, y)
        ratings = check_array(
            y,
            dtype=np.float64,
            order="C",
            ensure_2d=False,
            ensure_all_finite="allow-nan",
            input_name="y",
        )
        return ratings.reshape(len(ratings), -1)

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Estimate the ratings.

        Parameters
        ----------
        X : array-like of shape (n_utterances, n_features), or sequences
            As in :meth:`fit`.

        Returns
        -------
        ndarray of shape (n_utterances,) or (n_utterances, n_outputs)
            Ratings on the scale of y; one output gives one dimension.
        """
        outputs = self._outputs(X).astype(np.float64)
        ratings = self.target_scaler_.inverse_transform(outputs)
        return ratings[:, 0] if self.n_outputs_ == 1 else ratings

    def score(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Compute the coefficient of determination, the mean over the outputs with ratings.

        Parameters
        ----------
        X : array-like of shape (n_utterances, n_features), or sequences
            As in :meth:`fit`.

        y : array-like of shape (n_utterances,) or (n_utterances, n_outputs)
            Ratings; those that are missing (NaN) do not count.

        sample_weight : array-like of shape (n_utterances,), default=None
            Weights of the utterances.

        Returns
        -------
        float
            R squared.

        Raises
        ------
        ValueError
            If y has other outputs than that of the fit, or no rating at all.
        """
        check_consistent_length(X, y, sample_weight)
        ratings = self._check_ratings(y, X)
        predicted = self.predict(X).reshape(len(ratings), -1)
        self._check_n_outputs(ratings)
        weight = np.ones(len(ratings)) if sample_weight is None else np.asarray(sample_weight)
        scores = [
            r2_score(ratings[rows, i], predicted[rows, i], sample_weight=weight[rows])
            for i, rows in enumerate(~np.isnan(ratings).T)
            if rows.any()
        ]
        if not scores:
            raise ValueError(
                "No utterance of these has a rating, so that none can be scored. Search and "
                "validate by folds whose test parts have ratings."
            )
        return float(np.mean(scores))

    def _check_n_outputs(self, ratings: np.ndarray) -> None:
        if ratings.shape[1] != self.n_outputs_:
            raise ValueError(
                f"y has {ratings.shape[1]} outputs, but the net was trained on {self.n_outputs_}. "
                "Pass the same dimensions, or set warm_start=False and fit."
            )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
