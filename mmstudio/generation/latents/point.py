"""One place in a model's latent space, as plain numbers: what a person plays with and what a recipe keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mmstudio.errors import UsageError

MOST = 3.0  # units a slider goes to either side
MOST_STAGES = 64


@dataclass(frozen=True, slots=True)
class Point:
    """A picture before it is drawn; the same point gives the same picture.

    Attributes:
        seed: of the latent, unless ``base`` replaces it.
        truncation: 0 is the model's middle, 1 what it learned, above 1 wilder.
        sliders: key → amount, −3…3; 0 and missing are the same.
        base: float32 numbers, L or S·L of them, instead of the seed's latent (projection, in-between).
        fine_seed, fine: the latent that stages from ``fine_from`` on take, as a seed or as L or S·L numbers:
            style mixing (Karras et al., CVPR 2019, section 3.1).
        condition: {"tags": [names], "palette": [[r, g, b], …], "vector_of": asset or item id}, all optional;
            "vector" is a fused vector itself, instead of "vector_of", told by "vector_share" (0 to 1).
    """

    seed: int = 0
    truncation: float = 1.0
    sliders: dict[str, float] = field(default_factory=dict)
    base: list[float] | None = None
    fine_seed: int | None = None
    fine_from: int = 0
    fine: list[float] | None = None
    condition: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Plain JSON; what is as by default is left out."""
        data: dict[str, Any] = {"seed": self.seed}
        if self.truncation != 1.0:
            data["truncation"] = self.truncation
        moved = {key: amount for key, amount in self.sliders.items() if amount}
        if moved:
            data["sliders"] = moved
        if self.base is not None:
            data["base"] = list(self.base)
        if self.fine_seed is not None or self.fine is not None:
            data["fine_from"] = self.fine_from
            data |= {"fine_seed": self.fine_seed} if self.fine is None else {"fine": list(self.fine)}
        if any(self.condition.values()):
            data["condition"] = dict(self.condition)
        return data

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Point:
        """From :meth:`as_json`.

        Raises:
            UsageError: not a point.
        """
        try:
            return cls(
                seed=int(data.get("seed", 0)),
                truncation=float(data.get("truncation", 1.0)),
                sliders={str(key): float(amount) for key, amount in data.get("sliders", {}).items()},
                base=_numbers(data.get("base")),
                fine_seed=None if data.get("fine_seed") is None else int(data["fine_seed"]),
                fine_from=min(MOST_STAGES, max(0, int(data.get("fine_from", 0)))),
                fine=_numbers(data.get("fine")),
                condition=dict(data.get("condition") or {}),
            )
        except (TypeError, ValueError, AttributeError, OverflowError) as error:
            raise UsageError(
                "This is not a place in a model's latent space.", hint="Start from a seed instead."
            ) from error

    def slid(self, key: str, amount: float) -> Point:
        """The same with one slider at ``amount``, kept within −3…3."""
        return replace(self, sliders={**self.sliders, key: min(MOST, max(-MOST, amount))})


def _numbers(values: Any) -> list[float] | None:
    if values is None:
        return None
    numbers = [float(value) for value in values]
    if not all(abs(number) < 1e6 for number in numbers):  # also refuses NaN
        raise ValueError("not finite")
    return numbers
