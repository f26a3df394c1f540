"""What a picture network looks at: the places that speak for a tag, or for being like another picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mmstudio.errors import StudioError
from mmstudio.features.loading import load_media

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from mmstudio.features.normalise import Statistics
    from mmstudio.features.pictures.backbones import Backbone
    from mmstudio.features.pictures.spec import BackboneSpec
    from mmstudio.features.vectors import Vectors
    from mmstudio.library import Library

How = Literal["grad-cam", "occlusion"]
_MOST_EXAMPLES = 5000  # of a tag and of the rest: a direction needs no more
_LEAST_SIDE = 3  # cells of a map that can still say where


@dataclass(frozen=True, slots=True)
class Explanation:
    """A heat map over the square of a picture that the network saw.

    Attributes:
        heat: float32[H, W] in 0…1: how much a place speaks for it.
        box: (x, y, width, height) of that square as shares of the whole picture.
        score: the linear score that is explained; above 0 speaks for it.
        how: "grad-cam" (Selvaraju et al. 2017) or "occlusion" (Zeiler & Fergus 2014).
    """

    heat: NDArray[np.float32]
    box: tuple[float, float, float, float]
    score: float
    how: How


def tag_direction(library: Library, vectors: Vectors, tag: str) -> tuple[NDArray[np.float32], float]:
    """(w float32[D], b): a picture speaks for a tag where w · normalised + b is above 0.

    A ridge classifier (scikit-learn) over the pictures with the tag against the others, both sides weighing
    the same. Raises StudioError where no picture has the tag or all have it.
    """
    from mmstudio.library import AssetFilter

    space = vectors.space("cnn")
    tagged = np.isin(
        space.ids, np.array(library.assets.ids(AssetFilter(kinds=("image",), tags=(tag,))), np.int64)
    )
    for side in (tagged, ~tagged):
        if not side.any():
            raise StudioError(
                "The tag {tag} cannot be explained: some pictures must have it and some not.",
                hint="Tag a few pictures, extract their features and try again.",
                tag=tag,
            )
    rows = np.concatenate([_some(np.flatnonzero(tagged)), _some(np.flatnonzero(~tagged))])
    Z = np.nan_to_num(space.statistics.apply(np.asarray(space.raw[rows], np.float32)))
    return _ridge(Z, tagged[rows])


def likeness_direction(vectors: Vectors, other: int) -> tuple[NDArray[np.float32], float]:
    """(w, 0): a picture speaks for being like picture ``other``.

    Raises StudioError where that has no vector.
    """
    space = vectors.space("cnn")
    row = space.row(other)
    if row is None:
        raise StudioError(
            "There are no features of the other picture yet.", hint="Extract features first, then look again."
        )
    return np.asarray(space.unit[row], np.float32), 0.0


def explain(
    library: Library,
    vectors: Vectors,
    backbone: Backbone,
    asset_id: int,
    direction: tuple[NDArray[np.float32], float],
) -> Explanation:
    """Where in a picture its score along a direction comes from; on the device thread.

    Convolutional networks by Grad-CAM on their last maps, others by occlusion, both through captum. Raises
    MediaError where the picture cannot be read.
    """
    import torch

    asset = library.assets.get(asset_id)
    size = backbone.spec.size
    picture = load_media("image", library.assets.path_of(asset), size, (asset.width, asset.height), None)
    seen = backbone.spec.prepare(picture)
    box = _seen_part(backbone.spec, picture.shape[0], picture.shape[1])
    statistics = vectors.space("cnn").statistics
    net = _Scored(backbone, statistics, direction)
    x = net.prepare(seen)
    layer = _last_maps(backbone.net, x)
    with torch.enable_grad():
        heat = _grad_cam(net, layer, x) if layer is not None else _occlusion(net, x)
    with torch.inference_mode():
        score = float(net(x)[0])
    return Explanation(_to_unit(heat), box, score, "grad-cam" if layer is not None else "occlusion")


class _Scored:
    """The network with the linear score on top, as captum wants it: float[N, 3, S, S] → float[N]."""

    def __init__(
        self, backbone: Backbone, statistics: Statistics, direction: tuple[NDArray[np.float32], float]
    ) -> None:
        import torch

        self._backbone = backbone
        device = backbone.device
        weights, self._bias = direction
        self._mean = torch.from_numpy(np.asarray(statistics.mean, np.float32)).to(device)
        self._std = torch.from_numpy(np.asarray(statistics.std, np.float32)).to(device)
        self._weights = torch.from_numpy(np.ascontiguousarray(weights)).to(device)

    def prepare(self, seen: NDArray[np.uint8]) -> Tensor:
        """uint8[S, S, 3] → the network's input, float[1, 3, S, S]."""
        import torch

        spec = self._backbone.spec
        x = (seen.astype(np.float32) / 255.0 - np.array(spec.mean, np.float32)) / np.array(
            spec.std, np.float32
        )
        return torch.from_numpy(np.ascontiguousarray(x.transpose(2, 0, 1))[None]).to(self._backbone.device)

    def __call__(self, x: Tensor) -> Tensor:
        features: Tensor = self._backbone.net(x).float()
        return ((features - self._mean) / self._std) @ self._weights + self._bias


