"""Weights from elsewhere: state dicts of this program's networks, read without running anything in them."""

from __future__ import annotations

import hashlib
import math
import re
import shutil
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmstudio import paths
from mmstudio.errors import NotFound, StudioError
from mmstudio.learning.card import write_card
from mmstudio.learning.config import CONFIG, ModelConfig, load_config, safe_name
from mmstudio.learning.families import SIZES, SOUND_SIZE, default_config, families

if TYPE_CHECKING:
    from torch import Tensor, nn

SUFFIXES = (".safetensors", ".pt", ".pth")
_WRAPPERS = ("state_dict", "model", "weights", "ema", "params")
_OURS = ("generator.", "vae.decoder.")


@dataclass(frozen=True, slots=True)
class _Shape:
    """What the tensors of a decoder say."""

    channels: int
    widths: list[int]
    latent: int
    size: int
    options: dict[str, float]


def is_ours(path: Path) -> bool:
    """Whether a file of weights is for networks of this program; False for what cannot be read."""
    try:
        return path.is_file() and path.suffix.lower() in SUFFIXES and _looks_ours(read_tensors_of(path))
    except StudioError:
        return False


def bring_in(path: Path, name: str = "") -> str:
    """Make a model among the user's of a file of weights; its name.

    A ``config.json`` beside the file says what the networks are; without one size, channels, widths and
    latent come from the tensors (seamless padding does not show in them and is then off; conditions would
    need their names).

    Raises:
        NotFound: no such file. StudioError: a pickle with code, other tensors than a model of ours has,
        numbers that are none, a name that is taken. DiskFull: nothing is left behind.
    """
    from mmstudio.learning.engine.checkpoint import WEIGHTS, write_tensors

    if not path.is_file():
        raise NotFound("There is no file {path}.", path=path)
    tensors = _named(read_tensors_of(path))
    if not _looks_ours(tensors):
        raise _other(path)
    config = load_config(path.parent) if (path.parent / CONFIG).is_file() else _inferred(tensors, path)
    _check(config, tensors, path)
    called = safe_name(name or (config.name if (path.parent / CONFIG).is_file() else path.stem))
    target = paths.user_models_dir() / called
    if target.exists():
        raise StudioError(
            "There is already a model “{name}”.", hint="Remove or rename it first.", name=called
        )
    config.name = called
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    config.trained |= {"imported_from": path.name, "imported_sha256": digest}
    try:
        write_tensors(target / WEIGHTS, tensors, {"step": int(config.trained.get("steps", 0))})
        write_card(target, config)
        config.save(target)  # last: a folder without it is no model
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise
    return called


def read_tensors_of(path: Path) -> dict[str, Tensor]:
    """Tensors by name of a .safetensors, .pt or .pth file, float32; pickles are opened for numbers only.

    Raises:
        StudioError: it holds code, is damaged, or holds no tensors.
    """
    import pickle

    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pickle protocols: what is refused is said below
            found: Any = (
                load_file(path)
                if path.suffix.lower() == ".safetensors"
                else torch.load(path, map_location="cpu", weights_only=True)
            )
    except pickle.UnpicklingError as error:
        raise StudioError(
            "{name} holds more than numbers, which could run code; it is not opened.",
            hint="Ask for the weights as safetensors, or as a plain state dict.",
            name=path.name,
        ) from error
    except (SafetensorError, OSError, RuntimeError, ValueError, EOFError, KeyError, TypeError) as error:
        raise StudioError(
            "{name} is damaged or no file of weights.", hint="Fetch or copy it again.", name=path.name
        ) from error
    for key in _WRAPPERS:
        if isinstance(found, dict) and isinstance(found.get(key), dict):
            found = found[key]
    if not isinstance(found, dict) or not found:
        raise _other(path)
    tensors = {str(key).removeprefix("module."): value for key, value in found.items()}
    if not all(isinstance(value, torch.Tensor) for value in tensors.values()):
        raise _other(path)
    return {key: value.float() for key, value in tensors.items()}


def _looks_ours(tensors: dict[str, Tensor]) -> bool:
    return any(f"{prefix}out.weight" in tensors for prefix in _OURS) or _bare(tensors)


def _bare(tensors: dict[str, Tensor]) -> bool:
    """A decoder alone, without a prefix."""
    return {"from_latent.weight", "out.weight", "stages.0.1.reduce.weight"} <= set(tensors)


def _named(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"generator.{key}": value for key, value in tensors.items()} if _bare(tensors) else tensors


