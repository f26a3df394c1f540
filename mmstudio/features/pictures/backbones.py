"""Picture networks: which one is at hand, how it is built, and how pictures enter it.

Looked up in this order: a folder of weights the person put into the user's model folder, the starter
backbone that ships with the program, and, when neither is there, a network with random weights, which says
so.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.errors import StudioError
from mmstudio.i18n import mark
from mmstudio.paths import starter_models, user_models_dir

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor, nn

STARTER = "starter-backbone"
TORCHVISION_NETS = {"resnet18": 512, "mobilenet_v3_small": 576}
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True, slots=True)
class BackboneSpec:
    """What is needed to build one backbone.

    `size` is the side in pixels of the square the network sees; `source` is "starter", "user" or "random".
    """

    architecture: str
    dimension: int
    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    source: str
    licence: str
    label: str
    weights: Path | None
    widths: tuple[int, ...] = ()
    bands: int = 1

    def fingerprint(self) -> str:
        """A short hash over the network and its weights: vectors of different fingerprints do not compare."""
        digest = hashlib.sha256()
        digest.update(
            repr(
                (self.architecture, self.dimension, self.size, self.mean, self.std, self.widths, self.bands)
            ).encode()
        )
        if self.weights is not None:
            digest.update(_file_digest(self.weights, self.weights.stat().st_mtime_ns))
        return digest.hexdigest()[:16]


@lru_cache(maxsize=32)
def _file_digest(path: Path, mtime_ns: int) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def find_backbone() -> BackboneSpec:
    """The best backbone on this machine."""
    for folder, source in _candidates():
        spec = _read_spec(folder, source)
        if spec is not None:
            return spec
    return random_backbone()


def random_backbone() -> BackboneSpec:
    """The starter architecture with fixed random weights: edges and colours, nothing learned."""
    return BackboneSpec(
        architecture="starter-resnet", dimension=704, size=96, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5),
        source="random", licence="Apache-2.0", weights=None,
        label=mark("Picture network with random weights (not trained)"), widths=(32, 64, 128, 192), bands=3,
    )  # fmt: skip


def _candidates() -> list[tuple[Path, str]]:
    found: list[tuple[Path, str]] = []
    own = user_models_dir()
    if own.is_dir():
        found += [(folder, "user") for folder in sorted(own.iterdir()) if folder.is_dir()]
    found.append((starter_models() / STARTER, "starter"))
    return found


def _read_spec(folder: Path, source: str) -> BackboneSpec | None:
    """The backbone in a folder of config.json + weights.safetensors, or None when it is not one we can
    build."""
    config, weights = folder / "config.json", folder / "weights.safetensors"
    try:
        data = json.loads(config.read_text("utf-8"))
        if not isinstance(data, dict) or data.get("kind") != "image-backbone" or not weights.is_file():
            return None
        architecture = str(data["architecture"])
        if architecture == "starter-resnet":
            widths = tuple(int(w) for w in data["widths"])
            bands = int(data.get("bands", 1))
            dimension = widths[-2] + bands * widths[-1]
        elif architecture in TORCHVISION_NETS:
            widths, bands, dimension = (), 1, TORCHVISION_NETS[architecture]
        else:
            return None
        size = int(data.get("size", 224))
        if not 32 <= size <= 512:
            return None
        mean = tuple(float(v) for v in data.get("mean", IMAGENET_MEAN))
        std = tuple(float(v) for v in data.get("std", IMAGENET_STD))
        if len(mean) != 3 or len(std) != 3 or min(std) <= 0:
            return None
        return BackboneSpec(
            architecture, dimension, size, (mean[0], mean[1], mean[2]), (std[0], std[1], std[2]), source,
            str(data.get("licence", "unknown")), str(data.get("label", folder.name)), weights, widths, bands,
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None


class Backbone:
    """A built network in evaluation mode on one device."""

    def __init__(self, spec: BackboneSpec, device: str) -> None:
        import torch

        self.spec, self.device = spec, device
        if spec.architecture == "starter-resnet":
            self.net = build_starter(spec.widths, spec.bands)
        else:
            import torchvision

            self.net = getattr(torchvision.models, spec.architecture)(weights=None)
            _drop_classifier(self.net, spec.architecture)
        if spec.weights is None:
            randomise(self.net, torch.Generator().manual_seed(0))
        else:
            _load_weights(self.net, spec)
        self.net.eval().to(device).to(memory_format=torch.channels_last)
        shape = (1, 3, 1, 1)
        self._scale = (1.0 / (255.0 * torch.tensor(spec.std))).view(shape).to(device)
        self._shift = (-torch.tensor(spec.mean) / torch.tensor(spec.std)).view(shape).to(device)

    def __call__(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """uint8[N,S,S,3] → float32[N,D]."""
        import torch

        with torch.inference_mode():
            x = torch.from_numpy(pictures).to(self.device).permute(0, 3, 1, 2).float()
            x = torch.addcmul(self._shift, x, self._scale).contiguous(memory_format=torch.channels_last)
            return np.asarray(self.net(x).float().cpu().numpy(), dtype=np.float32)


def build_starter(widths: tuple[int, ...], bands: int = 1) -> nn.Module:
    """A small residual network (He et al. 2016): a stride-2 stem, then one stride-2 stage per further width.

    Gives float32[N, widths[-2] + bands * widths[-1]]: the average of the last stage but one, and of each of
    `bands` horizontal bands of the last stage, so that parts, wholes and what is above what all count, while
    left and right do not.
    """
    import torch
    from torch import nn
    from torch.nn import functional

    class Block(nn.Module):
        def __init__(self, inputs: int, outputs: int, stride: int) -> None:
            super().__init__()
            self.a = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
            self.na = nn.BatchNorm2d(outputs)
            self.b = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
            self.nb = nn.BatchNorm2d(outputs)
            same = stride == 1 and inputs == outputs
            self.skip: nn.Module = (
                nn.Identity() if same else nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            )

        def forward(self, x: Tensor) -> Tensor:
            y = functional.relu(self.na(self.a(x)))
            return functional.relu(self.nb(self.b(y)) + self.skip(x))

    class Starter(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Sequential(
                nn.Conv2d(3, widths[0], 3, 2, 1, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU()
            )
            pairs = list(pairwise(widths))
            self.stages = nn.ModuleList(Block(i, o, 2) for i, o in pairs)

        def forward(self, x: Tensor) -> Tensor:
            x = self.stem(x)
            outputs: list[Tensor] = []
            for stage in self.stages:
                x = stage(x)
                outputs.append(x)
            parts = functional.adaptive_avg_pool2d(outputs[-1].float(), (bands, 1))
            return torch.cat([outputs[-2].float().mean((2, 3)), parts.flatten(1)], dim=1)

    return Starter()


def randomise(net: nn.Module, generator: Any) -> None:
    """He-normal convolution weights drawn from an explicit generator (He et al. 2015); norms at identity."""
    from torch import nn

    for module in net.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def _drop_classifier(net: nn.Module, architecture: str) -> None:
    from torch import nn

    if architecture == "resnet18":
        net.fc = nn.Identity()
    else:
        net.classifier = nn.Identity()


def _load_weights(net: nn.Module, spec: BackboneSpec) -> None:
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    assert spec.weights is not None
    try:
        state = {
            name: value.float() if value.is_floating_point() else value
            for name, value in load_file(str(spec.weights)).items()
            if not name.startswith(("fc.", "classifier."))
        }
        if not all(bool(torch.isfinite(v).all()) for v in state.values() if v.is_floating_point()):
            raise ValueError("weights that are not numbers")
        net.load_state_dict(state, strict=True)
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise StudioError(
            "The picture network in {folder} cannot be read.",
            hint="Remove that folder or put a whole copy in its place.",
            folder=spec.weights.parent.name,
        ) from error
