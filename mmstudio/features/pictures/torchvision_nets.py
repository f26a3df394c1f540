"""The networks of torchvision, without their classifiers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

# Architecture → numbers of a vector: what its classifier sees.
DIMENSIONS = {
    "mobilenet_v3_small": 576,
    "mobilenet_v3_large": 960,
    "resnet18": 512,
    "resnet34": 512,
    "resnet50": 2048,
    "efficientnet_b0": 1280,
    "efficientnet_b1": 1280,
    "efficientnet_b2": 1408,
    "efficientnet_b3": 1536,
    "convnext_tiny": 768,
}


def build_torchvision(architecture: str) -> nn.Module:
    """The network of a key of DIMENSIONS with torch's own start values; float32[N,3,S,S] → float32[N,D]."""
    import torchvision
    from torch import nn

    net: nn.Module = getattr(torchvision.models, architecture)(weights=None)
    if architecture.startswith("resnet"):
        net.fc = nn.Identity()
    elif architecture.startswith("convnext"):
        classifier: Any = net.classifier
        net.classifier = nn.Sequential(classifier[0], classifier[1])  # its norm belongs to the features
    else:
        net.classifier = nn.Identity()
    return net


def of_classifier(name: str, architecture: str) -> bool:
    """Whether a weight of that name belongs to the part that `build_torchvision` leaves out."""
    if architecture.startswith("convnext"):
        return name.startswith("classifier.2.")
    return name.startswith(("fc.", "classifier."))
