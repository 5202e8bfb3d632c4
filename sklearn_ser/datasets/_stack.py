"""Several corpora as one."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from sklearn_ser.datasets._corpus import make_bunch

# What tells people, texts and sessions apart within one corpus only.
_LOCAL = ("speaker", "text_id", "session")


def stack_corpora(*corpora: Bunch, names: Sequence[str] | None = None) -> Any:
    """Stack corpora, with or without emotion labels, and keep their speakers apart.

    Parameters
    ----------
    *corpora : Bunch
        What the loaders return, with ``data`` a DataFrame of files. A corpus without emotion
        labels has empty strings for them, as :func:`load_index` reads it: more rows for a
        semi-supervised model.
    names : sequence of str, default=None
        What to call the corpora, in their order. None: the ``name`` of each. Two corpora may
        share a name that is given here: then equal speakers are the same people, as in two parts
        of one corpus.

    Returns
    -------
    Bunch
        - ``data``: DataFrame of the utterances of all corpora, in their order, with a column
          ``corpus``. Speakers, texts and sessions have the name of the corpus in front
          (``emodb:03``), so that those of different corpora differ; what is unknown stays empty.
          Columns that a corpus lacks are empty, or NaN where they hold numbers.
        - ``target``: ndarray of str, the emotions, empty where there is no label: pass
          ``unlabeled=""`` to an estimator that learns from such rows, or drop them for one that
          does not. ``target_names``: the distinct emotions.
        - ``speaker``, ``gender``: ndarrays of str, empty where unknown, ready for ``groups`` and
          for ``fit``.
        - ``frame``: `data` with the labels and ratings of all corpora. Ratings of different
          corpora may have different scales.
        - ``name``, ``DESCR``: the names joined by ``+``; the descriptions of all.

    Raises
    ------
    TypeError
        If a corpus has waveforms in place of files.
    ValueError
        If there is no corpus, or two have one name that was not given.

    See Also
    --------
    load_index : Loader of any corpus, for example one without emotions.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn_ser.datasets import make_emotional_speech, stack_corpora
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     a = make_emotional_speech(2, n_utterances=1, random_state=0, folder=f"{folder}/a")
    ...     b = make_emotional_speech(2, n_utterances=1, random_state=1, folder=f"{folder}/b")
    >>> both = stack_corpora(a, b, names=["a", "b"])
    >>> len(both.data), both.data["speaker"].unique().tolist()
    (16, ['a:01', 'a:02', 'b:01', 'b:02'])
    """
    if not corpora:
        raise ValueError("stack_corpora needs at least one corpus")
    if names is None:
        names = [corpus.name for corpus in corpora]
        if repeated := {name for name in names if names.count(name) > 1}:
            raise ValueError(
                f"Several corpora are called {sorted(repeated)}: give each a name by `names`, or "
                "one and the same name if their speakers are the same people"
            )
    elif len(names) != len(corpora):
        raise ValueError(f"{len(corpora)} corpora need as many names, got {list(names)}")
    frame = pd.concat(
        [_apart(corpus, name) for corpus, name in zip(corpora, names, strict=True)],
        ignore_index=True,
    )
    for column in frame.columns:
        if not pd.api.types.is_numeric_dtype(frame[column]):
            frame[column] = frame[column].fillna("")
    return make_bunch(
        frame,
        name="+".join(dict.fromkeys(names)),
        descr="\n".join(corpus.DESCR for corpus in corpora),
        return_X_y=False,
    )


def _apart(corpus: Bunch, name: str) -> pd.DataFrame:
    """Return the frame of a corpus with its name in front of all that is local to it."""
    if not isinstance(corpus.data, pd.DataFrame):
        raise TypeError(
            f"The corpus {name!r} has waveforms, which cannot be stacked with files: make it with "
            "`folder`"
        )
    frame = corpus.frame.assign(corpus=name)
    for column in frame.columns.intersection(list(_LOCAL)):
        values = frame[column].astype(str)
        frame[column] = np.where(values == "", "", f"{name}:" + values)
    return frame
