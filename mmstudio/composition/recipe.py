"""Recipes: one folder each, a TOML file with scenes and places, and the names of the steps that fill them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

from mmstudio.composition.inputs import Need
from mmstudio.composition.storyboard import layer_from_dict
from mmstudio.errors import NotFound, StudioError, UsageError
from mmstudio.i18n import mark
from mmstudio.paths import data_dir, resource

SHAPES = ("square", "tall", "wide")
_NEAREST = {"strip": "wide", "flat": "wide", "tower": "tall"}  # very flat and very narrow canvases
Group = Literal["recommendation", "entertainment", "education", "medicine", "interaction", "marketing"]
GROUPS: dict[Group, str] = {
    "marketing": mark("Marketing"),
    "recommendation": mark("Recommendation"),
    "entertainment": mark("Entertainment"),
    "education": mark("Education"),
    "medicine": mark("Medicine"),
    "interaction": mark("Interaction"),
}
_PICTURES = ("picture.webp", "picture.png", "picture.svg")
_FAMILIAR = 40  # of what is named in a message


@dataclass(frozen=True, slots=True)
class Option:
    """A wish that only one recipe knows; ``[options.NAME]`` in its recipe.toml.

    ``kind``: "int" and "float" between ``least`` and ``most``, "choice" one of ``choices``, "bool", "text".
    """

    name: str
    label: str
    kind: Literal["int", "float", "choice", "bool", "text"] = "text"
    default: Any = ""
    least: float = 0.0
    most: float = 100.0
    choices: tuple[str, ...] = ()
    help: str = ""

    def value(self, given: object) -> Any:
        """The given value in its type. Raises UsageError outside of what is possible."""
        text = str(given).strip()
        try:
            if self.kind == "bool":
                return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[
                    text.lower()
                ]
            if self.kind == "choice" and text in self.choices:
                return text
            if self.kind in ("int", "float"):
                number = int(text) if self.kind == "int" else float(text)
                if self.least <= number <= self.most:
                    return number
            if self.kind == "text":
                return text[:2000]
        except (KeyError, ValueError):
            pass
        raise UsageError(
            "{name} cannot be {value}.",
            hint="Use {possible}.",
            name=self.name,
            value=text[:_FAMILIAR],
            possible=self.possible(),
        )

    def possible(self) -> str:
        """What it may be, in one line."""
        if self.kind == "bool":
            return "yes, no"
        return ", ".join(self.choices) if self.kind == "choice" else f"{self.least:g} … {self.most:g}"


@dataclass(frozen=True, slots=True)
class Recipe:
    """A way to compose; see ``resources/recipes/*/recipe.toml``.

    Attributes:
        needs: what must be given; takes: what may be given besides (see ``Need``).
        group: the use it serves. picture: its picture, None where its folder has none.
        channels: names of the channels it is usually exported for.
        pages: its scenes are pages that stand still.
        own: from the person's own folder, not from the program's.
    """

    name: str
    label: str
    summary: str
    size: tuple[int, int]
    fps: int
    steps: tuple[str, ...]
    scenes: tuple[dict[str, Any], ...]
    layouts: dict[str, dict[str, dict[str, Any]]] = field(hash=False)
    folder: Path
    needs: tuple[Need, ...] = ("item",)
    takes: tuple[Need, ...] = ()
    group: Group = "marketing"
    picture: Path | None = None
    channels: tuple[str, ...] = ()
    pages: bool = False
    options: dict[str, Option] = field(default_factory=dict, hash=False)
    own: bool = False

    def places(self, shape: str, scene: str) -> dict[str, Any]:
        """The places of a scene on a canvas shape, by slot.

        ``strip``, ``flat`` and ``tower`` take those of ``wide`` and ``tall`` where the recipe has none.
        """
        own = self.layouts.get(shape, {}).get(scene)
        return own if own is not None else self.layouts.get(_NEAREST.get(shape, ""), {}).get(scene, {})

    def scene(self, name: str) -> dict[str, Any] | None:
        """The plain scene or pattern of a name; None when there is none."""
        return next((plain for plain in self.scenes if plain["name"] == name), None)

    def binds(self) -> set[str]:
        """The copy slots that its texts are bound to."""
        return {
            str(layer["bind"])
            for scene in self.scenes
            for layer in scene.get("layers", [])
            if layer.get("bind")
        }

    def option(self, name: str, given: Mapping[str, Any]) -> Any:
        """The value of an option: the given one, else its default."""
        option = self.options[name]
        return option.value(given[name]) if name in given else option.default


@dataclass(frozen=True, slots=True)
class BrokenRecipe:
    """A recipe folder that cannot be used, and why."""

    name: str
    folder: Path
    reason: str


def recipe_folders() -> list[Path]:
    """Where recipes are looked for: the program's own, then the person's (same name: theirs wins)."""
    return [resource("recipes"), data_dir() / "recipes"]


def recipes() -> list[Recipe]:
    """Every recipe that can be read, by name; see :func:`broken_recipes` for the others."""
    return _look()[0]


def broken_recipes() -> list[BrokenRecipe]:
    """Recipe folders that cannot be used, each with the reason as a sentence."""
    return _look()[1]


def _look() -> tuple[list[Recipe], list[BrokenRecipe]]:
    found: dict[str, Recipe] = {}
    broken: list[BrokenRecipe] = []
    for base in recipe_folders():
        if not base.is_dir():
            continue
        for folder in sorted(base.iterdir()):
            file = folder / "recipe.toml"
            if not folder.is_dir() or folder.name.startswith("."):
                continue
            try:
                made = read_recipe(file)
                found[made.name] = made
            except StudioError as error:  # a broken recipe of one's own must not hide the others
                broken.append(BrokenRecipe(folder.name, folder, f"{error} {error.hint or ''}".strip()))
    return sorted(found.values(), key=lambda recipe: recipe.name), broken


def for_items(found: list[Recipe]) -> list[Recipe]:
    """Those that an item alone is enough for, the ad first."""
    able = [recipe for recipe in found if recipe.needs and set(recipe.needs) <= {"item", "items"}]
    return sorted(able, key=lambda recipe: recipe.name != "product-ad")


def get_recipe(name: str) -> Recipe:
    """A recipe by name.

    Raises:
        NotFound: no recipe has that name. StudioError: it is there and cannot be read.
    """
    for base in reversed(recipe_folders()):
        file = base / name / "recipe.toml"
        if name and "/" not in name and "\\" not in name and file.is_file():
            return read_recipe(file)
    names = ", ".join(recipe.name for recipe in recipes())
    raise NotFound(
        "There is no recipe named {name}.", hint="Choose one of: {names}.", name=name[:_FAMILIAR], names=names
    )


def read_recipe(file: Path) -> Recipe:
    """Read one ``recipe.toml``.

    Raises:
        StudioError: the file is no recipe; its hint says what is wrong.
    """
    try:
        changed = file.stat().st_mtime_ns
    except OSError as error:
        raise _unreadable(file, "recipe.toml") from error
    return _read(file, changed)


def _unreadable(file: Path, what: str) -> StudioError:
    return StudioError(
        "The recipe {name} cannot be read.",
        hint="Check its recipe.toml: {what}.",
        name=file.parent.name,
        what=what[:200],
    )


@lru_cache(maxsize=64)
def _read(file: Path, _changed: int) -> Recipe:
    from mmstudio.composition.steps import STEPS

    try:
        data = tomllib.loads(file.read_text("utf-8"))
        scenes = tuple(data["scenes"])
        if not scenes or any("name" not in s or not 0 < float(s["duration"]) < 3600 for s in scenes):
            raise KeyError("scenes")
        for number, scene in enumerate(scenes):
            for layer in scene.get("layers", []):
                _check_layer(scene["name"], layer)
            if number != [s["name"] for s in scenes].index(scene["name"]):
                raise ValueError(f"scenes: {scene['name']}")
        steps = tuple(str(step) for step in data["steps"])
        if strange := [step for step in steps if step not in STEPS]:
            raise ValueError(f"steps: {', '.join(strange)}")
        size = (int(data["size"][0]), int(data["size"][1]))
        if not all(64 <= side <= 8192 for side in size):
            raise ValueError(f"size: {size[0]} × {size[1]}")
        group = data.get("group", "marketing")
        if group not in GROUPS:
            raise ValueError(f"group: {group}")
        own = not file.is_relative_to(resource("recipes"))
        pictures = (file.parent / name for name in _PICTURES)
        return Recipe(
            name=file.parent.name if own else str(data["name"]),
            label=str(data.get("label", data["name"])),
            summary=str(data.get("summary", "")),
            size=size,
            fps=min(max(int(data.get("fps", 30)), 1), 60),
            steps=steps,
            scenes=scenes,
            layouts=dict(data.get("layouts", {})),
            folder=file.parent,
            needs=_needs(data, "needs", ("item",)),
            takes=_needs(data, "takes", ()),
            group=group,
            picture=next((picture for picture in pictures if picture.is_file()), None),
            channels=tuple(str(name) for name in data.get("channels", ())),
            pages=bool(data.get("pages", False)),
            options={name: _option(name, entry) for name, entry in data.get("options", {}).items()},
            own=own,
        )
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(file, "UTF-8") from error
    except KeyError as error:
        raise _unreadable(file, str(error).strip("'")) from error
    except (tomllib.TOMLDecodeError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise _unreadable(file, str(error)) from error


def _needs(data: Mapping[str, Any], key: str, default: tuple[Need, ...]) -> tuple[Need, ...]:
    names = tuple(data.get(key, default))
    if strange := [name for name in names if name not in get_args(Need)]:
        raise ValueError(f"{key}: {', '.join(map(str, strange))}")
    return names


def _check_layer(scene: str, entry: Mapping[str, Any]) -> None:
    try:
        layer_from_dict(entry)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{scene}: {entry.get('name', '?')}: {error}") from error


def _option(name: str, entry: Mapping[str, Any]) -> Option:
    kind = entry.get("kind", "text")
    if kind not in ("int", "float", "choice", "bool", "text"):
        raise ValueError(f"options.{name}.kind: {kind}")
    return Option(
        name=name,
        label=str(entry.get("label", name)),
        kind=kind,
        default=entry.get("default", ""),
        least=float(entry.get("least", 0.0)),
        most=float(entry.get("most", 100.0)),
        choices=tuple(str(choice) for choice in entry.get("choices", ())),
        help=str(entry.get("help", "")),
    )
