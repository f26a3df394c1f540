"""CLIP, SigLIP, DINOv2 and ViT from a local transformers folder: nothing is fetched, no code of it is run."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.errors import StudioError
from mmstudio.features.pictures.spec import BackboneSpec
from mmstudio.features.pictures.weights import check_weights

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from torch import Tensor, nn

# model_type of a transformers config → whether it turns text into comparable vectors too.
MODEL_TYPES = {"clip": True, "siglip": True, "dinov2": False, "dinov2_with_registers": False, "vit": False}
_LABELS = {
    "clip": "CLIP", "siglip": "SigLIP", "dinov2": "DINOv2", "dinov2_with_registers": "DINOv2", "vit": "ViT",
}  # fmt: skip
_DEFAULTS = {  # mean and deviation where the folder has no preprocessor_config.json
    "clip": ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)),
    "dinov2": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "dinov2_with_registers": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}
_WORDS = 64  # tokens of a query at most, where the tokenizer does not say


def transformers_spec(folder: Path, config: dict[str, Any]) -> BackboneSpec:
    """The network of a transformers folder by its configs; no weights are read.

    Raises StudioError where the weights are missing, cut off, or there only as a pickle.
    """
    weights = folder / "model.safetensors"
    if not weights.is_file():
        if list(folder.glob("pytorch_model*.bin")):
            raise StudioError(
                "{folder} has its weights only as a pickle, which could run code and is not opened.",
                hint="Put model.safetensors of the same model beside it.",
                folder=folder.name,
            )
        raise StudioError(
            "There are no weights in {folder}.", hint="Put its model.safetensors into it.", folder=folder.name
        )
    check_weights(weights)
    kind = str(config["model_type"])
    try:
        vision = dict(config.get("vision_config") or config)
        if kind == "clip":
            dimension = int(config.get("projection_dim", 512))
        else:
            dimension = int(vision.get("hidden_size", 768))
        seen = _preprocessing(folder, kind, int(vision.get("image_size", 224)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StudioError(
            "The configuration of the picture network in {folder} cannot be read.",
            hint="Fetch or copy the folder again.",
            folder=folder.name,
        ) from error
    licence = str(config.get("licence") or config.get("license") or _licence(folder))
    return BackboneSpec(
        kind, dimension, seen["size"], seen["mean"], seen["std"], "user", licence,
        f"{_LABELS[kind]} ({folder.name})", weights, family="transformers", name=folder.name,
        margin=seen["margin"], whole=seen["whole"], words=MODEL_TYPES[kind],
    )  # fmt: skip


def build_transformers(spec: BackboneSpec) -> nn.Module:
    """The picture half of the network with its weights; float32[N,3,S,S] → float32[N,D].

    CLIP and SigLIP give the vectors that text is compared with, DINOv2 and ViT their first token after the
    last norm. Raises StudioError where weights do not fit.
    """
    import torch
    from torch import nn

    model = _load(spec)

    class Pictures(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model.vision_model if spec.words else model
            self.projection = getattr(model, "visual_projection", None) or nn.Identity()

        def forward(self, x: Tensor) -> Tensor:
            # DINOv2 was trained on several sizes, the others are fed the one they know.
            seen = self.model(pixel_values=x)
            first = seen.pooler_output if spec.words else seen.last_hidden_state[:, 0]
            return torch.as_tensor(self.projection(first))

    return Pictures()


def has_tokens(folder: Path) -> bool:
    """Whether a folder holds the files of a tokenizer."""
    return any((folder / name).is_file() for name in ("tokenizer.json", "vocab.json", "spiece.model"))


class Words:
    """The text half of CLIP or SigLIP on one device."""

    def __init__(self, spec: BackboneSpec, device: str) -> None:
        assert spec.weights is not None
        assert spec.words
        folder = spec.weights.parent
        try:
            if not has_tokens(folder):  # transformers would make do with an empty vocabulary
                raise ValueError("no tokenizer files")
            with _offline():
                from transformers import AutoTokenizer

                self._tokens: Any = AutoTokenizer.from_pretrained(
                    str(folder), local_files_only=True, trust_remote_code=False
                )
        except Exception as error:  # the many readers of tokenizer files raise whatever they meet
            raise StudioError(
                "The words of {folder} cannot be read.",
                hint="Put its tokenizer files beside its weights.",
                folder=spec.name,
            ) from error
        self.spec, self.device = spec, device
        self._model = _load(spec).to(device)
        limit = int(getattr(self._model.config.text_config, "max_position_embeddings", _WORDS))
        self._length = min(limit, int(getattr(self._tokens, "model_max_length", limit)))

    def __call__(self, text: str) -> NDArray[np.float32]:
        """A text of any length (its start counts) → float32[D], comparable with the pictures' vectors."""
        import torch

        padding = "max_length" if self.spec.architecture == "siglip" else False  # as SigLIP was trained
        with torch.inference_mode():
            given = self._tokens(
                [text], return_tensors="pt", truncation=True, max_length=self._length, padding=padding
            )
            allowed = {"input_ids", "attention_mask"} if self.spec.architecture == "clip" else {"input_ids"}
            given = {name: value.to(self.device) for name, value in given.items() if name in allowed}
            found = self._model.get_text_features(**given)
            vector = getattr(found, "pooler_output", found)  # transformers 5 gives an object
            return np.asarray(vector[0].float().cpu().numpy(), dtype=np.float32)


