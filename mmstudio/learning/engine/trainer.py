"""The one training loop: steps, progress, checkpoints, exact resume, and what to do when things go wrong."""

from __future__ import annotations

import math
import time
from collections.abc import Generator
from functools import partial
from pathlib import Path
from typing import Any

import torch

from mmstudio.errors import Cancelled, StudioError
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress
from mmstudio.learning.config import ModelConfig
from mmstudio.learning.engine.checkpoint import (
    TrainingState,
    best_of,
    load_state,
    save_best,
    save_checkpoint,
)
from mmstudio.learning.engine.data import TrainingData
from mmstudio.learning.engine.device import is_out_of_memory, speed_of
from mmstudio.learning.engine.judge import Judging
from mmstudio.learning.engine.logs import Logs
from mmstudio.learning.engine.memory import kept_memory
from mmstudio.learning.engine.saver import Saver, copied
from mmstudio.learning.engine.task import Task
from mmstudio.learning.engine.watch import Watch

GRID = 24
LEAST_BETWEEN = 4  # steps from one picture of the samples to the next: drawing takes as long as learning
MOST_ROLLBACKS = 5
NOTICE_STEPS = 100  # how long something that happened is the news


class Trainer:
    """Trains ``task`` on ``data`` into ``folder``; continues where an earlier run stopped when told to."""

    def __init__(
        self,
        folder: Path,
        config: ModelConfig,
        task: Task[Any],
        data: TrainingData,
        *,
        checkpoint_every: int = 100,
        checkpoint_seconds: float = 60.0,
        grid_every: int = 0,
        judge: Judging | None = None,
        judge_every: int = 0,
        resume: bool = False,
    ) -> None:
        """``grid_every`` and ``judge_every`` 0 mean about ten a run, fewer in a short one; a checkpoint comes
        every ``checkpoint_every`` steps, and sooner where those take longer than ``checkpoint_seconds``. With
        a ``judge`` the best weights are kept beside the newest."""
        self.folder, self.config, self.task, self.data = folder, config, task, data
        self.checkpoint_every, self.checkpoint_seconds = checkpoint_every, checkpoint_seconds
        self.grid_every = grid_every or max(LEAST_BETWEEN, config.steps // 10)
        self.step = self.seen = self.rollbacks = 0
        self.batch = config.batch
        self._notice, self._news_until = "", 0
        self._grid: Path | None = None
        self.judge, self.judge_every = judge, judge_every or max(25, config.steps // 10)
        self.best: dict[str, float] | None = None
        self.watch, self._saver = Watch(), Saver()
        self._whole = True  # between two steps, with finite losses
        if resume and (state := load_state(folder)) is not None:
            self._restore(state)
            self.best = (best_of(folder) or {}).get("figures")
        elif task.splits and config.options.get("whole_steps", 0.0) == 0:
            task.speed = speed_of(task.device)

    @property
    def notice(self) -> str:
        """What happened last; shown for :data:`NOTICE_STEPS` steps, then the advice comes through again."""
        return self._notice

    @notice.setter
    def notice(self, words: str) -> None:
        self._notice, self._news_until = words, self.step + NOTICE_STEPS

    def run(self, context: JobContext) -> Generator[Progress, None, dict[str, Any]]:
        """Train to ``config.steps``; a job's generator. Cancelling keeps what was trained so far.

        Raises:
            StudioError: the losses stay not-a-number, or memory is too small for one example.
            DiskFull: at a checkpoint; the earlier one stays valid.
        """
        with kept_memory():
            return (yield from self._run(context))

    def _run(self, context: JobContext) -> Generator[Progress, None, dict[str, Any]]:
        logs = Logs(self.folder, self.step)
        try:
            if self.step == 0:
                self._save(wait=True)
                self._draw(logs)
            yield self._progress({}, 0.0)
            saved_at = time.monotonic()
            while self.step < self.config.steps and not self.task.satisfied:
                if context.pause_requested():
                    self._save(wait=True)
                    context.paused()
                    return self._result("paused")
                started = context.clock()
                losses: dict[str, float] = {}
                try:
                    yield from self._one_step(losses)
                except RuntimeError as error:
                    if not is_out_of_memory(error):
                        raise
                    self._fewer_at_once(error)
                    continue
                if not self._whole:
                    self._roll_back(logs)
                    continue
                speed = self.batch / max(1e-6, context.clock() - started)
                last = self.step == self.config.steps
                logs.metrics(self.step, losses, seen=self.seen, per_second=round(speed, 2))
                self.watch.hear(losses)
                if last or self.step % self.grid_every == 0:
                    self._draw(logs)
                figures: dict[str, float] = {}
                if last or self.step % self.judge_every == 0:
                    figures = yield from self._judge(logs)
                overdue = time.monotonic() - saved_at > self.checkpoint_seconds
                if not last and (self.step % self.checkpoint_every == 0 or overdue):
                    self._save()
                    saved_at = time.monotonic()
                yield self._progress(losses, speed, figures)
            self._save(wait=True)
        except (GeneratorExit, Cancelled):
            if self._whole:
                self._save(wait=True)
            raise
        finally:
            logs.close()
            self._saver.close()
        return self._result("done")

    def _one_step(self, losses: dict[str, float]) -> Generator[Progress, None, None]:
        task = self.task
        before = task.random.get_state()
        task.at(self.step / max(1, self.config.steps))
        try:
            batch = self.data.batch(self.seen, self.batch, task.random)
            parts = task.parts(batch, self.step)
            self._whole = False
            try:
                for more in parts:
                    losses |= more
                    yield self._progress({}, 0.0)
            except (GeneratorExit, Cancelled):
                # Stopped between two parts: the step is finished, so that nothing that was learned is lost.
                for more in parts:
                    losses |= more
                self._count(losses)
                raise
        except RuntimeError:
            task.random.set_state(before)
            self._whole = True
            raise
        self._count(losses)

    def _count(self, losses: dict[str, float]) -> None:
        self._whole = all(math.isfinite(value) for value in losses.values())
        if self._whole:
            self.step += 1
            self.seen += self.batch
            self.task.average.update(self.task.nets[self.task.averaged], self.batch, self.seen)

    def _judge(self, logs: Logs) -> Generator[Progress, None, dict[str, float]]:
        draw = None if self.judge is None else self.task.sampler(self.data, self.config.seed)
        if self.judge is None or draw is None:
            return {}
        looking = self.judge.look(draw)
        while True:
            try:
                next(looking)
            except StopIteration as stop:
                figures: dict[str, float] = stop.value
                break
            yield self._progress({}, 0.0)
        if figures:
            logs.figures(self.step, figures, self.judge.name)
            self.watch.hear({}, figures)
            if self.judge.better(figures, self.best):
                self.best = figures
                self._saver.wait()
                save_best(self.folder, self.step, self.task.weights() | self.task.finish(self.data), figures)
        return figures

    def _draw(self, logs: Logs) -> None:
        shown = self.task.preview(self.data, self.config.seed, GRID)
        if len(shown):  # a family that makes nothing to look at shows nothing
            self._grid = logs.grid(self.step, shown)

    def _progress(
        self, losses: dict[str, float], speed: float, figures: dict[str, float] | None = None
    ) -> Progress:
        data: dict[str, Any] = {"step": self.step}
        if losses:
            data |= {"losses": losses, "per_second": speed}
        if figures:
            data |= {"figures": figures}
        if self._grid is not None:
            data["grid"] = str(self._grid)
        news = self.notice if self.step < self._news_until else ""
        note = news or self.watch.advice() or tr("Learning")
        return Progress(self.step, self.config.steps, note, data)

    def _fewer_at_once(self, error: RuntimeError) -> None:
        task = self.task
        rows = (task.most_rows or self.batch) if task.splits else self.batch
        if rows <= 1:
            raise StudioError(
                "There is not enough memory to train at this size.",
                hint="Choose a smaller size, or the CPU as the device.",
            ) from error
        if task.splits:  # the same step in smaller pieces: what is learned does not change
            task.most_rows = rows // 2
        else:
            self.batch = rows // 2
        if task.device.type == "cuda":
            torch.cuda.empty_cache()
        self.notice = tr("Memory ran out: going on with {n} at a time", n=rows // 2)

    def _roll_back(self, logs: Logs) -> None:
        """Back to the last checkpoint with half the learning rate and fresh random numbers."""
        rollbacks, scale = self.rollbacks + 1, self.task.rate_scale * 0.5
        self._saver.wait()
        state = load_state(self.folder)
        if state is None or rollbacks > MOST_ROLLBACKS:
            raise StudioError(
                "The training became unstable and was stopped at step {step}.",
                hint="What was learned before is kept. Try a smaller learning rate or more pictures.",
                step=self.step,
            )
        self._restore(state)
        self._whole = True
        self.rollbacks, self.task.rate_scale = rollbacks, scale
        self.task.random.manual_seed(self.config.seed + 7919 * rollbacks)
        logs.rewind(self.step)
        self.notice = tr("Unstable: back to step {step} with a smaller learning rate", step=self.step)

    def _save(self, wait: bool = False) -> None:
        """Write a checkpoint, on another thread unless ``wait``.

        Raises:
            DiskFull: this one, or the one before, could not be written; an earlier one stays valid.
        """
        state = self.task.state()
        state.numbers |= {
            "step": self.step,
            "seen": self.seen,
            "batch": self.batch,
            "rollbacks": self.rollbacks,
        }
        # A checkpoint is a usable model at any time, so the prior is fitted at each.
        weights = self.task.weights() | self.task.finish(self.data)
        state.tensors, weights = copied(state.tensors), copied(weights)
        self._saver.submit(partial(save_checkpoint, self.folder, self.step, weights, state))
        if wait:
            self._saver.wait()

    def _restore(self, state: TrainingState) -> None:
        self.task.restore(state)
        numbers = state.numbers
        self.step, self.seen = int(numbers["step"]), int(numbers["seen"])
        self.batch, self.rollbacks = int(numbers["batch"]), int(numbers["rollbacks"])

    def _result(self, status: str) -> dict[str, Any]:
        return {
            "name": self.config.name,
            "status": status,
            "steps": self.step,
            "seen": self.seen,
            "rollbacks": self.rollbacks,
            "grid": str(self._grid) if self._grid else "",
        }
