"""Randomness in a scope of its own."""

import multiprocessing
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from sklearn.utils import check_random_state

from sklearn_ser.utils._random import rng_state, seed_from, set_rng_state, torch_rng


def test_same_integer_same_seed_and_neighbours_far_apart():
    assert seed_from(3) == seed_from(np.int64(3))
    assert abs(seed_from(3) - seed_from(4)) > 1000


def test_random_state_moves_on():
    state = np.random.RandomState(0)
    assert seed_from(state) != seed_from(state)


def test_none_leaves_the_global_generator_alone():
    before = check_random_state(None).get_state(legacy=True)[1].copy()
    assert seed_from(None) != seed_from(None)
    np.testing.assert_array_equal(before, check_random_state(None).get_state(legacy=True)[1])


def test_other_types_are_named():
    with pytest.raises(ValueError, match="random_state='zero' cannot seed"):
        seed_from("zero")


def test_scope_seeds_and_restores():
    before = torch.get_rng_state()
    with torch_rng(5):
        first = torch.rand(3)
    with torch_rng(5):
        again = torch.rand(3)
    assert torch.equal(first, again)
    assert torch.equal(before, torch.get_rng_state())


def test_threads_take_turns():
    def draw(seed):
        with torch_rng(seed):
            time.sleep(0.01)
            return torch.rand(3).tolist()

    before = torch.get_rng_state()
    with ThreadPoolExecutor(4) as threads:
        drawn = list(threads.map(draw, range(8)))
    assert drawn == [draw(seed) for seed in range(8)]
    assert torch.equal(before, torch.get_rng_state())


def test_a_fork_does_not_wait_for_a_thread_that_it_has_not():
    entered, leave = threading.Event(), threading.Event()

    def hold():
        with torch_rng(0):
            entered.set()
            leave.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    entered.wait(60)
    child = multiprocessing.get_context("fork").Process(target=torch_rng(0).__enter__)
    child.start()
    child.join(30)
    leave.set()
    thread.join()
    assert child.exitcode == 0


def test_state_continues_a_stream():
    with torch_rng(5):
        torch.rand(2)
        state = rng_state()
        expected = torch.rand(2)
    with torch_rng(0):
        set_rng_state(state)
        assert torch.equal(torch.rand(2), expected)
