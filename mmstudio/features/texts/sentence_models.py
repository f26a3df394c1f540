"""Sentence-transformers models that the person put into the model folder: safetensors, no code."""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.errors import StudioError
from mmstudio.i18n import mark
from mmstudio.paths import user_models_dir

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

PREFIX = "sentence-"
_CHARACTERS = 4000  # of one text: models of this kind read a few hundred words
_BATCH = 32
_PICKLES = (".bin", ".pt", ".pth", ".pkl", ".ckpt")
_NAME = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class SentenceSpec:
    """A model found in a folder; ``problem`` says why it is not used, "" where it is."""

    name: str
    folder: Path
    dimension: int
    licence: str
    fingerprint: str
    problem: str = ""

    def refuse(self) -> None:
        """Raise StudioError where it cannot be used."""
        if self.problem:
            raise StudioError(
                "The text model {folder} is not used: {why}",
                hint="Put a copy with safetensors weights in its place.",
                folder=self.folder.name,
                why=self.problem,
            )


def find_sentence_models() -> list[SentenceSpec]:
    """Every sentence-transformers folder in the user's model folder, by name; loads nothing."""
    try:
        folders = sorted(path for path in user_models_dir().iterdir() if (path / "modules.json").is_file())
    except OSError:
        return []
    return [_look(folder) for folder in folders]


def _look(folder: Path) -> SentenceSpec:
    name = PREFIX + _NAME.sub("-", folder.name)
    try:
        modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
        types = [str(module["type"]) for module in modules]
        dimension = _dimension(folder, modules)
        weights = [path for path in folder.rglob("*") if path.is_file()]
        stamp = repr(
            sorted((str(path.relative_to(folder)), path.stat().st_size) for path in weights)
        ) + _config(folder)
    except (OSError, ValueError, KeyError, TypeError):
        return SentenceSpec(name, folder, 1, "unknown", "", mark("its description cannot be read."))
    problem = ""
    if not all(kind.startswith("sentence_transformers.") for kind in types):
        problem = mark("it asks for program code of its own.")
    elif _only_pickles(folder, weights):
        problem = mark("its weights are a pickle, which may run code when it is opened.")
    elif not dimension:
        problem = mark("its description cannot be read.")
    licence = _licence(folder)
    fingerprint = hashlib.sha256(stamp.encode()).hexdigest()[:16]
    return SentenceSpec(name, folder, max(dimension, 1), licence, fingerprint, problem)


def _config(folder: Path) -> str:
    return (folder / "config.json").read_text(encoding="utf-8") if (folder / "config.json").is_file() else ""


def _dimension(folder: Path, modules: list[dict[str, Any]]) -> int:
    """Length of the vectors as the last module says that changes it; 0 where none says."""
    found = 0
    for module in modules:
        path = folder / str(module.get("path", "")) / "config.json"
        if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
            continue
        config = json.loads(path.read_text(encoding="utf-8"))
        for key in ("out_features", "embedding_dimension", "word_embedding_dimension", "hidden_size", "dim"):
            if isinstance(config.get(key), int):
                found = config[key]
                break
    return found


def _only_pickles(folder: Path, files: Sequence[Path]) -> bool:
    """Whether some part has weights as a pickle and not as safetensors, or no safetensors."""
    safe = {path.parent for path in files if path.suffix == ".safetensors"}
    pickled = {path.parent for path in files if path.suffix in _PICKLES and path.name != "training_args.bin"}
    return not safe or bool(pickled - safe - {folder / "onnx", folder / "openvino"})


def _licence(folder: Path) -> str:
    try:
        head = (folder / "README.md").read_text(encoding="utf-8", errors="replace")[:4000]
    except OSError:
        return "unknown"
    found = re.search(r"^license:\s*[\"']?([\w.\-]+)", head, re.MULTILINE)
    return found[1] if found else "unknown"


class SentenceModel:
    """A loaded model. Loading and running belong on the device thread."""

    def __init__(self, spec: SentenceSpec, device: str) -> None:
        spec.refuse()
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        os.environ.setdefault("TRANSFORMERS_OFFLINE", "1")
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise StudioError(
                "Text models need the package sentence-transformers.", hint="pip install 'mmstudio[llm]'"
            ) from error
        try:
            self._model = SentenceTransformer(
                str(spec.folder), device=device, local_files_only=True, trust_remote_code=False,
                model_kwargs={"use_safetensors": True},
            )  # fmt: skip
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError) as error:
            raise StudioError(
                "The text model {folder} cannot be read.",
                hint="Remove that folder or put a whole copy in its place.",
                folder=spec.folder.name,
            ) from error
        self._dimension = spec.dimension

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Texts → float32[N, D] of length 1; a row of zeros for an empty text and where the model fails."""
        rows = np.zeros((len(texts), self._dimension), np.float32)
        full = [at for at, text in enumerate(texts) if text.strip()]
        if full:
            found = self._model.encode(
                [texts[at][:_CHARACTERS] for at in full], batch_size=_BATCH, show_progress_bar=False,
                convert_to_numpy=True, normalize_embeddings=True,
            )  # fmt: skip
            found = np.asarray(found, np.float32)
            if found.shape[1] != self._dimension:
                raise StudioError("The text model gives vectors of another length than it says.")
            rows[full] = np.where(np.isfinite(found).all(1, keepdims=True), found, 0.0)
        return rows
