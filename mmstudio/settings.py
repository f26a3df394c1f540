"""What the person chose, typed, in one TOML file."""

from __future__ import annotations

import json
import logging
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mmstudio.atomic import write_text
from mmstudio.paths import config_dir

log = logging.getLogger(__name__)
_RECENT = 8


class Settings(BaseModel):
    """The person's choices. Unknown keys are kept, wrong values fall back to the default."""

    model_config = ConfigDict(extra="allow", validate_assignment=True)

    language: Literal["system", "en", "zh_CN"] = "system"
    theme: Literal["system", "light", "dark"] = "system"
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    reduce_motion: bool = False
    volume: float = Field(default=0.8, ge=0.0, le=1.0)
    recent_libraries: list[str] = Field(default_factory=list)
    last_pane: str = "library"
    rail_collapsed: bool = False
    inspector_visible: bool = True
    window_geometry: str = ""
    reviewer: str = ""
    voice_engine: str = "auto"  # "auto", or the key of a speech engine
    voice_en: str = ""  # id of the voice for English; "" is the engine's own choice
    voice_zh: str = ""
    voice_rate: float = Field(default=1.0, ge=0.5, le=2.0)
    voice_pitch: float = Field(default=1.0, ge=0.5, le=2.0)
    piper_voice: str = ""  # an .onnx file with its .onnx.json beside it
    writing_engine: str = "facts"  # "facts", "folder" or "server"
    writing_folder: str = ""  # a transformers folder
    writing_server: str = "http://localhost:11434"  # an OpenAI-compatible server on this computer
    writing_model: str = ""  # the server's model; "" is its first
    augment_recipes: list[str] = Field(default_factory=list)  # the person's presets, each as JSON

    def remember(self, library: Path) -> None:
        """Put a library at the head of the recent ones."""
        path = str(library)
        self.recent_libraries = [path, *(p for p in self.recent_libraries if p != path)][:_RECENT]


def settings_file() -> Path:
    """The settings file; it may not exist yet."""
    return config_dir() / "settings.toml"


def load_settings() -> Settings:
    """Read the settings; a damaged file or value gives defaults and a line in the log, never an error."""
    try:
        raw = tomllib.loads(settings_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        log.info("settings could not be read, defaults are used: %s", error)
        return Settings()
    settings = Settings()
    for key, value in raw.items():
        try:
            setattr(settings, key, value)
        except ValidationError:
            log.info("setting %s has an unusable value and keeps its default", key)
    return settings


def save_settings(settings: Settings) -> None:
    """Write the settings atomically."""
    lines = [f"{key} = {_toml(value)}" for key, value in settings.model_dump().items()]
    write_text(settings_file(), "\n".join(lines) + "\n")


def _toml(value: Any) -> str:
    # JSON's booleans, numbers, strings and arrays of strings are valid TOML too.
    return json.dumps(value, ensure_ascii=False)
