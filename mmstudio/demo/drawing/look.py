"""What a product looks like: the facts its picture is drawn from."""

from __future__ import annotations

from dataclasses import dataclass

from .patterns import Pattern, pattern


@dataclass(frozen=True)
class Look:
    """Shape, colours and pattern of one product.

    Attributes:
        kind: which product it is ("mug", "rug" …).
        shape: variant of the kind.
        colours: "#rrggbb"; ground first, then motif colours.
        motif: name of the pattern.
        accent: colour of the secondary material (lid, cord, leather, wood).
        scale: size of the motif.
        paper: backdrop colour.
        seed: makes irregular patterns differ between products.
    """

    kind: str
    shape: str
    colours: tuple[str, ...]
    motif: str
    accent: str
    scale: float
    paper: str
    seed: int

    def skin(self, height: float = 500.0, scale: float = 1.0) -> Pattern:
        return pattern(self.motif, list(self.colours), self.seed, self.scale * scale, height)
