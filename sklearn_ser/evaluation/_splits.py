"""Splits that scikit-learn does not have."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from sklearn.model_selection import BaseCrossValidator

from sklearn_ser.evaluation._run import as_labels


class SessionSplit(BaseCrossValidator):
    """Leave a session out; its speakers take turns as test and as development speaker.

    The protocol of corpora that were recorded as dialogues, in sessions of two speakers: training
    on all other sessions, testing on one speaker of the session, the other one for development.
    With the five sessions of IEMOCAP there are 10 folds, with the six of MSP-IMPROV 12. Leaving
    one speaker out instead would train on the other half of the same dialogues.

    Parameters
    ----------
    session_of : dict
        The session of each speaker.

    See Also
    --------
    sklearn.model_selection.LeaveOneGroupOut : Leaves out one speaker, one session with all its
        speakers, or, with the corpora as groups, one corpus.

    Notes
    -----
    :meth:`split` gives training and test rows and leaves the development speaker out of both, so
    that a search or a stop may use that speaker. In `evaluate` a pipeline never sees the
    development speaker; a net with ``early_stopping=True`` stops by speakers held back from the
    training rows (``fit_params={"net": {"mlpser__groups": speakers}}``). To stop by the
    development speaker, take the rows from :meth:`split_development` and train epoch by epoch with
    ``partial_fit``; to choose hyperparameters, pass `GridSearchCV` the training and development
    rows with a ``PredefinedSplit`` that is -1 for the former and 0 for the latter.

    References
    ----------
    .. [1] S. Latif, R. Rana, S. Khalifa, R. Jurdak, J. Epps, "Direct modelling of speech emotion
       from raw speech", Interspeech 2019.

    Examples
    --------
    >>> from sklearn_ser.evaluation import SessionSplit
    >>> speakers = ["1F", "1M", "2F", "2M"]
    >>> splitter = SessionSplit({"1F": 1, "1M": 1, "2F": 2, "2M": 2})
    >>> for train, development, test in splitter.split_development(speakers, groups=speakers):
    ...     print(train, development, test)
    [2 3] [1] [0]
    [2 3] [0] [1]
    [0 1] [3] [2]
    [0 1] [2] [3]
    """

    # With metadata routing, too, the groups come without a request, as in scikit-learn's splitters.
    __metadata_request__split: ClassVar[dict[str, bool]] = {"groups": True}

    def __init__(self, session_of: Mapping[Any, Any]):
        self.session_of = session_of

    def split(
        self, X: Any, y: Any = None, groups: ArrayLike | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Generate the rows of training and test.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Data.

        y : array-like of shape (n_samples,), default=None
            Not used.

        groups : array-like of shape (n_samples,)
            Speakers.

        Yields
        ------
        train, test : ndarray of int
            Rows of the other sessions, and rows of the test speaker.

        Raises
        ------
        ValueError
            If there are no groups, a speaker has no session, a session has one speaker only, or
            there is one session only.
        """
        for train, _, test in self.split_development(X, y, groups):
            yield train, test

    def split_development(
        self, X: Any, y: Any = None, groups: ArrayLike | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Generate the rows of training, development and test, fold by fold as :meth:`split`.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Data.

        y : array-like of shape (n_samples,), default=None
            Not used.

        groups : array-like of shape (n_samples,)
            Speakers.

        Yields
        ------
        train, development, test : ndarray of int
            Rows of the other sessions, of the other speakers of the session, and of the test
            speaker.
        """
        speakers, sessions = self._check_groups(groups)
        for session in np.unique(sessions):
            inside = sessions == session
            for speaker in np.unique(speakers[inside]):
                is_test = speakers == speaker
                parts = ~inside, inside & ~is_test, is_test
                yield tuple(np.flatnonzero(part) for part in parts)  # type: ignore[misc]

    def get_n_splits(self, X: Any = None, y: Any = None, groups: ArrayLike | None = None) -> int:
        """Count the folds.

        Parameters
        ----------
        X : object, default=None
            Not used.

        y : object, default=None
            Not used.

        groups : array-like of shape (n_samples,)
            Speakers.

        Returns
        -------
        int
            The number of speakers.
        """
        return len(np.unique(self._check_groups(groups)[0]))

    def _check_groups(self, groups: Any) -> tuple[np.ndarray, np.ndarray]:
        if groups is None:
            raise ValueError("SessionSplit needs the speakers: pass them as groups.")
        speakers = as_labels(groups)
        # Of any container, the names of the speakers may be strings of another kind.
        session_of = {str(speaker): session for speaker, session in self.session_of.items()}
        if unknown := sorted({str(name) for name in speakers.tolist()} - set(session_of)):
            raise ValueError(
                f"session_of has no session for the speakers {unknown}: it knows "
                f"{sorted(session_of)}."
            )
        sessions = as_labels([session_of[str(name)] for name in speakers.tolist()])
        names = np.unique(sessions)
        if len(names) < 2:
            raise ValueError(f"There is the session {names[0]} only: no rows are left to train on.")
        for name in names:
            inside = np.unique(speakers[sessions == name])
            if len(inside) < 2:
                raise ValueError(
                    f"The session {name} has the speaker {inside[0]} only, and nobody for "
                    "development: use LeaveOneGroupOut with the speakers as groups."
                )
        return speakers, sessions
