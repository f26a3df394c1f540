"""What was found out about a model's latents, kept beside the models of the library: one file per weights."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.atomic import atomic_path
from mmstudio.errors import StudioError
from mmstudio.generation.latents.sliders import Found, Slider

if TYPE_CHECKING:
    from mmstudio.generation.latents.player import Player
    from mmstudio.generation.latents.space import Floats
    from mmstudio.generation.latents.tags import TagProbes

log = logging.getLogger(__name__)
FORMAT = 2


class Book:
    """A cache: what it cannot read is found out again, what it cannot write is forgotten at the end.

    Args:
        folder: where the files go. writes: False where the library is open for reading only.
        probes: learns the library's tags as measures of a picture; None for none.
    """

    def __init__(self, folder: Path, *, writes: bool = True, probes: TagProbes | None = None) -> None:
        self.folder, self.writes, self.probes = folder, writes, probes

    def sliders(self, player: Player) -> Found | None:
        """The sliders kept for these weights, or None; they may be of earlier tags."""
        tensors, notes = self.read(player, "sliders")
        try:
            known = [Slider(**{**slider, "said": tuple(slider["said"])}) for slider in notes["sliders"]]
            return Found(known, {slider.key: tensors[slider.key] for slider in known})
        except (KeyError, TypeError):
            return None

    def is_fresh(self, player: Player) -> bool:
        """True where sliders are kept and the library still has the tags they were found with."""
        _, notes = self.read(player, "sliders")
        return bool(notes) and notes.get("mark") == self._mark()

    def _mark(self) -> str:
        return "" if self.probes is None else self.probes.mark()

    def keep_sliders(self, player: Player, found: Found) -> None:
        """Write what :meth:`sliders` reads."""
        sliders = [
            {"key": s.key, "label": s.label, "group": s.group, "said": s.said, "strength": s.strength}
            for s in found.sliders
        ]
        self.write(player, "sliders", found.directions, {"sliders": sliders, "mark": self._mark()})

    def read(self, player: Player, what: str) -> tuple[dict[str, Floats], dict[str, Any]]:
        """(arrays, notes) of :meth:`write`; both empty where there is nothing usable."""
        from safetensors import SafetensorError, safe_open

        path = self._path(player, what)
        if not player.fingerprint or not path.is_file():
            return {}, {}
        try:
            with safe_open(path, framework="np") as file:
                notes = json.loads((file.metadata() or {}).get("json", "{}"))
                if notes.get("format") != FORMAT or notes.get("weights") != player.fingerprint:
                    return {}, {}
                return {key: file.get_tensor(key) for key in file.keys()}, notes  # noqa: SIM118
        except (SafetensorError, OSError, ValueError) as error:
            log.info("cannot read %s: %s", path.name, error)
            return {}, {}

    def write(self, player: Player, what: str, arrays: dict[str, Floats], notes: dict[str, Any]) -> None:
        """Keep arrays and JSON notes for these weights; those of earlier weights go."""
        from safetensors.numpy import save_file

        if not self.writes or not player.fingerprint:
            return
        path = self._path(player, what)
        notes = {**notes, "format": FORMAT, "weights": player.fingerprint}
        try:
            whole = {key: np.ascontiguousarray(value, np.float32) for key, value in arrays.items()}
            with atomic_path(path) as temporary:
                save_file(whole, temporary, metadata={"json": json.dumps(notes, ensure_ascii=False)})
            for old in path.parent.glob(f"{what}-*.safetensors"):
                if old.name != path.name:
                    old.unlink(missing_ok=True)
        except (OSError, StudioError) as error:
            log.info("cannot keep %s: %s", path.name, error)

    def _path(self, player: Player, what: str) -> Path:
        return self.folder / player.model_name / f"{what}-{player.fingerprint}.safetensors"
