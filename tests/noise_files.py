"""Short noise files that stand in for the recordings of a corpus."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import soundfile


def write_noise(folder: Path, names: Iterable[str], channels: int = 1) -> None:
    """Write 10 ms of noise under each name, every file one sample longer than the last."""
    rng = np.random.default_rng(0)
    for k, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = rng.normal(0, 0.1, (160 + k, channels))
        soundfile.write(path, noise, 16000)
