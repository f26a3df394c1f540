"""Recipes: one folder each, a TOML file with scenes and places, and the names of the steps that fill them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from mmstudio.errors import NotFound, StudioError
from mmstudio.paths import data_dir, resource

SHAPES = ("square", "tall", "wide")


@dataclass(frozen=True, slots=True)
class Recipe:
    """A way to compose; see ``resources/recipes/*/recipe.toml``."""

    name: str
    label: str
    summary: str
    size: tuple[int, int]
    fps: int
    steps: tuple[str, ...]
    scenes: tuple[dict[str, Any], ...]
    layouts: dict[str, dict[str, dict[str, Any]]] = field(hash=False)
    folder: Path

    def places(self, shape: str, scene: str) -> dict[str, Any]:
        """The places of a scene on a canvas shape, by slot."""
        return self.layouts.get(shape, {}).get(scene, {})


def recipe_folders() -> list[Path]:
    """Where recipes are looked for: the program's own, then the person's (same name: theirs wins)."""
    return [resource("recipes"), data_dir() / "recipes"]


def recipes() -> list[Recipe]:
    """Every recipe that can be read, by name."""
    found: dict[str, Recipe] = {}
    for base in recipe_folders():
        if not base.is_dir():
            continue
        for folder in sorted(base.iterdir()):
            file = folder / "recipe.toml"
            if file.is_file():
                try:
                    made = read_recipe(file)
                except StudioError:
                    continue  # a broken recipe of one's own must not hide the others
                found[made.name] = made
    return sorted(found.values(), key=lambda recipe: recipe.name)


def get_recipe(name: str) -> Recipe:
    """A recipe by name.

    Raises:
        NotFound: no recipe of that name can be read.
    """
    for base in reversed(recipe_folders()):
        file = base / name / "recipe.toml"
        if "/" not in name and "\\" not in name and file.is_file():
            return read_recipe(file)
    names = ", ".join(recipe.name for recipe in recipes())
    raise NotFound("There is no recipe named {name}.", hint="Choose one of: {names}.", name=name, names=names)


def read_recipe(file: Path) -> Recipe:
    """Read one ``recipe.toml``.

    Raises:
        StudioError: the file is no recipe.
    """
    return _read(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _read(file: Path, _changed: int) -> Recipe:
    try:
        data = tomllib.loads(file.read_text("utf-8"))
        scenes = tuple(data["scenes"])
        if not scenes or any("name" not in s or float(s["duration"]) <= 0 for s in scenes):
            raise KeyError("scenes")
        return Recipe(
            name=str(data["name"]),
            label=str(data.get("label", data["name"])),
            summary=str(data.get("summary", "")),
            size=(int(data["size"][0]), int(data["size"][1])),
            fps=int(data.get("fps", 30)),
            steps=tuple(str(step) for step in data["steps"]),
            scenes=scenes,
            layouts=dict(data.get("layouts", {})),
            folder=file.parent,
        )
    except (
        OSError,
        UnicodeDecodeError,
        tomllib.TOMLDecodeError,
        KeyError,
        TypeError,
        ValueError,
        IndexError,
    ) as error:
        raise StudioError(
            "The recipe {name} cannot be read.", hint="Check its recipe.toml.", name=file.parent.name
        ) from error
