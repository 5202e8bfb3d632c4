"""The container of a transformer that gives features or sequences, depending on its parameters."""

from typing import Any, Self

import numpy as np
from sklearn.utils._set_output import ADAPTERS_MANAGER, _get_output_config


class OutputMixin:
    """Make ``set_output`` concern 2-D features and leave sequences alone.

    scikit-learn wraps whatever ``transform`` returns, which fails on sequences. The mixin stands
    left of :class:`~sklearn.base.TransformerMixin` and switches that off.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(auto_wrap_output_keys=None, **kwargs)  # type: ignore[call-arg]

    def set_output(self, *, transform: str | None = None) -> Self:
        """Choose the container of 2-D features.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"} or None, default=None
            The container; None leaves it as it is. Sequences always are an object array.

        Returns
        -------
        self : object
            The transformer itself.
        """
        if transform is not None:
            # Under this name `sklearn.base.clone` carries the choice along.
            self._sklearn_output_config = {"transform": transform}
        return self

    def _contain(self, features: np.ndarray, X: Any) -> Any:
        container = _get_output_config("transform", self)["dense"]
        if features.ndim != 2 or container == "default":
            return features
        return ADAPTERS_MANAGER.adapters[container].create_container(
            features,
            X,
            columns=self.get_feature_names_out(),  # type: ignore[attr-defined]
        )
