"""What a person may ask of an export besides its channels: plain data that travels in a job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from mmstudio.errors import UsageError


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """Choices of one export. The defaults are the private ones.

    Attributes:
        keep_metadata: leave names, places and cameras of the sources in what is handed over with originals.
        blur_faces: blur the faces that are found in pictures and clips (what is not found is not blurred).
        mask_personal: mask e-mail addresses, phone, card and ID numbers in texts.
        label: a visible line that a model made parts of it: "auto" where the locale's law asks for it.
        sign_with: a PEM file with the person's certificate chain and key, for a C2PA manifest ("" for none).
        overwrite: "number" keeps what is there and numbers the new file, "replace" puts it in its place.
        trim: a film too long for its channel ends with the last scene that fits, instead of being refused.
        market: ISO 3166 code of the country it is made for, "" for any; rights are checked against it.
    """

    keep_metadata: bool = False
    blur_faces: bool = False
    mask_personal: bool = False
    label: Literal["auto", "always", "never"] = "auto"
    sign_with: str = ""
    overwrite: Literal["number", "replace"] = "replace"
    trim: bool = False
    market: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The options as JSON-able data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None) -> ExportOptions:
        """Rebuild what :meth:`to_dict` gave; None for the defaults. Raises UsageError for unknown names."""
        given = dict(data or {})
        if unknown := sorted(set(given) - {spec.name for spec in fields(cls)}):
            raise UsageError("An export has no option {names}.", names=", ".join(unknown))
        return cls(**given)
