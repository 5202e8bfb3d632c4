"""What every test shares: one thread, no window, and the way to the real corpora."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

# Before numpy, torch or matplotlib are first imported, and inherited by every process started
# from here: two pools of threads on the same cores are several times slower than one thread.
os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", MPLBACKEND="Agg")

_ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def corpus_dir() -> Callable[[str], Path]:
    """Return a function that gives the folder of a real corpus or skips the test."""

    def find(name: str) -> Path:
        folder = Path(os.environ.get("SKLEARN_SER_DATA", _ROOT / ".." / "shared" / "data")) / name
        if not folder.is_dir():
            pytest.skip(reason=f"SKLEARN_SER_DATA names a folder without the corpus {name!r}.")
        return folder

    return find
