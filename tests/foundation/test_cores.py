"""Linear algebra on one core: however the limits of several overlap, the cores come back with the last."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from mmstudio.cores import one_core, own_thread_alone
from mmstudio.features.extraction import _single_threaded
from mmstudio.generation.sounding.cores import Cores


@pytest.fixture(autouse=True)
def two_cores() -> Iterator[None]:
    """Two threads each, however this suite is run."""
    with threadpool_limits(2):
        yield


def counts(kind: str = "blas") -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == kind}


def test_within_there_is_one_thread_and_afterwards_as_many_as_before() -> None:
    assert counts() == {2}
    with one_core():
        assert counts() == {1}
        with one_core():
            assert counts() == {1}
        assert counts() == {1}
    assert counts() == {2}


def test_the_last_of_several_threads_gives_the_cores_back() -> None:
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with one_core():
            inside.set()
            leave.wait(10)

    with one_core():
        thread = threading.Thread(target=other)
        thread.start()
        assert inside.wait(10)
    assert counts() == {1}
    leave.set()
    thread.join(10)
    assert counts() == {2}


def test_an_error_within_gives_them_back_too() -> None:
    with pytest.raises(ValueError, match="here"), one_core():
        raise ValueError("here")
    assert counts() == {2}


LIMITS = {
    "questions": one_core,
    "extraction": lambda: _single_threaded("audio"),
    "sounds": Cores,
}


@pytest.mark.parametrize("first", LIMITS)
@pytest.mark.parametrize("second", LIMITS)
def test_limits_of_two_rooms_may_end_in_any_order(first: str, second: str) -> None:
    one: AbstractContextManager[object] = LIMITS[first]()
    other: AbstractContextManager[object] = LIMITS[second]()
    one.__enter__()
    other.__enter__()
    one.__exit__(None, None, None)
    assert counts() == {1}  # the one that began first has not taken the other's limit away
    other.__exit__(None, None, None)
    assert counts() == {2}  # nor does the other leave one for good


def test_a_thread_alone_has_its_threads_back_afterwards() -> None:
    before = counts("openmp")
    with own_thread_alone():
        assert counts("openmp") <= {1}
    assert counts("openmp") == before


def test_a_thread_that_was_not_the_first_to_set_a_limit_is_heard_too() -> None:
    seen: list[set[int]] = []

    def other() -> None:
        with one_core():
            seen.append(counts())
        seen.append(counts())

    with one_core():  # threadpoolctl lets this thread alone set limits from here on
        pass
    thread = threading.Thread(target=other)
    thread.start()
    thread.join(10)
    assert seen == [{1}, {2}]
