"""What the dataset doctor says: plain data for the window and the shell."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Level = Literal["ok", "note", "warning", "blocker"]
LEVELS: tuple[Level, ...] = ("ok", "note", "warning", "blocker")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know before a training.

    Attributes:
        key: "nothing", "few", "identical", "copies" (same content), "near" (nearly the same), "small",
            "enough", "rights-unknown", "rights-forbid", "missing", "corrupt", "left-out", "shapes", "alpha".
        level: "ok", "note" (good to know), "warning" (worth a decision) or "blocker" (no training like this).
        count: how many media it is about.
        text, hint: what it is and what to do, in the person's language.
        assets: ids of those media, to be shown.
        leave_out: ids for ``Wish.leave_out`` that would mend it; empty where leaving out mends nothing (media
            that are left out in any case are only in ``assets``).
    """

    key: str
    level: Level
    count: int
    text: str
    hint: str = ""
    assets: list[int] = field(default_factory=list)
    leave_out: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DatasetReport:
    """What a training would learn from.

    Attributes:
        modality: "image" or "audio". query, size, fit, aspect: what was asked about.
        found: media the search finds, those with forbidding rights and missing files too.
        assets: ids that would be used (trained on or held out), in the order of the training.
        held: how many of them would be held out.
        findings: the worst first.
        expect: what to expect from so many pictures at this size, one or two sentences.
        advice: what to do, a sentence each.
        base: a starter model worth starting from, "" for none.
        seconds: how long ``steps`` steps would take here, judging by the model ``measured_by`` of the same
            family and size that was trained on this device; None where there is none.
        steps: of a training with the usual settings.
    """

    modality: str
    query: str
    size: int
    fit: str
    aspect: float
    found: int
    assets: list[int]
    held: int
    findings: list[Finding]
    expect: str = ""
    advice: list[str] = field(default_factory=list)
    base: str = ""
    seconds: float | None = None
    measured_by: str = ""
    steps: int = 0

    @property
    def usable(self) -> int:
        """How many media would be used."""
        return len(self.assets)

    @property
    def level(self) -> Level:
        """The worst level of the findings; "ok" without any."""
        return max((finding.level for finding in self.findings), key=LEVELS.index, default="ok")

    def as_json(self) -> dict[str, Any]:
        """Everything as plain JSON, ``usable`` and ``level`` with it."""
        return asdict(self) | {"usable": self.usable, "level": self.level}

    @classmethod
    def of(cls, data: dict[str, Any]) -> DatasetReport:
        """Back from :meth:`as_json`, as the job "dataset" returns it."""
        known = {key: value for key, value in data.items() if key in cls.__slots__}
        return cls(**known | {"findings": [Finding(**one) for one in data["findings"]]})


@dataclass(frozen=True, slots=True)
class Preview:
    """One picture as the network will see it, brought back to the model's aspect: H×W×3 uint8."""

    asset_id: int
    pixels: NDArray[np.uint8]
