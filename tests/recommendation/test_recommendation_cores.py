"""Small products on one core: the cores come back when the last one has left."""

from __future__ import annotations

import threading

import pytest
from threadpoolctl import threadpool_info

from mmstudio.recommendation.cores import one_core


def counts() -> list[int]:
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


def test_within_there_is_one_thread_and_afterwards_as_many_as_before() -> None:
    before = counts()
    with one_core():
        assert set(counts()) <= {1}
        with one_core():
            assert set(counts()) <= {1}
        assert set(counts()) <= {1}
    assert counts() == before


def test_the_last_of_several_threads_gives_the_cores_back() -> None:
    before = counts()
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with one_core():
            inside.set()
            leave.wait(10)

    with one_core():
        thread = threading.Thread(target=other)
        thread.start()
        assert inside.wait(10)
    assert set(counts()) <= {1}
    leave.set()
    thread.join(10)
    assert counts() == before


def test_an_error_within_gives_them_back_too() -> None:
    before = counts()
    with pytest.raises(ValueError, match="here"), one_core():
        raise ValueError("here")
    assert counts() == before
