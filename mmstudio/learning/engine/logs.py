"""What a training leaves to look at: metrics.jsonl, TensorBoard events, sample grids."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np
from PIL import Image
from torch import Tensor

from mmstudio.atomic import atomic_path, write_text
from mmstudio.learning.engine.data import to_bytes

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


METRICS, FIGURES = "metrics.jsonl", "figures.jsonl"


class Logs:
    """Writers for one model folder; resuming at a step forgets what was logged after it."""

    def __init__(self, folder: Path, step: int) -> None:
        self.folder = folder
        self._metrics = folder / METRICS
        self._board: SummaryWriter | None = None
        self._lines: TextIO | None = None
        self.rewind(step)

    def rewind(self, step: int) -> None:
        """Drop the lines after ``step``: they will be written again."""
        self._start = step
        self.close()
        for name in (METRICS, FIGURES):
            lines = _read(self.folder / name)
            if lines or name == METRICS:
                kept = [json.dumps(line) + "\n" for line in lines if line["step"] <= step]
                write_text(self.folder / name, "".join(kept))

    def metrics(self, step: int, values: dict[str, float], **more: Any) -> None:
        """One line of metrics.jsonl and one TensorBoard point per value."""
        if self._lines is None:
            self._lines = self._metrics.open("a", encoding="utf-8")
        self._lines.write(json.dumps({"step": step, **more, "losses": values}) + "\n")
        self._lines.flush()  # a killed run has all of its lines
        self._board_points(step, values)

    def figures(self, step: int, values: dict[str, float], features: str) -> None:
        """One line of figures.jsonl: what was measured of the samples, in the feature space named."""
        with (self.folder / FIGURES).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, "features": features, "figures": values}) + "\n")
        self._board_points(step, {f"figures/{name}": value for name, value in values.items()})

    def _board_points(self, step: int, values: dict[str, float]) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary

        if self._board is None:
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(self.folder / "tb"), purge_step=self._start + 1)
        points = [Summary.Value(tag=name, simple_value=value) for name, value in values.items()]
        writer: Any = self._board.file_writer
        writer.add_summary(Summary(value=points), step)  # one event with all of a step

    def grid(self, step: int, pictures: Tensor, columns: int = 6) -> Path:
        """Save ``pictures`` (N×C×H×W in [-1, 1]) as one PNG and return its path."""
        path = self.folder / "samples" / f"step-{step:07d}.png"
        with atomic_path(path) as temporary:
            tile(pictures, columns).save(temporary)
        return path

    def close(self) -> None:
        """End both files; the next line opens them again."""
        lines, self._lines = self._lines, None
        if lines is not None:
            with suppress(OSError):  # each line was flushed: what could not be written was raised then
                lines.close()
        if self._board is not None:
            self._board.close()
            self._board = None


def read_metrics(folder: Path) -> list[dict[str, Any]]:
    """The lines of metrics.jsonl (step, seen, per_second, losses); a last line cut by a crash is left out."""
    return _read(folder / METRICS)


def read_figures(folder: Path) -> list[dict[str, Any]]:
    """The lines of figures.jsonl (step, features, figures): how the samples measured as it learned."""
    return _read(folder / FIGURES)


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return []
    lines = []
    for line in text.splitlines():
        try:
            lines.append(json.loads(line))
        except ValueError:
            continue
    return [line for line in lines if isinstance(line, dict) and "step" in line]


def tile(pictures: Tensor, columns: int = 6) -> Image.Image:
    """Pictures in rows with a thin gap, small ones enlarged; spectrograms low tones at the bottom."""
    pixels = to_bytes(pictures).transpose(0, 2, 3, 1)
    if pixels.shape[-1] == 1:
        pixels = np.repeat(pixels[:, ::-1], 3, axis=-1)
    zoom = max(1, 128 // pixels.shape[1])
    pixels = pixels.repeat(zoom, axis=1).repeat(zoom, axis=2)
    count, height, width, _ = pixels.shape
    columns = min(columns, count)
    rows = -(-count // columns)
    gap = 2
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, 3), 255, np.uint8)
    for index, picture in enumerate(pixels):
        top, left = (index // columns) * (height + gap), (index % columns) * (width + gap)
        sheet[top : top + height, left : left + width] = picture
    return Image.fromarray(sheet)
