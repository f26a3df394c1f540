"""Read back what a file says of its origin, and whether its signature holds."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from mmstudio.errors import NotFound
from mmstudio.media.metadata import read_stamp

Signature = Literal["none", "valid", "trusted", "invalid"]


@dataclass(slots=True)
class Verdict:
    """What was found in one file.

    Attributes:
        file: its name. sha256: of its bytes. record: what the studio, or another program, wrote inside.
        digital_source_type: IPTC, "" where the file says nothing.
        signature: C2PA: none, valid (whole, by a certificate nobody vouches for), trusted, invalid.
        signer: name in the certificate. listed: whether a manifest beside it lists exactly these bytes (None:
            no manifest lists it).
        problems: sentences; empty where all is well.
    """

    file: str
    sha256: str = ""
    record: dict[str, Any] = field(default_factory=dict)
    digital_source_type: str = ""
    signature: Signature = "none"
    signer: str = ""
    sidecar: bool = False
    listed: bool | None = None
    problems: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """As JSON-able data."""
        return asdict(self)


def verify(path: str | Path, trust: str = "") -> Verdict:
    """Read one file back. ``trust``: PEM certificates of authorities whose signatures count as trusted.

    Raises NotFound where there is no file; what cannot be read inside is a problem of the verdict.
    """
    path = Path(path)
    if not path.is_file():
        raise NotFound("There is no file {path}.", path=str(path))
    record = read_stamp(path)
    return Verdict(path.name, record=record, digital_source_type=str(record.get("digital_source_type", "")))
