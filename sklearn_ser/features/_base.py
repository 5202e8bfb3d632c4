"""What every extractor from utterances shares: cache, parallel work, containers."""

import hashlib
import os
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

import joblib
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from tqdm.auto import tqdm

from sklearn_ser import __version__
from sklearn_ser.utils._audio import (
    Utterance,
    check_readable,
    check_reading,
    check_utterances,
    read_utterance,
)
from sklearn_ser.utils._files import WITHOUT_INFLUENCE, replacing
from sklearn_ser.utils._output import OutputMixin
from sklearn_ser.utils._ragged import as_sequences


class UtteranceTransformer(OutputMixin, TransformerMixin, BaseEstimator):
    """Base of the stateless extractors from utterances.

    A subclass has the parameters ``sampling_rate``, ``channel``, ``n_jobs``, ``memory`` and
    ``verbose``, writes `_extract` and, where it has more to check, extends `_check_parameters`.
    """

    # Packages whose version may change a result: part of the key of the cache.
    _backends: tuple[str, ...] = ("soundfile", "soxr")

    def _check_parameters(self) -> None:
        """Raise where a parameter is wrong; a subclass extends this."""
        _cache_folder(self.memory)
        check_reading(self.sampling_rate, self.channel)

    def _extract(self, signal: np.ndarray, utterance: Utterance) -> np.ndarray:
        """Turn samples into a vector of features or into a sequence (n_frames, n_features)."""
        raise NotImplementedError

    def fit(self, X: Any, y: Any = None) -> Self:
        """Check the parameters and the utterances; nothing is learned.

        Parameters
        ----------
        X : array-like of shape (n_utterances,) or DataFrame
            Utterances.
        y : object, default=None
            Ignored.

        Returns
        -------
        self : object
            The transformer itself.
        """
        self._check_parameters()
        check_utterances(X)
        return self

    def transform(self, X: Any) -> Any:
        """Extract every utterance.

        Parameters
        ----------
        X : array-like of shape (n_utterances,) or DataFrame
            Utterances.

        Returns
        -------
        Xt : ndarray of shape (n_utterances, n_features) or (n_utterances,)
            Features, or an object array of sequences (n_frames, n_features). The order is that
            of `X`.
        """
        self._check_parameters()
        return self._contain(_collect(self._extract_all(check_utterances(X))), X)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.requires_fit = False
        tags.no_validation = True
        return tags

    def _extract_all(self, utterances: list[Utterance]) -> list[np.ndarray]:
        files = list(self._cache_files(utterances))
        results = [None if file is None else _load(file) for file in files]
        pending = [row for row, result in enumerate(results) if result is None]
        # All that is amiss is named at once, and before hours of extraction.
        check_readable([utterances[row] for row in pending], sampling_rate=self.sampling_rate)
        computed = joblib.Parallel(
            n_jobs=self.n_jobs,
            # A hint: a backend that the user chooses by joblib.parallel_config comes first.
            prefer="threads",
            return_as="generator" if self.verbose else "list",
        )(joblib.delayed(self._extract_one)(utterances[row], files[row]) for row in pending)
        bar = tqdm(
            computed,
            total=len(pending),
            desc=type(self).__name__,
            unit="utterance",
            disable=not self.verbose,
        )
        for row, result in zip(pending, bar, strict=True):
            results[row] = result
        return results  # type: ignore[return-value]

    def _extract_one(self, utterance: Utterance, file: Path | None) -> np.ndarray:
        signal = read_utterance(
            utterance,
            sampling_rate=self.sampling_rate,
            channel=self.channel,
        )
        result = self._extract(signal, utterance)
        if file is not None:
            _save(result, file)
        return result

    def _settings(self) -> dict[str, Any]:
        """Everything but the utterance that a result depends on."""
        parameters = self.get_params(deep=False)
        kept = {name: parameters[name] for name in parameters.keys() - WITHOUT_INFLUENCE}
        return kept | {package: version(package) for package in self._backends}

    def _cache_files(self, utterances: list[Utterance]) -> Iterator[Path | None]:
        folder = _cache_folder(self.memory)
        if folder is None:
            yield from [None] * len(utterances)
            return
        name = type(self).__name__
        folder = folder / name
        folder.mkdir(parents=True, exist_ok=True)
        settings = repr((name, __version__, sorted(self._settings().items())))
        common = hashlib.blake2b(settings.encode(), digest_size=20)
        for utterance in utterances:
            key = common.copy()
            key.update(repr((_identity(utterance.source), utterance.start, utterance.end)).encode())
            yield folder / f"{key.hexdigest()}.npy"


def _collect(results: list[np.ndarray]) -> np.ndarray:
    if results[0].ndim == 1:
        return np.stack(results).astype(np.float64)
    return as_sequences(results)


def _cache_folder(memory: Any) -> Path | None:
    location = getattr(memory, "location", memory)
    if location is None or isinstance(location, (str, os.PathLike)):
        return None if location is None else Path(location)
    raise ValueError(f"memory={memory!r}: give the path of a folder, a joblib.Memory or None.")


def _identity(source: str | np.ndarray) -> tuple[Any, ...]:
    if isinstance(source, str):
        status = Path(source).stat()
        return os.path.abspath(source), status.st_size, status.st_mtime_ns  # noqa: PTH100
    samples = np.ascontiguousarray(source)
    return samples.dtype.str, samples.shape, hashlib.blake2b(samples.tobytes()).hexdigest()


def _load(file: Path) -> np.ndarray | None:
    try:
        return np.load(file, allow_pickle=False)
    except FileNotFoundError:
        return None
    except (ValueError, EOFError, OSError):
        # Damaged: extracted anew and overwritten.
        return None


def _save(result: np.ndarray, file: Path) -> None:
    with replacing(file) as stream:
        np.save(stream, result, allow_pickle=False)
