"""What a self-test found, as rows of a table; and which lines on standard error are no fault."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

# What Qt, PortAudio and drivers say on machines without a screen, a sound card or a session bus.
_HARMLESS = (
    re.compile(r"This plugin does not support (propagateSizeHints|raise)"),
    re.compile(r"QStandardPaths: (XDG_RUNTIME_DIR|runtime directory)"),
    re.compile(r"PulseAudioService|No audio device detected"),
    re.compile(r"^(ALSA lib|Cannot connect to server|jack server|JackShm)", re.IGNORECASE),
    re.compile(r"Expression '.*' failed in 'src/hostapi/"),
    # A locale without UTF-8: Qt takes C.UTF-8 and says so in four lines.
    re.compile(r"^Detected locale \".*\" with character encoding"),
    re.compile(r"^Qt depends on a UTF-8 locale"),
    re.compile(r"^If this causes problems, reconfigure your locale|^for more information\.$"),
    re.compile(r"qt\.qpa\.plugin: Could not find the Qt platform plugin \"wayland"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was tried: what, whether it worked, how long it took (seconds), and a figure or reason.

    ``needed``: a failure fails the whole test; without, it is a part that the machine does not have.
    """

    name: str
    ok: bool
    seconds: float = 0.0
    note: str = ""
    needed: bool = True


@dataclass(slots=True)
class Outcome:
    """All rows of a run and what was written to standard error."""

    rows: list[Row] = field(default_factory=list)
    stderr: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The outcome as one JSON document."""
        return {"ok": overall(self), "rows": [asdict(row) for row in self.rows], "stderr": self.stderr}


def overall(outcome: Outcome) -> bool:
    """Whether everything needed worked and nothing unexpected stood on standard error."""
    return bool(outcome.rows) and not outcome.stderr and all(row.ok or not row.needed for row in outcome.rows)


def unexpected_lines(text: str | Iterable[str]) -> list[str]:
    """Lines of standard error that no machine without screen, sound or session bus would explain."""
    lines = text.splitlines() if isinstance(text, str) else text
    return [
        line.rstrip()
        for line in lines
        if line.strip() and not any(pattern.search(line) for pattern in _HARMLESS)
    ]
