"""Where things are: resources in a checkout, a wheel or a frozen bundle; the program's own folders."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import platformdirs

_PACKAGE = Path(__file__).resolve().parent


def _data_root() -> Path:
    bundle = getattr(sys, "_MEIPASS", None)
    for root in ([Path(bundle)] if bundle else []) + [_PACKAGE.parent, _PACKAGE / "_data"]:
        if (root / "resources" / "translations").is_dir():
            return root
    return _PACKAGE.parent


def resource(*parts: str) -> Path:
    """A file or folder inside ``resources/``."""
    return _data_root().joinpath("resources", *parts)


def starter_models() -> Path:
    """The folder of starter models that ship with the program."""
    return _data_root() / "models"


def packaged(name: str) -> Path:
    """A file of packaging/ that the program reads; it may be missing."""
    return _data_root() / "packaging" / name


def _own(kind: str, default: Path) -> Path:
    home = os.environ.get("MMSTUDIO_HOME")
    return Path(home) / kind if home else default


def config_dir() -> Path:
    """Settings; not created here."""
    return _own("config", platformdirs.user_config_path("mmstudio", appauthor=False))


def data_dir() -> Path:
    """The user's own data of the program (models, sample library); not created here."""
    return _own("data", platformdirs.user_data_path("mmstudio", appauthor=False))


def cache_dir() -> Path:
    """What may be deleted at any time; not created here."""
    return _own("cache", platformdirs.user_cache_path("mmstudio", appauthor=False))


def log_dir() -> Path:
    """Log files; not created here."""
    return _own("log", platformdirs.user_log_path("mmstudio", appauthor=False))


def user_models_dir() -> Path:
    """Models the person added (downloaded or imported weights); not created here."""
    return data_dir() / "models"