def _last_maps(net: nn.Module, x: Tensor) -> nn.Module | None:
    """The last module that gives maps in which places can be told apart; None for networks of patches."""
    import torch

    found: list[tuple[nn.Module, int]] = []
    hooks: list[Any] = []

    def watch(module: nn.Module, _inputs: Any, output: Any) -> None:
        if isinstance(output, torch.Tensor) and output.ndim == 4 and min(output.shape[2:]) >= _LEAST_SIDE:
            found.append((module, int(output.shape[2])))

    hooks += [module.register_forward_hook(watch) for module in net.modules()]
    try:
        with torch.inference_mode():
            net(x)
    finally:
        for hook in hooks:
            hook.remove()
    # A vision transformer has one map, that of its patches, at the very beginning.
    return found[-1][0] if len(found) > 3 else None


def _grad_cam(net: _Scored, layer: nn.Module, x: Tensor) -> NDArray[np.float32]:
    from captum.attr import LayerAttribution, LayerGradCam

    found = LayerGradCam(net, layer).attribute(x, relu_attributions=True)
    grown = LayerAttribution.interpolate(found, tuple(x.shape[2:]), interpolate_mode="bilinear")
    return np.asarray(grown.detach().float().cpu().numpy()[0].sum(0), np.float32)


def _occlusion(net: _Scored, x: Tensor) -> NDArray[np.float32]:
    from captum.attr import Occlusion

    side = x.shape[2]
    window, stride = max(1, side // 6), max(1, side // 12)
    found = Occlusion(net).attribute(
        x, sliding_window_shapes=(3, window, window), strides=(3, stride, stride), perturbations_per_eval=16
    )
    return np.asarray(found.detach().float().clamp_min(0).cpu().numpy()[0].sum(0), np.float32)


def _ridge(Z: NDArray[np.float32], tagged: NDArray[np.bool_]) -> tuple[NDArray[np.float32], float]:
    from sklearn.linear_model import RidgeClassifier

    model = RidgeClassifier(alpha=float(Z.shape[1]), class_weight="balanced").fit(Z, tagged)
    return np.ravel(model.coef_).astype(np.float32), float(np.ravel(model.intercept_)[0])


def _some(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """At most 5,000 of the rows, evenly spread."""
    if len(rows) <= _MOST_EXAMPLES:
        return rows
    return rows[np.linspace(0, len(rows) - 1, _MOST_EXAMPLES).astype(np.int64)]


def _seen_part(spec: BackboneSpec, height: int, width: int) -> tuple[float, float, float, float]:
    """What :meth:`BackboneSpec.prepare` keeps of a picture: x, y, width, height as shares."""
    if spec.whole:
        return 0.0, 0.0, 1.0, 1.0
    side = max(1, round(spec.margin * min(height, width)))
    return (width - side) / 2 / width, (height - side) / 2 / height, side / width, side / height


def _to_unit(heat: NDArray[np.float32]) -> NDArray[np.float32]:
    top = float(heat.max(initial=0.0))
    return np.asarray(np.clip(heat / top, 0, 1) if top > 0 else np.zeros_like(heat), np.float32)
