"""The one training loop: steps, progress, checkpoints, exact resume, and what to do when things go wrong."""

from __future__ import annotations

import math
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import torch

from mmstudio.errors import Cancelled, StudioError
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress
from mmstudio.learning.config import ModelConfig
from mmstudio.learning.engine.checkpoint import TrainingState, load_state, save_checkpoint
from mmstudio.learning.engine.data import ArrayData
from mmstudio.learning.engine.device import is_out_of_memory
from mmstudio.learning.engine.logs import Logs
from mmstudio.learning.engine.task import Task

GRID = 24
MOST_ROLLBACKS = 5


class Trainer:
    """Trains ``task`` on ``data`` into ``folder``; continues where an earlier run stopped when told to."""

    def __init__(
        self,
        folder: Path,
        config: ModelConfig,
        task: Task,
        data: ArrayData,
        *,
        checkpoint_every: int = 100,
        checkpoint_seconds: float = 60.0,
        grid_every: int = 0,
        resume: bool = False,
    ) -> None:
        """``grid_every`` 0 means about ten grids a run; a checkpoint comes every ``checkpoint_every`` steps,
        and sooner where those take longer than ``checkpoint_seconds``."""
        self.folder, self.config, self.task, self.data = folder, config, task, data
        self.checkpoint_every, self.checkpoint_seconds = checkpoint_every, checkpoint_seconds
        self.grid_every = grid_every or max(1, config.steps // 10)
        self.step = self.seen = self.rollbacks = 0
        self.batch = config.batch
        self.notice = ""
        self._grid: Path | None = None
        if resume and (state := load_state(folder)) is not None:
            self._restore(state)

    def run(self, context: JobContext) -> Generator[Progress, None, dict[str, Any]]:
        """Train to ``config.steps``; a job's generator. Cancelling keeps what was trained so far.

        Raises:
            StudioError: the losses stay not-a-number, or memory is too small for one example.
            DiskFull: at a checkpoint; the earlier one stays valid.
        """
        logs = Logs(self.folder, self.step)
        whole_step = True
        try:
            if self.step == 0:
                self._save()
                self._draw(logs)
            yield self._progress({}, 0.0)
            saved_at = time.monotonic()
            while self.step < self.config.steps and not self.task.satisfied:
                if context.pause_requested():
                    self._save()
                    context.paused()
                    return self._result("paused")
                started = time.monotonic()
                whole_step = False
                losses: dict[str, float] = {}
                try:
                    yield from self._one_step(losses)
                except RuntimeError as error:
                    if not is_out_of_memory(error):
                        raise
                    self._halve_batch(error)
                    whole_step = True
                    continue
                if not all(math.isfinite(value) for value in losses.values()):
                    self._roll_back(logs)
                    whole_step = True
                    continue
                whole_step = True
                speed = self.batch / max(1e-6, time.monotonic() - started)
                logs.metrics(self.step, losses, seen=self.seen, per_second=round(speed, 2))
                last = self.step == self.config.steps
                if last or self.step % self.grid_every == 0:
                    self._draw(logs)
                overdue = time.monotonic() - saved_at > self.checkpoint_seconds
                if not last and (self.step % self.checkpoint_every == 0 or overdue):
                    self._save()
                    saved_at = time.monotonic()
                yield self._progress(losses, speed)
            self._save()
        except (GeneratorExit, Cancelled):
            if whole_step:  # between the two updates of a step the state is not one an unkilled run passes
                self._save()
            raise
        finally:
            logs.close()
        return self._result("done")

    def _one_step(self, losses: dict[str, float]) -> Generator[Progress, None, None]:
        task = self.task
        before = task.random.get_state()
        task.at(self.step / max(1, self.config.steps))
        try:
            batch = self.data.batch(self.seen, self.batch, task.random)
            parts = task.parts(batch, self.step)
            losses |= next(parts)
            for more in parts:
                losses |= more
                yield self._progress({}, 0.0)
        except RuntimeError:
            task.random.set_state(before)
            raise
        self.step += 1
        self.seen += self.batch
        task.average.update(task.nets[task.averaged], self.batch, self.seen)

    def _draw(self, logs: Logs) -> None:
        shown = self.task.preview(self.data, self.config.seed, GRID)
        if len(shown):  # a family that makes nothing to look at shows nothing
            self._grid = logs.grid(self.step, shown)

    def _progress(self, losses: dict[str, float], speed: float) -> Progress:
        data: dict[str, Any] = {"step": self.step}
        if losses:
            data |= {"losses": losses, "per_second": speed}
        if self._grid is not None:
            data["grid"] = str(self._grid)
        return Progress(self.step, self.config.steps, self.notice or tr("Learning"), data)

    def _halve_batch(self, error: RuntimeError) -> None:
        if self.batch <= 1:
            raise StudioError(
                "There is not enough memory to train at this size.",
                hint="Choose a smaller size, or the CPU as the device.",
            ) from error
        self.batch //= 2
        if self.task.device.type == "cuda":
            torch.cuda.empty_cache()
        self.notice = tr("Memory ran out: going on with {n} at a time", n=self.batch)

    def _roll_back(self, logs: Logs) -> None:
        """Back to the last checkpoint with half the learning rate and fresh random numbers."""
        rollbacks, scale = self.rollbacks + 1, self.task.rate_scale * 0.5
        state = load_state(self.folder)
        if state is None or rollbacks > MOST_ROLLBACKS:
            raise StudioError(
                "The training became unstable and was stopped at step {step}.",
                hint="What was learned before is kept. Try a smaller learning rate or more pictures.",
                step=self.step,
            )
        self._restore(state)
        self.rollbacks, self.task.rate_scale = rollbacks, scale
        self.task.random.manual_seed(self.config.seed + 7919 * rollbacks)
        logs.rewind(self.step)
        self.notice = tr("Unstable: back to step {step} with a smaller learning rate", step=self.step)

    def _save(self) -> None:
        state = self.task.state()
        state.numbers |= {
            "step": self.step,
            "seen": self.seen,
            "batch": self.batch,
            "rollbacks": self.rollbacks,
        }
        # A checkpoint is a usable model at any time, so the prior is fitted at each.
        fitted = self.task.finish(self.data)
        save_checkpoint(self.folder, self.step, self.task.weights() | fitted, state)

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
