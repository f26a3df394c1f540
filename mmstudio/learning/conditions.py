"""What a picture or a sound is described by beside its latent: tags, a palette, a fused vector, tempo, key.
Knows no torch.

A condition is one row of numbers in groups. Each group ends in a flag that is 1 where it is known and 0 where
it is not (all its numbers are then 0), so that every group can be left out, in training and later.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

RGB = Sequence[int]
TEMPO, KEY = 3, 13  # numbers of a tempo and of a key, without their flags


@dataclass(frozen=True, slots=True)
class Conditions:
    """The groups of a model.

    Attributes:
        tags: names; one number each, 1 where the picture has the tag.
        palette: how many main colours, in OKLab (lightness, a, b), the largest share first.
        vector: length of the fused vector.
        tempo: whether a sound's beats per minute are told; key: whether its key is.
    """

    tags: tuple[str, ...] = ()
    palette: int = 0
    vector: int = 0
    tempo: bool = False
    key: bool = False

    @classmethod
    def of(cls, data: dict[str, Any]) -> Conditions:
        """From ``ModelConfig.condition``."""
        tags = tuple(map(str, data.get("tags", ())))
        numbers = int(data.get("palette", 0)), int(data.get("vector", 0))
        return cls(tags, *numbers, bool(data.get("tempo", False)), bool(data.get("key", False)))

    def as_json(self) -> dict[str, Any]:
        """For ``ModelConfig.condition``; empty where there is no group."""
        if not self.width:
            return {}
        found = {"tags": list(self.tags), "palette": self.palette, "vector": self.vector}
        told = {"tempo": self.tempo, "key": self.key}
        return found | {name: True for name, is_told in told.items() if is_told}

    @property
    def groups(self) -> list[slice]:
        """Where tags, palette, vector, tempo and key lie in a row; what a model does not have is left out."""
        lengths = [len(self.tags), 3 * self.palette, self.vector, TEMPO * self.tempo, KEY * self.key]
        found, first = [], 0
        for length in lengths:
            if length:
                found.append(slice(first, first + length + 1))
                first += length + 1
        return found

    @property
    def width(self) -> int:
        """Numbers in a row; 0 for an unconditional model."""
        return self.groups[-1].stop if self.groups else 0

    def row(
        self,
        tags: Iterable[str] | None = None,
        palette: Sequence[RGB] | None = None,
        vector: NDArray[np.float32] | None = None,
        tempo: float | None = None,
        key: int | None = None,
        share: float = 1.0,
    ) -> NDArray[np.float32]:
        """float32[width]; groups given as None (an empty palette, an unknown vector too) stay unknown.

        Args:
            tags: the picture's tags; ones the model does not know are ignored.
            palette: RGB 0–255, most common first; repeated where there are fewer than the model takes.
            vector: float32[``self.vector``], brought to unit length times √length.
            tempo: beats per minute, above 0: octaves from 120, and where in its octave it lies (a beat
                counted twice as fast is nearly the same beat).
            key: 0–11 the major keys from C, 12–23 the minor ones.
            share: 0 to 1, how far the vector is told: its numbers and its flag are that much of what they are
                when it is known. The embedding of a row is linear, so this is the straight way between a
                picture that is told nothing of it (0) and one that is told all (1).
        """
        from mmstudio.media.oklab import srgb_to_oklab

        row = np.zeros(self.width, np.float32)
        first = 0
        if self.tags:
            if tags is not None:
                has = set(tags)
                row[: len(self.tags)] = [tag in has for tag in self.tags]
                row[len(self.tags)] = 1.0
            first = len(self.tags) + 1
        if self.palette:
            if palette:
                colours = [palette[min(i, len(palette) - 1)] for i in range(self.palette)]
                lab = srgb_to_oklab(np.asarray([colours], np.uint8), np.float32)[0]
                # Lightness about -1…1, colour axes to the same order.
                row[first : first + 3 * self.palette] = ((lab - [0.5, 0, 0]) * [2, 5, 5]).ravel()
                row[first + 3 * self.palette] = 1.0
            first += 3 * self.palette + 1
        if self.vector and vector is not None and (length := float(np.linalg.norm(vector))) > 0:
            row[first : first + self.vector] = vector * (share * self.vector**0.5 / length)
            row[first + self.vector] = share
        first += self.vector + 1 if self.vector else 0
        if self.tempo:
            if tempo is not None and tempo > 0:
                octaves = float(np.log2(tempo / 120.0))
                turn = 2 * np.pi * octaves
                row[first : first + TEMPO + 1] = octaves, np.cos(turn), np.sin(turn), 1.0
            first += TEMPO + 1
        if self.key and key is not None and 0 <= key < 24:
            row[first + key % 12] = 1.0
            row[first + 12] = 1.0 if key >= 12 else -1.0
            row[first + KEY] = 1.0
        return row
