"""The constraint of parameters such as ``hidden_sizes``, in the manner of scikit-learn."""

from typing import Any

import numpy as np
from sklearn.utils._param_validation import HasMethods


class Sizes(HasMethods):
    """Sizes of layers: something that can be counted and indexed, of positive integers.

    Parameters
    ----------
    at_least : int, default=0
        Number of sizes that is needed.

    Examples
    --------
    >>> from sklearn_ser.utils._sizes import Sizes
    >>> Sizes().is_satisfied_by((64, 32)), Sizes().is_satisfied_by((64, 0.5))
    (True, False)
    >>> print(Sizes(at_least=1))
    a sequence of one or more positive integers
    """

    def __init__(self, at_least: int = 0):
        super().__init__(["__len__", "__getitem__"])
        self.at_least = at_least

    def is_satisfied_by(self, val: Any) -> bool:
        """Tell whether a value is such a sequence.

        Parameters
        ----------
        val : object
            The value of the parameter.

        Returns
        -------
        bool
            Whether it is.
        """
        if not super().is_satisfied_by(val) or len(val) < self.at_least:
            return False
        return all(isinstance(size, (int, np.integer)) and size > 0 for size in val)

    def __str__(self) -> str:
        return f"a sequence of {'one or more ' if self.at_least else ''}positive integers"
