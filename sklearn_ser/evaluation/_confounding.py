"""Corpora in which who speaks tells which emotion it is."""

from typing import Any

import numpy as np
import pandas as pd

from sklearn_ser.evaluation._study import check_labels, check_speakers

_N_SHUFFLES = 200

# Beyond this the speaker is the larger part of what random folds measure.
_MAX_EXCESS = 0.25


def confounding_report(
    frame: pd.DataFrame,
    *,
    label: str = "emotion",
    speaker: str = "speaker",
    corpus: str = "corpus",
    random_state: int = 0,
) -> pd.DataFrame:
    """Tell how far the speaker alone gives the label away.

    Where speakers have one emotion each, a model that recognises voices recognises emotions, on
    random folds at least; speakers held out then look like classes held out, and normalising each
    speaker removes the label. Such a corpus measures little, whatever the protocol.

    Parameters
    ----------
    frame : DataFrame
        One row an utterance, as ``frame`` of what the loaders return.

    label, speaker : str, default="emotion", "speaker"
        Columns.

    corpus : str, default="corpus"
        Column with the name of the corpus; where there is none, `frame` is one corpus.

    random_state : int, default=0
        Decides the shuffling.

    Returns
    -------
    DataFrame
        A row for each corpus, with the columns

        - ``n_utterances``, ``n_speakers``, ``n_emotions``,
        - ``speaker_uar``: recall, as a mean over the emotions, of guessing for each speaker the
          emotion that this speaker shows more often than others do; it was looked up in the same
          rows, so chance is not ``1 / n_emotions`` but
        - ``shuffled_uar``: the mean of the same after the emotions have been shuffled,
        - ``excess``: their difference as a share of what is possible: 1 where every speaker has one
          emotion, 0 where who speaks tells nothing, less in a balanced design,
        - ``n_one_emotion``, ``one_emotion``: speakers with one emotion only,
        - ``n_lacking``, ``lacking``: speakers who lack emotions, as ``"08: disgust"``,
        - ``confounded``: whether half of the speakers have one emotion, or the excess is over 0.25.

    Raises
    ------
    ValueError
        If a column is missing or a label is.

    See Also
    --------
    check_leakage : What training and test rows of a protocol share.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_ser.evaluation import confounding_report
    >>> frame = pd.DataFrame({
    ...     "speaker": ["1"] * 4 + ["2"] * 4 + ["3"] * 2,
    ...     "emotion": ["anger"] * 4 + ["sadness"] * 4 + ["anger", "sadness"],
    ... })
    >>> report = confounding_report(frame)
    >>> report[["n_utterances", "n_speakers", "speaker_uar", "n_one_emotion", "confounded"]]
       n_utterances  n_speakers  speaker_uar  n_one_emotion  confounded
    0            10           3          0.9              2        True
    """
    if missing := [name for name in (label, speaker) if name not in frame.columns]:
        raise ValueError(
            f"frame lacks the columns {missing}; it has {list(frame.columns)}. Pass the attribute "
            "`frame` of a corpus, or name the columns by label= and speaker=."
        )
    if corpus not in frame.columns:
        return pd.DataFrame([_describe(frame, label, speaker, random_state)])
    rows = {
        name: _describe(part, label, speaker, random_state)
        for name, part in frame.groupby(corpus, sort=False)
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(corpus).reset_index()


def _describe(frame: pd.DataFrame, label: str, speaker: str, random_state: int) -> dict[str, Any]:
    emotions, emotion = np.unique(check_labels(frame[label]), return_inverse=True)
    speakers, who = np.unique(check_speakers(frame[speaker]), return_inverse=True)
    counts = _cross_counts(who, emotion, len(speakers), len(emotions))
    uar = _speaker_uar(counts)
    rng = np.random.default_rng(random_state)
    shuffled = np.mean(
        [
            _speaker_uar(_cross_counts(who, rng.permutation(emotion), *counts.shape))
            for _ in range(_N_SHUFFLES)
        ]
    )
    # With one emotion, or one utterance a speaker, there is nothing to know.
    excess = (uar - shuffled) / (1 - shuffled) if shuffled < 1 else 0.0
    one = speakers[(counts > 0).sum(axis=1) == 1]
    lacking = [
        f"{name}: {', '.join(emotions[row == 0])}"
        for name, row in zip(speakers, counts, strict=True)
        if (row == 0).any()
    ]
    return {
        "n_utterances": len(frame),
        "n_speakers": len(speakers),
        "n_emotions": len(emotions),
        "speaker_uar": uar,
        "shuffled_uar": shuffled,
        "excess": excess,
        "n_one_emotion": len(one),
        "one_emotion": [str(name) for name in one],
        "n_lacking": len(lacking),
        "lacking": lacking,
        "confounded": bool(excess > _MAX_EXCESS or 2 * len(one) >= len(speakers)),
    }


def _cross_counts(who: np.ndarray, emotion: np.ndarray, n: int, k: int) -> np.ndarray:
    return np.bincount(who * k + emotion, minlength=n * k).reshape(n, k)


def _speaker_uar(counts: np.ndarray) -> float:
    """Return the recall of guessing each speaker's most over-represented emotion."""
    shares = counts / counts.sum(axis=0)
    return float(shares.max(axis=1).sum() / counts.shape[1])
