"""Parts a storyboard borrows from the models and the library: its background and its music."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mmstudio.composition.palette import rgb_of
from mmstudio.composition.storyboard import SoundTrack, Source, SourceKind
from mmstudio.errors import StudioError
from mmstudio.library import AssetFilter
from mmstudio.media.oklab import oklab_to_srgb, srgb_to_oklab

if TYPE_CHECKING:
    from mmstudio.generation import Generation
    from mmstudio.library import Asset, Item, Library

BACKGROUND = (1440, 1440)  # pixels: enough for every canvas once it is cropped
_CALM = 0.07  # OKLab chroma that nearly nothing of a background exceeds
_QUIET = {"drum", "bass", "hit", "kick", "snare", "voice", "speech", "fx"}


def make_background(
    library: Library,
    generation: Generation | None,
    accent: str,
    colours: list[str],
    seed: int,
    title: str,
    model: str = "",
) -> tuple[int, str] | None:
    """A background made by a model in the product's colours, kept as an asset: (asset id, model name).

    Its lightness is brought into the range of ``colours``, so that text set on the palette's ground stays
    readable on it. None without a model.
    """
    if generation is None:
        return None
    from PIL import Image

    from mmstudio.library.importing import register_generated

    try:
        model = model or generation.default_model()
        picture = generation.background(model, [rgb_of(accent)], BACKGROUND, seed)
    except StudioError:
        return None  # no model yet: the palette's own gradient is drawn instead, and said so
    pixels = settle(np.asarray(picture.convert("RGB")), colours)
    with tempfile.TemporaryDirectory(prefix="making-", dir=library.generated_dir) as folder:
        file = Path(folder) / "background.jpg"
        Image.fromarray(pixels).save(file, quality=92, subsampling=0)
        asset_id = register_generated(
            library,
            file,
            kind="image",
            title=f"Background: {title}",
            tags=["background"],
            generation={
                "model": model,
                "seed": seed,
                "params": {"palette": [accent, *colours]},
                "sources": [],
            },
        )
    return asset_id, model


def settle(pixels: NDArray[np.uint8], colours: list[str]) -> NDArray[np.uint8]:
    """Map a picture into the palette's range of lightness and chroma (OKLab), keeping its shapes.

    uint8 [H,W,3] in and out. The product in front of it stays the most colourful thing.
    """
    coarse = srgb_to_oklab(pixels[::4, ::4])
    low, high = np.percentile(coarse[..., 0], (2, 98))
    wanted = sorted(float(srgb_to_oklab(np.array(rgb_of(c)))[0]) for c in colours)
    vivid = float(np.percentile(np.hypot(coarse[..., 1], coarse[..., 2]), 97))
    out = np.empty_like(pixels)
    for top in range(0, len(pixels), 256):  # in bands: OKLab of a whole canvas in float64 takes 50 MB
        lab = srgb_to_oklab(pixels[top : top + 256])
        share = np.clip((lab[..., 0] - low) / max(high - low, 1e-3), 0.0, 1.0)
        lab[..., 0] = wanted[0] + share * (wanted[-1] - wanted[0])
        lab[..., 1:] *= min(1.0, _CALM / max(vivid, 1e-6))
        out[top : top + 256] = np.clip(np.rint(oklab_to_srgb(lab)), 0, 255)
    return out


def choose_music(
    library: Library, generation: Generation | None, item: Item | None, seed: int, seconds: float
) -> tuple[SoundTrack | None, Source | None]:
    """The item's own music, else a loop of 3 to 60 s, else one a sound model makes, else silence."""
    links = library.items.assets_of(item.id) if item is not None else []
    own = [link.asset_id for link in links if link.role == "music"]
    for asset in library.assets.get_many(own):
        if asset.kind == "audio" and asset.status == "ok":
            return track_of(asset)
    wanted = AssetFilter(kinds=("audio",), min_duration=3.0, max_duration=60.0)
    ids = library.assets.ids(wanted)[:2000]
    tags = library.assets.tags_of(ids)
    rated = [
        (_rate(asset, tags.get(asset.id, [])), asset)
        for asset in library.assets.get_many(ids)
        if asset.rights != "restricted"
    ]
    if rated:
        best = max(rating for rating, _ in rated)
        if best > 0:
            equal = sorted((asset for rating, asset in rated if rating == best), key=lambda a: a.id)
            return track_of(equal[(seed + (item.id if item is not None else 0)) % len(equal)])
    made = _made_music(library, generation, seed, seconds)
    if made is not None:
        return made
    if rated:
        return track_of(max(rated, key=lambda entry: (entry[0], -entry[1].id))[1])
    return None, None


def _rate(asset: Asset, tags: list[str]) -> float:
    """How well a sound suits as a bed: loops and music first, single hits last."""
    words = f"{asset.title} {asset.rel_path} {' '.join(tags)}".lower().replace("_", " ").replace("-", " ")
    value = 2.0 * ("loop" in words or "循环" in words) + 1.5 * ("music" in words or "音乐" in words)
    value -= sum(0.8 for word in _QUIET if word in words.split())
    return value + (0.3 if (asset.duration or 0) >= 4 else 0.0) * (value > 0) + asset.rating * 0.1


def track_of(asset: Asset) -> tuple[SoundTrack, Source]:
    """A sound of the library as a storyboard's music, and its source."""
    kind: SourceKind = "generated" if asset.origin == "generated" else "asset"
    return (
        SoundTrack(asset.id, source=kind),
        Source("music", kind, asset.id, asset.title, asset.rights),
    )


def _made_music(
    library: Library, generation: Generation | None, seed: int, seconds: float
) -> tuple[SoundTrack, Source] | None:
    if generation is None:
        return None
    from mmstudio.generation.service import SOUND_MODELS
    from mmstudio.library.importing import register_generated
    from mmstudio.media.audio import write_wav

    try:
        model = generation.default_model(SOUND_MODELS)
        samples, rate = generation.sounds(model, 1, seed, seconds)[0]
    except (StudioError, IndexError):
        return None
    with tempfile.TemporaryDirectory(prefix="making-", dir=library.generated_dir) as folder:
        file = Path(folder) / "music.wav"
        write_wav(file, samples, rate)
        asset_id = register_generated(
            library,
            file,
            kind="audio",
            title="Music bed",
            tags=["music", "loop"],
            generation={"model": model, "seed": seed, "params": {"seconds": seconds}, "sources": []},
        )
    return (
        SoundTrack(asset_id, source="generated"),
        Source("music", "generated", asset_id, model),
    )
