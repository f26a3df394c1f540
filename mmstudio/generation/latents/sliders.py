"""Directions in a model's latent space that a person can move along."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.generation.latents.space import Floats, Space

Group = Literal["look", "tag", "found"]
COLOURS = ("lighter", "warmer", "colourful")  # what "keep the colours" keeps in a model with one latent


@dataclass(frozen=True, slots=True)
class Slider:
    """One direction.

    Attributes:
        key: "warmer", "tag:NAME", "found:1" …; what points keep.
        label: English for groups "look" and "found" (show through ``tr``), the tag's name for "tag".
        group: "look" (what can be measured on a picture), "tag", or "found" (what the network turns on).
        said: how well it does what it says: a marked sentence and its values (a marked word, or several), so
            that what is kept follows the language.
        strength: correlation of what it predicts with what is measured, on pictures not fitted to; of a
            found one the mean change of a pixel from one side to the other; 0…1.
    """

    key: str
    label: str
    group: Group
    said: tuple[str, dict[str, Any]] = ("", {})
    strength: float = 0.0

    @property
    def why(self) -> str:
        """:attr:`said` in the person's language."""
        sentence, values = self.said
        return tr(sentence, **{name: _word(value) for name, value in values.items()}) if sentence else ""


@dataclass(slots=True)
class Found:
    """All sliders of a model with their directions, float32[S or 1, L] each, per unit of the slider."""

    sliders: list[Slider]
    directions: dict[str, Floats]

    def direction(self, key: str) -> Floats | None:
        """float32[S or 1, L], or None for a key this model does not have."""
        return self.directions.get(key)

    def colour_basis(self, space: Space) -> Floats | None:
        """float32[K, L], orthonormal in whitened space: the plane of the colour sliders."""
        rows = [space.white_step(self.directions[key].mean(0)) for key in COLOURS if key in self.directions]
        if not rows:
            return None
        q, _ = np.linalg.qr(np.stack(rows).astype(np.float64).T)
        return np.asarray(q.T, np.float32)


def _word(value: Any) -> Any:
    if isinstance(value, list):
        return ", ".join(tr(word).lower() for word in value)
    return tr(value) if isinstance(value, str) else value