def _inferred(tensors: dict[str, Tensor], path: Path) -> ModelConfig:
    gan = "generator.out.weight" in tensors
    prefix = "generator." if gan else "vae.decoder."
    if f"{prefix}embed.weight" in tensors:
        raise StudioError(
            "{name} is of a model with conditions, and nothing says which.",
            hint="Put the model's config.json beside it.",
            name=path.name,
        )
    try:
        shape = _sound(tensors) if f"{prefix}changes.0.weight" in tensors else _picture(tensors, prefix)
    except (KeyError, IndexError, ValueError, ZeroDivisionError) as error:
        raise _other(path) from error
    sound = shape.channels == 1
    if shape.size not in (SIZES if not sound else (SOUND_SIZE,)):
        raise _other(path)
    family = "image-gan" if gan else "sound-vae" if sound else "image-vae"
    config = default_config(family, path.stem, size=shape.size if not sound else 64)
    if sound:  # spectrograms alone, as the first sound models
        config.parts, config.condition = {}, {}
    config.size, config.channels = shape.size, shape.channels
    config.widths, config.latent = shape.widths, shape.latent
    config.options |= shape.options
    return config


def _picture(tensors: dict[str, Tensor], prefix: str) -> _Shape:
    at = re.compile(rf"^{re.escape(prefix)}stages\.(\d+)\.1\.reduce\.weight$")
    stages = {int(match[1]): value.shape[0] for key, value in tensors.items() if (match := at.match(key))}
    widths = [stages[i] for i in range(len(stages))]
    first, out = tensors[f"{prefix}from_latent.weight"], tensors[f"{prefix}out.weight"]
    if first.ndim == 4:
        return _grid(tensors, widths, int(first.shape[1]), int(out.shape[0]))
    options = {"styles": float(f"{prefix}styles.0.weight" in tensors)}
    return _Shape(int(out.shape[0]), widths, int(first.shape[1]), 2 << len(widths), options)


def _grid(tensors: dict[str, Tensor], own: list[int], spatial: int, channels: int) -> _Shape:
    """A latent of one grid: its side shows in the fitted prior, or where fewer than four stages are left."""
    grid = 4
    if len(own) >= 4:
        length = tensors["prior.mean"].shape[-1]
        grid = math.isqrt(length // spatial)
    more = (grid // 4).bit_length() - 1  # stages below the grid, that such a model does not have
    size = grid << (len(own) - 1)
    options = {"styles": 0.0, "spatial": float(spatial)}
    return _Shape(channels, [own[0]] * more + own, spatial * grid**2, size, options)


def _sound(tensors: dict[str, Tensor]) -> _Shape:
    at = re.compile(r"^vae\.decoder\.changes\.(\d+)\.weight$")
    stages = {int(match[1]): value.shape[0] for key, value in tensors.items() if (match := at.match(key))}
    widths = [stages[i] for i in range(len(stages))]
    latent = int(tensors["vae.decoder.from_latent.weight"].shape[1])
    return _Shape(1, widths, latent, int(tensors["vae.decoder.out.weight"].shape[0]), {})


def _check(config: ModelConfig, tensors: dict[str, Tensor], path: Path) -> None:
    """Every tensor of the networks is there in the right shape, nothing else, and all are numbers.

    A GAN may come without its discriminator, which only going on with the training needs.
    """
    import torch

    if config.family not in families() or families()[config.family].modality == "items":
        raise _other(path)
    try:
        with torch.device("meta"):
            nets = _nets(config)
    except (KeyError, TypeError, ValueError, IndexError, RuntimeError) as error:
        raise _other(path) from error
    wanted = {
        f"{name}.{key}": value.shape for name, net in nets.items() for key, value in net.state_dict().items()
    }
    if not any(key.startswith("discriminator.") for key in tensors):
        wanted = {key: shape for key, shape in wanted.items() if not key.startswith("discriminator.")}
    given = {key: value.shape for key, value in tensors.items()}
    extra = {key for key in set(given) - set(wanted) if not key.startswith(("prior.", "critic."))}
    if extra or any(given.get(key) != shape for key, shape in wanted.items()):
        raise _other(path)
    if not all(bool(torch.isfinite(value).all()) for value in tensors.values()):
        raise StudioError("The weights in {name} are not all numbers.", name=path.name)


def _nets(config: ModelConfig) -> dict[str, nn.Module]:
    from mmstudio.learning.engine.gan_task import make_discriminator, make_generator
    from mmstudio.learning.nets.vae import make_vae

    if config.family.startswith("image-gan"):
        return {"generator": make_generator(config), "discriminator": make_discriminator(config)}
    return {"vae": make_vae(config)}


def _other(path: Path) -> StudioError:
    return StudioError(
        "{name} is not of a model that MM Studio knows.",
        hint="Weights of image-gan, image-vae and sound-vae can be imported.",
        name=path.name,
    )
