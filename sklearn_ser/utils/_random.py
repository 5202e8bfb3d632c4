"""Random numbers of a fit or a prediction that leave the global generators alone."""

import numbers
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch


def seed_from(random_state: Any) -> int:
    """Draw a seed for torch from a ``random_state`` parameter.

    Parameters
    ----------
    random_state : int, RandomState instance or None
        An integer gives the same seed at each call; a ``RandomState`` moves on; None draws from
        the operating system and, unlike in scikit-learn, leaves numpy's global generator alone.

    Returns
    -------
    int
        A seed in ``[0, 2**31 - 1)``.

    Raises
    ------
    ValueError
        If ``random_state`` is none of these.
    """
    if random_state is None:
        return int(np.random.default_rng().integers(2**31 - 1))
    if isinstance(random_state, numbers.Integral):
        # Hashing an integer through a RandomState keeps close seeds from giving close streams.
        return int(np.random.RandomState(int(random_state)).randint(2**31 - 1))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    raise ValueError(
        f"random_state={random_state!r} cannot seed a generator; pass an integer, a "
        "numpy.random.RandomState or None."
    )


# The generators belong to the process: a second thread would draw from, and restore, those of the
# first.
_GENERATORS = threading.RLock()


def _unlock() -> None:
    global _GENERATORS
    _GENERATORS = threading.RLock()


# A forked process has no thread that would ever give the lock back.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock)


@contextmanager
def torch_rng(seed: int, device: str = "cpu") -> Iterator[None]:
    """Seed torch inside the block and restore its generators behind it; threads take turns.

    Parameters
    ----------
    seed : int
        The seed, as from :func:`seed_from`.

    device : str, default="cpu"
        The device that the block computes on: its generator is seeded and restored too.

    Yields
    ------
    None
        Nothing; the block runs seeded.
    """
    cuda = [torch.device(device)] if torch.device(device).type == "cuda" else []
    with _GENERATORS, torch.random.fork_rng(devices=cuda):
        torch.manual_seed(seed)
        yield


def rng_state(device: str = "cpu") -> dict[str, torch.Tensor]:
    """Read the state of torch's generators, to continue from it later.

    Parameters
    ----------
    device : str, default="cpu"
        A CUDA device adds the state of its own generator.

    Returns
    -------
    dict of str to Tensor
        What :func:`set_rng_state` takes.
    """
    state = {"cpu": torch.get_rng_state()}
    if torch.device(device).type == "cuda":  # not exercised by the tests: they run on the CPU
        state["cuda"] = torch.cuda.get_rng_state(torch.device(device))
    return state


def set_rng_state(state: dict[str, torch.Tensor], device: str = "cpu") -> None:
    """Set torch's generators; call it inside :func:`torch_rng` so that they are restored.

    Parameters
    ----------
    state : dict of str to Tensor
        As from :func:`rng_state`.

    device : str, default="cpu"
        The device that the state was read from.
    """
    torch.set_rng_state(state["cpu"])
    if "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], torch.device(device))
