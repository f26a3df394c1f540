"""Writers behind one contract: the facts writer, a local model's folder, a local server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmstudio.generation.copywriting.engines.asking import Ask, LanguageModel
from mmstudio.generation.copywriting.engines.folder import FolderEngine
from mmstudio.generation.copywriting.engines.server import ServerEngine

if TYPE_CHECKING:
    from mmstudio.settings import Settings

__all__ = ["Ask", "FolderEngine", "LanguageModel", "ServerEngine", "language_models"]


def language_models(settings: Settings) -> list[LanguageModel]:
    """The folder and the server of the settings, read anew at every question; nothing is loaded."""
    return [
        FolderEngine(lambda: settings.writing_folder, settings.device),
        ServerEngine(lambda: settings.writing_server, lambda: settings.writing_model),
    ]
