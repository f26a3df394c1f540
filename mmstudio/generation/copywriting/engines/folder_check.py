"""Whether a folder holds a language model that may be loaded: looked at, not loaded."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmstudio.errors import StudioError
from mmstudio.i18n import mark

_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "spiece.model")
_MOST = 20_000_000  # bytes of a description
_HINT_FOLDER = mark("Choose a folder with config.json, tokenizer.json and *.safetensors.")


@dataclass(frozen=True, slots=True)
class FolderInfo:
    """A model that may be loaded: its kind ("llama", "qwen3"…) and how many bytes its weights have."""

    path: Path
    kind: str
    size: int


def look(folder: str) -> FolderInfo:
    """Check a folder in the transformers layout.

    Raises:
        StudioError: none is chosen, it is no such folder, has no safetensors weights (pickles are refused:
            they can run code), no tokenizer, or wants to run code of its own.
    """
    if not folder:
        raise StudioError("No model folder is chosen.", hint="Choose one in Preferences, under Writing copy.")
    path = Path(folder)
    if not path.is_dir():
        raise StudioError(
            "The model folder {name} is not there.", hint=_HINT_FOLDER, name=path.name or folder
        )
    if importlib.util.find_spec("transformers") is None:
        raise StudioError(
            "A language model needs the package transformers.", hint="pip install 'mmstudio[llm]'"
        )
    config = _json(path / "config.json")
    weights = sorted(path.glob("*.safetensors"))
    if config is None:
        if next(path.glob("*.gguf"), None) is not None:
            raise StudioError(
                "{name} holds a model for llama.cpp (GGUF).",
                hint="Run it with llama.cpp or Ollama and choose the local server instead.",
                name=path.name,
            )
        raise StudioError(
            "{name} is not a model's folder: it has no config.json.", hint=_HINT_FOLDER, name=path.name
        )
    if not weights:
        if any(next(path.glob(pattern), None) is not None for pattern in _PICKLES):
            raise StudioError(
                "{name} holds its weights as pickle files, which can run code, so it is not opened.",
                hint="Get the same model with *.safetensors weights.",
                name=path.name,
            )
        raise StudioError("{name} holds no weights.", hint=_HINT_FOLDER, name=path.name)
    _check_shards(path)
    if config.get("auto_map"):
        raise StudioError(
            "The model in {name} wants to run program code of its own, so it is not opened.",
            hint="Choose a model that transformers knows by itself.",
            name=path.name,
        )
    if not any((path / name).is_file() for name in _TOKENIZERS):
        raise StudioError(
            "{name} has no tokenizer, so the model cannot read or write words.",
            hint="Put the tokenizer files of the same model beside its weights.",
            name=path.name,
        )
    kind = config.get("model_type")
    if not isinstance(kind, str) or config.get("is_encoder_decoder") is True:
        raise StudioError(
            "The model in {name} is not one that continues texts.",
            hint="Choose a model made for chat or for writing.",
            name=path.name,
        )
    return FolderInfo(path, kind, sum(file.stat().st_size for file in weights))


def _check_shards(path: Path) -> None:
    index = _json(path / "model.safetensors.index.json")
    named = index.get("weight_map") if index is not None else None
    if not isinstance(named, dict):
        return
    for shard in sorted({str(name) for name in named.values()}):
        if Path(shard).name != shard or not (path / shard).is_file():
            raise StudioError(
                "{name} is not whole: {part} is missing.",
                hint="Copy or download the folder again.",
                name=path.name,
                part=shard[:80],
            )


def _json(file: Path) -> dict[str, Any] | None:
    try:
        if file.stat().st_size > _MOST:
            return None
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