@contextmanager
def _offline() -> Iterator[None]:
    """transformers and its hub ask nobody while it loads."""
    before = {name: os.environ.get(name) for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")}
    os.environ.update(dict.fromkeys(before, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _load(spec: BackboneSpec) -> Any:
    assert spec.weights is not None
    try:
        import transformers
    except ImportError as error:
        raise StudioError(
            "{folder} needs the package transformers.",
            hint="Install MM Studio with the extra llm.",
            folder=spec.name,
        ) from error
    import torch

    names = {
        "clip": "CLIPModel", "siglip": "SiglipModel", "dinov2": "Dinov2Model",
        "dinov2_with_registers": "Dinov2WithRegistersModel", "vit": "ViTModel",
    }  # fmt: skip
    loader = getattr(transformers, names[spec.architecture])
    quiet: Any = transformers.utils.logging
    level = quiet.get_verbosity()
    quiet.set_verbosity_error()
    quiet.disable_progress_bar()
    try:
        with _offline(), torch.random.fork_rng(devices=[]):
            model, report = loader.from_pretrained(
                str(spec.weights.parent), local_files_only=True, use_safetensors=True, dtype=torch.float32,
                output_loading_info=True, trust_remote_code=False,
            )  # fmt: skip
        spare = ("position_ids", "pooler")  # not needed for what is used here
        missing = [name for name in report["missing_keys"] if not any(part in name for part in spare)]
        numbers = all(bool(torch.isfinite(p).all()) for p in model.parameters())
        if missing or report.get("mismatched_keys") or not numbers:
            raise ValueError(f"weights missing or broken: {missing[:3]}")
    except Exception as error:  # whatever the loader meets in foreign files
        raise StudioError(
            "The picture network in {folder} cannot be read.",
            hint="Remove that folder or put a whole copy in its place.",
            folder=spec.name,
        ) from error
    finally:
        quiet.set_verbosity(level)
    return model.eval()


def _preprocessing(folder: Path, kind: str, fallback: int) -> dict[str, Any]:
    """size, mean, std, margin and whole by preprocessor_config.json, or as the family is usually fed."""
    mean, std = _DEFAULTS.get(kind, ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)))
    path = folder / "preprocessor_config.json"
    data: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    if data.get("do_normalize", True):
        mean, std = data.get("image_mean", mean), data.get("image_std", std)
    else:
        mean, std = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    resized, side_is_short = _side(data.get("size"), fallback)
    size = resized
    if data.get("do_center_crop", side_is_short):
        size = min(_side(data.get("crop_size"), resized)[0], resized)
    if not 16 <= size <= 1024 or len(mean) != 3 or len(std) != 3 or min(std) <= 0:
        raise ValueError("out of range")
    return {
        "size": size,
        "mean": tuple(float(v) for v in mean),
        "std": tuple(float(v) for v in std),
        "margin": size / resized if side_is_short else 1.0,
        "whole": not side_is_short and bool(data),
    }


def _side(value: Any, fallback: int) -> tuple[int, bool]:
    """(px, whether it is the shorter side that is meant) of a size in a preprocessor_config.json."""
    if isinstance(value, dict):
        if "shortest_edge" in value:
            return int(value["shortest_edge"]), True
        return int(value.get("height", fallback)), False
    return (fallback if value is None else int(value)), True


def _licence(folder: Path) -> str:
    """The licence line of the model card's front matter, or "unknown"."""
    try:
        lines = (folder / "README.md").read_text("utf-8", errors="replace").splitlines()[:60]
    except OSError:
        return "unknown"
    if not lines or lines[0].strip() != "---":
        return "unknown"
    for line in lines[1:]:
        if line.strip() == "---":
            break
        if line.startswith("license:"):
            return line.split(":", 1)[1].strip().strip("'\"") or "unknown"
    return "unknown"
