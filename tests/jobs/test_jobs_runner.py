"""The job contract: progress, cancel, pause and resume, failure, live requests."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Generator
from typing import Any

import pytest

from mmstudio.errors import Cancelled, NotFound, StudioError
from mmstudio.jobs import JobContext, JobEvent, JobRecord, JobRunner, JobState, Progress, run_inline


class MemoryStore:
    """A JobStore of the tests: the contract is what matters, not SQL."""

    def __init__(self) -> None:
        self.rows: dict[int, JobRecord] = {}

    def create(self, kind: str, params: dict[str, Any], title: str) -> int:
        job_id = len(self.rows) + 1
        self.rows[job_id] = JobRecord(job_id, kind, title, params, "queued")
        return job_id

    def update(self, job_id: int, **fields: Any) -> None:
        for name, value in fields.items():
            if value is not None:
                setattr(self.rows[job_id], name, value)

    def get(self, job_id: int) -> JobRecord:
        if job_id not in self.rows:
            raise NotFound("There is no job {id}.", id=job_id)
        return self.rows[job_id]

    def list(self, states: tuple[JobState, ...] | None = None) -> list[JobRecord]:
        return [row for row in self.rows.values() if states is None or row.state in states]


def counting(n: int) -> Any:
    def work(context: JobContext) -> Generator[Progress, None, dict[str, int]]:
        start = (context.checkpoint or {}).get("at", 0)
        for i in range(start, n):
            context.save_checkpoint({"at": i + 1})
            yield Progress(i + 1, n)
        return {"started_at": start, "n": n}

    return work


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def runner(store: MemoryStore) -> Generator[JobRunner, None, None]:
    runner = JobRunner(store)
    yield runner
    assert runner.close()


@pytest.mark.parametrize("lane", ["io", "device"])
def test_a_job_runs_to_its_result_and_its_record_says_so(runner: JobRunner, lane: Any) -> None:
    store = runner._store
    handle = runner.submit("count", counting(5), {"n": 5}, title="Counting", lane=lane)
    assert handle.result(240) == {"started_at": 0, "n": 5}
    runner.close()
    assert store is not None
    record = store.get(1)
    assert (record.state, record.done, record.total, record.result) == (
        "done",
        5,
        5,
        {"started_at": 0, "n": 5},
    )


def test_events_tell_the_whole_story_in_order(runner: JobRunner) -> None:
    events: list[JobEvent] = []
    runner.subscribe(events.append)
    runner.submit("count", counting(3)).result(240)
    runner.close()
    states = [event.state for event in events]
    assert states[0] == "queued"
    assert states[-1] == "done"
    assert states.count("done") == 1
    assert events[-1].result == {"started_at": 0, "n": 3}


def test_cancel_stops_at_the_next_yield_and_cleans_up(runner: JobRunner) -> None:
    started, go_on, cleaned = threading.Event(), threading.Event(), threading.Event()

    def work(context: JobContext) -> Generator[Progress, None, None]:
        try:
            for i in range(1000):
                started.set()
                go_on.wait(240)
                yield Progress(i, 1000)
        finally:
            cleaned.set()

    handle = runner.submit("long", work)
    assert started.wait(240)
    handle.cancel()
    go_on.set()
    with pytest.raises(Cancelled):
        handle.result(240)
    assert cleaned.is_set()
    assert handle.state == "cancelled"


def test_a_paused_job_goes_on_from_its_checkpoint(runner: JobRunner, store: MemoryStore) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def work(context: JobContext) -> Generator[Progress, None, dict[str, int]]:
        start = (context.checkpoint or {}).get("at", 0)
        for i in range(start, 10):
            if context.pause_requested():
                context.save_checkpoint({"at": i})
                context.paused()
                return {}
            if i == 3:
                reached.set()
                go_on.wait(240)
            yield Progress(i + 1, 10)
        return {"started_at": start}

    handle = runner.submit("train", work, lane="device")
    assert reached.wait(240)
    handle.pause()
    go_on.set()
    with pytest.raises(Cancelled):
        handle.result(240)
    assert handle.state == "paused"
    again = runner.submit("train", work, lane="device", job_id=handle.id)
    assert again.result(240) == {"started_at": 4}
    assert len(store.rows) == 1


def test_closing_pauses_a_job_that_knows_nothing_of_pausing(store: MemoryStore) -> None:
    runner = JobRunner(store)
    started = threading.Event()

    def work(context: JobContext) -> Generator[Progress, None, None]:
        i = 0
        while True:
            started.set()
            i += 1
            yield Progress(i, None)

    runner.submit("endless", work)
    assert started.wait(240)
    assert runner.close(240)
    assert store.get(1).state == "paused"


def test_a_failure_is_one_sentence_and_the_runner_lives_on(runner: JobRunner, store: MemoryStore) -> None:
    def work(context: JobContext) -> Generator[Progress, None, None]:
        yield Progress(0, 1)
        raise StudioError("{what} is broken.", hint="Mend it.", what="The picture")

    handle = runner.submit("bad", work)
    with pytest.raises(StudioError, match="The picture is broken"):
        handle.result(240)
    assert runner.submit("count", counting(2)).result(240)["n"] == 2
    runner.close()
    assert (store.get(1).state, store.get(1).error, store.get(1).hint) == (
        "failed",
        "The picture is broken.",
        "Mend it.",
    )


def test_a_live_request_is_answered_between_the_steps_of_a_device_job(runner: JobRunner) -> None:
    started, answered = threading.Event(), threading.Event()
    order: list[str] = []

    def work(context: JobContext) -> Generator[Progress, None, None]:
        started.set()
        for i in range(100_000):
            order.append("step")
            yield Progress(i, None)
            if answered.is_set():
                return

    handle = runner.submit("train", work, lane="device")
    assert started.wait(240)
    thread = runner.ask("slider", lambda: threading.current_thread().name).result(240)
    answered.set()
    handle.result(240)
    assert thread == "job-device"


def test_the_latest_request_of_a_key_wins(runner: JobRunner) -> None:
    hold, started = threading.Event(), threading.Event()

    def work(context: JobContext) -> Generator[Progress, None, None]:
        started.set()
        hold.wait(240)
        yield Progress(1, 1)

    handle = runner.submit("train", work, lane="device")
    assert started.wait(240)
    first, second, other = (
        runner.ask("slider", lambda: 1),
        runner.ask("slider", lambda: 2),
        runner.ask("query", lambda: 3),
    )
    hold.set()
    assert second.result(240) == 2
    assert other.result(240) == 3
    assert first.cancelled()
    handle.result(240)


def test_what_somebody_waits_for_passes_a_patient_job(runner: JobRunner) -> None:
    order: list[str] = []
    started, end = threading.Event(), threading.Event()

    def training(context: JobContext) -> Generator[Progress, None, None]:
        started.set()
        while not end.is_set():
            yield Progress(1, None)
        order.append("training")

    def other(context: JobContext) -> Generator[Progress, None, None]:
        order.append(str(context.params["name"]))
        yield Progress(1, 1)
        if context.params["name"] == "broken":
            raise StudioError("No.")

    patient = runner.submit("train", training, lane="device", patient=True)
    assert started.wait(240)
    second = runner.submit("train", other, {"name": "second training"}, lane="device", patient=True)
    set_, broken = (
        runner.submit("set", other, {"name": name}, lane="device") for name in ("a set", "broken")
    )
    set_.result(240)
    with pytest.raises(StudioError):
        broken.result(240)
    assert patient.state == "running"
    end.set()
    second.result(240)
    assert order == ["a set", "broken", "training", "second training"]


def test_a_patient_job_does_not_count_the_time_of_what_passes_it(runner: JobRunner) -> None:
    counted: list[float] = []
    started, end = threading.Event(), threading.Event()

    def training(context: JobContext) -> Generator[Progress, None, None]:
        before = time.monotonic(), context.clock()
        started.set()
        while not end.is_set():
            yield Progress(1, 2)
        counted.append(time.monotonic() - before[0] - (context.clock() - before[1]))

    def other(context: JobContext) -> Generator[Progress, None, float]:
        began = time.monotonic()
        while time.monotonic() == began:
            pass
        yield Progress(1, 1)
        return time.monotonic() - began

    patient = runner.submit("train", training, lane="device", patient=True)
    assert started.wait(240)
    took = runner.submit("set", other, lane="device").result(240)
    end.set()
    patient.result(240)
    assert counted[0] >= took > 0


def test_two_that_somebody_waits_for_go_one_after_the_other(runner: JobRunner) -> None:
    order: list[str] = []
    started, hold = threading.Event(), threading.Event()

    def first(context: JobContext) -> Generator[Progress, None, None]:
        started.set()
        hold.wait(240)
        yield Progress(1, 2)
        order.append("first")

    def second(context: JobContext) -> Generator[Progress, None, None]:
        order.append("second")
        yield Progress(1, 1)

    runner.submit("film", first, lane="device")
    assert started.wait(240)
    later = runner.submit("set", second, lane="device")
    hold.set()
    later.result(240)
    assert order == ["first", "second"]


def test_inline_run_records_cancel_and_failure(store: MemoryStore) -> None:
    assert run_inline(counting(3), store=store, kind="count")["n"] == 3
    with pytest.raises(Cancelled):
        run_inline(counting(3), store=store, kind="count", cancelled=lambda: True)

    def broken(context: JobContext) -> Generator[Progress, None, None]:
        yield Progress(0, 1)
        raise StudioError("No.")

    with pytest.raises(StudioError):
        run_inline(broken, store=store, kind="broken")
    assert [row.state for row in store.rows.values()] == ["done", "cancelled", "failed"]


def test_ctrl_c_leaves_a_job_that_can_go_on(store: MemoryStore) -> None:
    def interrupted(_context: JobContext) -> Generator[Progress, None, None]:
        yield Progress(1, 5)
        raise KeyboardInterrupt

    with pytest.raises(Cancelled):
        run_inline(interrupted, store=store, kind="count")
    assert [row.state for row in store.rows.values()] == ["paused"]


def test_a_finished_job_has_done_all(store: MemoryStore) -> None:
    def two_parts(_context: JobContext) -> Generator[Progress, None, None]:
        yield Progress(1, 9)
        yield Progress(4, None)

    run_inline(two_parts, store=store, kind="count")
    assert [(row.done, row.total) for row in store.rows.values()] == [(4, 4)]


def test_ctrl_c_lets_a_job_that_can_save_its_state_do_so(store: MemoryStore) -> None:
    def work(context: JobContext) -> Generator[Progress, None, dict[str, int]]:
        start = (context.checkpoint or {}).get("at", 0)
        for i in range(start, 10):
            if context.pause_requested():
                context.save_checkpoint({"at": i})
                context.paused()
                return {}
            if i == 3 and start == 0:
                signal.raise_signal(signal.SIGINT)
            yield Progress(i + 1, 10)
        return {"started_at": start}

    with pytest.raises(Cancelled):
        run_inline(work, store=store, kind="train")
    assert (store.get(1).state, store.get(1).checkpoint) == ("paused", {"at": 4})
    assert run_inline(work, store=store, kind="train", job_id=1) == {"started_at": 4}
    assert store.get(1).state == "done"


def test_ctrl_c_cancels_any_other_job_at_once_and_a_second_one_breaks_in(store: MemoryStore) -> None:
    # A suite started in the background inherits an ignored Ctrl+C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    seen: list[int] = []

    def polite(context: JobContext) -> Generator[Progress, None, None]:
        yield Progress(0, 2)
        signal.raise_signal(signal.SIGINT)
        context.raise_if_cancelled()
        seen.append(1)

    def stubborn(context: JobContext) -> Generator[Progress, None, None]:
        yield Progress(0, 2)
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        seen.append(2)

    for work in (polite, stubborn):
        with pytest.raises(Cancelled):
            run_inline(work, store=store, kind="work")
    assert seen == []
    assert [row.state for row in store.rows.values()] == ["paused", "paused"]
    with pytest.raises(KeyboardInterrupt):  # the handler of before is back
        signal.raise_signal(signal.SIGINT)
