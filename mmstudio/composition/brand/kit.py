"""A brand's look: colours, fonts, logo and its clear space, tone, disclaimers, smallest sizes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal

from mmstudio.errors import UsageError

if TYPE_CHECKING:
    from mmstudio.library import Library
    from mmstudio.library.brand_kits import BrandKitRow

Corner = Literal["top-left", "top-right", "bottom-left", "bottom-right", "none"]
CORNERS: tuple[Corner, ...] = ("top-left", "top-right", "bottom-left", "bottom-right", "none")
ROLES = ("primary", "secondary", "accent", "ink", "ground")
_HEX = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(slots=True)
class Disclaimer:
    """A sentence that must stand on what is published: in a language ("" every one), where a word is used."""

    text: str
    locale: str = ""
    when: str = ""


@dataclass(slots=True)
class BrandKit:
    """One look.

    Attributes:
        colours: role → ``#rrggbb``; roles of :data:`ROLES` and names of one's own.
        heading, body: font families ("" leaves the recipe's).
        logo: asset of the library; logo_on_dark: the one for dark grounds (None: the same).
        corner: where new storyboards get the logo; logo_width, logo_least: its width and its smallest
            width in fractions of the canvas' short side.
        clear_space: room round the logo in which nothing else stands, in fractions of the logo's height.
        tone: words for whoever writes ("warm, plain").
        least_text: smallest letter size in fractions of the canvas' short side.
        contrast, contrast_large: least WCAG 2.2 contrast of text and of large text.
    """

    name: str = ""
    colours: dict[str, str] = field(default_factory=dict)
    heading: str = ""
    body: str = ""
    logo: int | None = None
    logo_on_dark: int | None = None
    corner: Corner = "top-right"
    logo_width: float = 0.16
    logo_least: float = 0.08
    clear_space: float = 0.35
    tone: str = ""
    disclaimers: list[Disclaimer] = field(default_factory=list)
    least_text: float = 0.02
    contrast: float = 4.5
    contrast_large: float = 3.0
    id: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """The kit as JSON-able data, without name and id."""
        data = asdict(self)
        data.pop("id")
        data.pop("name")
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], name: str = "", id: int | None = None) -> BrandKit:  # noqa: A002 - the field's name
        """Rebuild what ``to_dict`` gave; unknown keys are left out.

        Raises:
            UsageError: a colour, a size or a corner makes no sense.
        """
        known = {spec.name for spec in fields(cls)} - {"name", "id", "disclaimers"}
        kit = cls(name=name, id=id, **{key: value for key, value in data.items() if key in known})
        try:
            kit.disclaimers = [
                Disclaimer(str(one["text"]), str(one.get("locale", "")), str(one.get("when", "")))
                for one in data.get("disclaimers", [])
            ]
        except (AttributeError, KeyError, TypeError) as error:
            raise UsageError("A disclaimer needs words.", hint="Give each its text.") from error
        kit.check()
        return kit

    def check(self) -> None:
        """Refuse values that make no sense. Raises UsageError."""
        for role, value in self.colours.items():
            if not isinstance(value, str) or not _HEX.fullmatch(value):
                raise UsageError(
                    "{value} is no colour for {role}.",
                    hint="Write colours as #rrggbb, such as #2255aa.",
                    value=str(value),
                    role=role,
                )
        if self.corner not in CORNERS:
            raise UsageError(
                "{value} is no place for a logo.",
                hint="Use one of: {names}.",
                value=str(self.corner),
                names=", ".join(CORNERS),
            )
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if not isinstance(value, int | float) or not low <= value <= high:
                raise UsageError(
                    "{name} of a brand kit goes from {low} to {high}.",
                    hint="Choose a value in this range.",
                    name=name,
                    low=low,
                    high=high,
                )


_RANGES: dict[str, tuple[float, float]] = {
    "logo_width": (0.02, 0.6),
    "logo_least": (0.01, 0.6),
    "clear_space": (0.0, 2.0),
    "least_text": (0.005, 0.2),
    "contrast": (1.0, 21.0),
    "contrast_large": (1.0, 21.0),
}


def kit_of(row: BrandKitRow) -> BrandKit:
    """The kit of a saved row. Raises UsageError."""
    return BrandKit.from_dict(row.data, row.name, row.id)


def kits(library: Library) -> list[BrandKit]:
    """Every kit of a library, by name."""
    return [kit_of(row) for row in library.brand_kits.list()]


def chosen_kit(library: Library) -> BrandKit | None:
    """The kit that new storyboards take, or None."""
    row = library.brand_kits.chosen()
    return None if row is None else kit_of(row)


def save_kit(library: Library, kit: BrandKit) -> BrandKit:
    """Keep a kit; gives it its id. Its disclaimers become allowed words: the fact guard lets them through.

    Raises UsageError (values, a name that is taken), NotFound (a logo).
    """
    kit.check()
    for asset_id in (kit.logo, kit.logo_on_dark):
        if asset_id is not None:
            library.assets.get(asset_id)
    kit.id = library.brand_kits.save(kit.name, kit.to_dict(), kit.id)
    for one in kit.disclaimers:
        if one.text.strip():
            library.brand.add("allow", one.text, one.locale)
    return kit
