"""Picture networks: which one is at hand, how it is built, and how pictures enter it.

Looked up in this order: a network the person put into the user's model folder (see folders.py), the starter
backbone that ships with the program, and, when neither is there, a network with random weights, which says
so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmstudio.errors import StudioError
from mmstudio.features.pictures.folders import own_backbones, read_folder
from mmstudio.features.pictures.spec import BackboneSpec
from mmstudio.features.pictures.starter import build_starter, randomise
from mmstudio.features.pictures.torchvision_nets import build_torchvision
from mmstudio.features.pictures.transformers_nets import build_transformers
from mmstudio.features.pictures.weights import load_state, unreadable
from mmstudio.i18n import mark
from mmstudio.paths import starter_models

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn

__all__ = [
    "Backbone", "BackboneSpec", "all_backbones", "build_net", "build_starter", "find_backbone",
    "random_backbone", "randomise", "starter_backbone",
]  # fmt: skip

STARTER = "starter-backbone"


def find_backbone() -> BackboneSpec:
    """The network that pictures are compared by: the first of :func:`all_backbones`."""
    return all_backbones()[0]


def all_backbones() -> list[BackboneSpec]:
    """Every network on this machine: the person's own, then the starter; random weights where none is there.

    Only names, configs and headers are read.
    """
    found = own_backbones()
    starter = starter_backbone()
    if starter is not None:
        found.append(starter)
    return found or [random_backbone()]


def starter_backbone() -> BackboneSpec | None:
    """The network that ships with the program, or None where it is missing or damaged."""
    folder = starter_models() / STARTER
    try:
        return read_folder(folder, "starter") if folder.is_dir() else None
    except StudioError:
        return None


def random_backbone() -> BackboneSpec:
    """The starter architecture with fixed random weights: edges and colours, nothing learned."""
    return BackboneSpec(
        architecture="starter-resnet", dimension=704, size=96, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5),
        source="random", licence="Apache-2.0", weights=None,
        label=mark("Picture network with random weights (not trained)"), widths=(32, 64, 128, 192), bands=3,
        name="random",
    )  # fmt: skip


class Backbone:
    """A built network in evaluation mode on one device.

    `net` maps float32[N,3,S,S], standardised by `spec.mean` and `spec.std`, to float32[N,D]. Raises
    StudioError where its weights cannot be read.
    """

    def __init__(self, spec: BackboneSpec, device: str) -> None:
        import torch

        self.spec, self.device = spec, device
        self.net = build_net(spec)
        self.net.eval().to(device)
        if spec.family != "transformers":
            self.net.to(memory_format=torch.channels_last)
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


def build_net(spec: BackboneSpec) -> nn.Module:
    """The network of a spec with its weights (drawn from seed 0 where it has none), on the processor.

    Raises StudioError where its weights cannot be read or do not fit.
    """
    import torch

    if spec.family == "transformers":
        return build_transformers(spec)
    # The start values are overwritten; they are drawn all the same, and must not disturb anybody's numbers.
    with torch.random.fork_rng(devices=[]):
        if spec.family == "torchvision":
            net = build_torchvision(spec.architecture)
        else:
            net = build_starter(spec.widths, spec.bands)
    if spec.weights is None:
        randomise(net, torch.Generator().manual_seed(0))
        return net
    state = load_state(spec)
    try:
        net.load_state_dict(state, strict=True)
    except RuntimeError as error:
        raise unreadable(spec) from error
    return net
