"""Networks of the model folder: found, named, refused in words, and equal to the libraries they come from."""

from __future__ import annotations

import json
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchvision
import transformers
from PIL import Image
from safetensors.torch import save_file

from mmstudio.errors import StudioError
from mmstudio.features.pictures.backbones import Backbone, all_backbones, find_backbone, starter_backbone
from mmstudio.features.pictures.clip import clip_text, text_extractor
from mmstudio.features.pictures.extractors import infos, names_of
from mmstudio.features.pictures.folders import problems
from mmstudio.features.pictures.torchvision_nets import DIMENSIONS
from mmstudio.paths import user_models_dir

TINY = {"hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 1}
LANGUAGE = TINY | {
    "intermediate_size": 16, "vocab_size": 8, "max_position_embeddings": 16, "bos_token_id": 0,
    "eos_token_id": 1,
}  # fmt: skip
VISION = TINY | {"intermediate_size": 16, "image_size": 32, "patch_size": 8}


def folder_of(name: str, config: dict[str, object] | None = None, since: int | None = None) -> Path:
    folder = user_models_dir() / name
    folder.mkdir(parents=True, exist_ok=True)
    if config is not None:
        (folder / "config.json").write_text(json.dumps(config), "utf-8")
        if since is not None:
            os.utime(folder / "config.json", (since, since))
    return folder


def net_of(architecture: str) -> torch.nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        net: torch.nn.Module = getattr(torchvision.models, architecture)(weights=None)
    return net.eval()


def ours(name: str, since: int | None = None, **more: object) -> Path:
    """A small own network: the starter's architecture, thin."""
    folder = folder_of(
        name,
        {"kind": "image-backbone", "architecture": "starter-resnet", "widths": [4, 4, 8], "size": 32} | more,
        since,
    )
    from mmstudio.features.pictures.starter import build_starter

    save_file(build_starter((4, 4, 8)).state_dict(), str(folder / "weights.safetensors"))
    return folder


def clip(name: str = "clip", tokens: bool = True) -> transformers.CLIPModel:
    config = transformers.CLIPConfig(text_config=LANGUAGE, vision_config=VISION, projection_dim=8)
    model = transformers.CLIPModel(config).eval()
    folder = folder_of(name)
    model.save_pretrained(folder)
    if tokens:
        words = {"<|startoftext|>": 0, "<|endoftext|>": 1, "a</w>": 2, "b</w>": 3}
        (folder / "vocab.json").write_text(json.dumps(words))
        (folder / "merges.txt").write_text("#version: 0.2\n")
        tokenizer = {"tokenizer_class": "CLIPTokenizer", "unk_token": "<|endoftext|>"}
        (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    return model


def pictures(side: int, count: int = 2) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.random.default_rng(5).integers(0, 256, (count, side, side, 3), np.uint8)


def standardised(squares: np.ndarray[Any, Any], mean: object, std: object) -> torch.Tensor:
    x = (squares.astype(np.float32) / 255 - np.array(mean, np.float32)) / np.array(std, np.float32)
    return torch.from_numpy(x.transpose(0, 3, 1, 2).copy())


@pytest.mark.parametrize("architecture", ["mobilenet_v3_small", "efficientnet_b0", "convnext_tiny"])
def test_vectors_are_what_the_classifier_of_torchvision_sees(architecture: str) -> None:
    net = net_of(architecture)
    folder = folder_of("net", {"kind": "image-backbone", "architecture": architecture, "size": 64})
    save_file({k: v.clone() for k, v in net.state_dict().items()}, str(folder / "weights.safetensors"))
    spec = find_backbone()
    assert (spec.name, spec.dimension) == ("net", DIMENSIONS[architecture])
    seen: list[torch.Tensor] = []
    head = [m for m in net.modules() if isinstance(m, torch.nn.Linear)]
    first = head[-2] if architecture == "mobilenet_v3_small" else head[-1]
    first.register_forward_pre_hook(lambda _module, given: seen.append(given[0]))
    squares = pictures(64)
    with torch.inference_mode():
        net(standardised(squares, spec.mean, spec.std))
    np.testing.assert_allclose(Backbone(spec, "cpu")(squares), seen[0].numpy(), rtol=1e-3, atol=1e-4)


def test_a_pth_file_of_torchvision_needs_no_config() -> None:
    folder = folder_of("my network")
    torch.save(net_of("mobilenet_v3_small").state_dict(), folder / "mobilenet_v3_small-047dcff4.pth")
    spec = find_backbone()
    assert (spec.architecture, spec.size, spec.source) == ("mobilenet_v3_small", 224, "user")
    assert np.isfinite(Backbone(spec, "cpu")(pictures(224, 1))).all()
    assert problems() == []


def test_clip_gives_the_vectors_that_text_is_compared_with() -> None:
    model = clip()
    spec = find_backbone()
    assert (spec.dimension, spec.size, spec.words) == (8, 32, True)
    squares = pictures(32)
    with torch.inference_mode():
        expected = model.get_image_features(
            pixel_values=standardised(squares, spec.mean, spec.std)
        ).pooler_output
    np.testing.assert_allclose(Backbone(spec, "cpu")(squares), expected.numpy(), atol=1e-5)
    assert next(info for info in infos() if info.name == "cnn").metric == "unit"
    assert text_extractor() == "cnn"
    vector = clip_text("a B", "cpu")
    with torch.inference_mode():
        ids = torch.tensor([[0, 2, 3, 1]])
        wanted = model.get_text_features(input_ids=ids, attention_mask=torch.ones_like(ids)).pooler_output
    np.testing.assert_allclose(vector, wanted[0].numpy(), atol=1e-5)
    assert clip_text("a " * 500, "cpu").shape == (8,)


def test_clip_without_its_words_says_so() -> None:
    clip(tokens=False)
    with pytest.raises(StudioError, match="words of clip"):
        clip_text("red bag", "cpu")
    assert text_extractor() is None
    assert find_backbone().name == "clip"


def test_words_ask_for_a_network_that_knows_them() -> None:
    assert text_extractor() is None
    with pytest.raises(StudioError, match="words and pictures"):
        clip_text("red bag", "cpu")


def test_dinov2_gives_its_first_token_and_obeys_its_preprocessing() -> None:
    config = transformers.Dinov2Config(**TINY, image_size=28, patch_size=14, mlp_ratio=2)
    model = transformers.Dinov2Model(config).eval()
    folder = folder_of("dino")
    model.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(
        json.dumps(
            {
                "size": {"shortest_edge": 32}, "crop_size": {"height": 28, "width": 28},
                "do_center_crop": True, "image_mean": [0.4, 0.5, 0.6], "image_std": [0.2, 0.3, 0.4],
            }
        )
    )  # fmt: skip
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n# DINOv2\n")
    spec = find_backbone()
    assert (spec.size, spec.margin, spec.licence, spec.words) == (28, 28 / 32, "apache-2.0", False)
    assert spec.mean == (0.4, 0.5, 0.6)
    squares = pictures(28)
    with torch.inference_mode():
        expected = model(pixel_values=standardised(squares, spec.mean, spec.std)).last_hidden_state[:, 0]
    np.testing.assert_allclose(Backbone(spec, "cpu")(squares), expected.numpy(), atol=1e-5)
    # The middle 28 of 32 px: a frame two pixels wide is not seen.
    framed = np.zeros((32, 32, 3), np.uint8)
    framed[2:-2, 2:-2] = 200
    assert (spec.prepare(framed) == 200).all()


def test_a_network_for_whole_pictures_sees_the_edges() -> None:
    ours("squeezed", whole=True)
    wide = np.zeros((32, 96, 3), np.uint8)
    wide[:, :32] = 255
    seen = find_backbone().prepare(wide)
    assert seen.shape == (32, 32, 3)
    assert seen[:, :9].mean() > 240
    assert seen[:, 13:].mean() < 15


def test_the_first_network_stays_the_one_pictures_are_compared_by() -> None:
    ours("zebra", since=1_000_000)
    assert list(names_of()) == ["cnn", "cnn-starter-backbone"]
    ours("aardvark", since=2_000_000)
    assert {name: spec.name for name, spec in names_of().items()} == {
        "cnn": "zebra", "cnn-aardvark": "aardvark", "cnn-starter-backbone": "starter-backbone",
    }  # fmt: skip
    ours("mole", since=3_000_000, preferred=True)
    assert find_backbone().name == "mole"
    listed = {info.name: info for info in infos()}
    assert listed["cnn"].default
    assert not listed["cnn-zebra"].default
    assert listed["cnn-starter-backbone"].source == "starter"


def test_the_same_weights_keep_their_fingerprint_and_others_do_not() -> None:
    folder = ours("one")
    first = find_backbone().fingerprint()
    assert find_backbone().fingerprint() == first
    state = torch.nn.Linear(1, 1).state_dict()
    save_file(state, str(folder / "weights.safetensors"))
    assert find_backbone().fingerprint() != first


def big(path: Path, changed: int | None = None) -> Path:
    """33 MB of a safetensors file, perhaps with one block changed."""
    values = torch.zeros(33 << 18)
    if changed is not None:
        values[changed : changed + 200_000] = 1.0
    save_file({"x": values}, str(path))
    return path


def test_large_weights_are_told_apart_without_reading_all_of_them() -> None:
    folder = ours("large")
    big(folder / "weights.safetensors")
    first = find_backbone().fingerprint()
    big(folder / "weights.safetensors", changed=4_000_000)
    assert find_backbone().fingerprint() != first


class _Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return (os.system, ("touch boom",))


def break_config(folder: Path) -> None:
    (folder / "config.json").write_text("{")


def break_weights(folder: Path) -> None:
    path = folder / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def unknown(folder: Path) -> None:
    (folder / "config.json").write_text('{"kind": "image-backbone", "architecture": "alexnet"}')


def no_weights(folder: Path) -> None:
    (folder / "weights.safetensors").unlink()


def old_pickle(folder: Path) -> None:
    no_weights(folder)
    (folder / "weights.pth").write_bytes(pickle.dumps(_Bomb()))


def only_pickle(folder: Path) -> None:
    no_weights(folder)
    (folder / "config.json").write_text('{"model_type": "clip"}')
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(_Bomb()))


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (break_config, "config.json"), (break_weights, "whole safetensors"), (unknown, "alexnet"),
        (no_weights, "no weights"), (old_pickle, "safely"), (only_pickle, "pickle"),
    ],
)  # fmt: skip
def test_a_broken_folder_is_told_and_breaks_nothing(harm: Any, reason: str) -> None:
    ours("good", since=2_000_000)
    harm(ours("bad", since=1_000_000))
    assert [spec.name for spec in all_backbones()] == ["good", "starter-backbone"]
    (told,) = problems()
    assert told.folder == "bad"
    assert reason in told.reason
    assert told.hint
    assert not Path("boom").exists()


def test_a_pickle_dressed_as_weights_is_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = folder_of("resnet18", {"kind": "image-backbone", "architecture": "resnet18", "size": 64})
    with zipfile.ZipFile(folder / "resnet18.pth", "w") as archive:
        archive.writestr("resnet18/data.pkl", pickle.dumps(_Bomb(), protocol=2))
        archive.writestr("resnet18/version", "3")
    with pytest.raises(StudioError, match="cannot be read"):
        Backbone(find_backbone(), "cpu")
    assert not (tmp_path / "boom").exists()


def test_weights_of_another_network_are_refused() -> None:
    folder = ours("odd")
    save_file({"x": torch.zeros(3)}, str(folder / "weights.safetensors"))
    with pytest.raises(StudioError, match="odd cannot be read"):
        Backbone(find_backbone(), "cpu")
    clip("clip")
    (user_models_dir() / "clip" / "model.safetensors").write_bytes(
        (folder / "weights.safetensors").read_bytes()
    )
    spec = next(spec for spec in all_backbones() if spec.name == "clip")
    with pytest.raises(StudioError, match="clip cannot be read"):
        Backbone(spec, "cpu")


def test_other_models_in_the_folder_are_passed_over() -> None:
    folder_of("sentences", {"model_type": "bert"})
    folder_of("own-gan", {"kind": "image-gan"})
    folder_of("empty")
    (user_models_dir() / "a file").write_text("x")
    assert [spec.source for spec in all_backbones()] == ["starter"]
    assert problems() == []


def test_loading_a_network_draws_from_nobody_elses_numbers() -> None:
    clip()
    ours("own")
    torch.manual_seed(11)
    expected = torch.rand(3)
    torch.manual_seed(11)
    for spec in all_backbones():
        Backbone(spec, "cpu")
    assert torch.equal(torch.rand(3), expected)


def test_the_starter_knows_more_than_its_mean() -> None:
    spec = starter_backbone()
    assert spec is not None
    assert spec.dimension <= 768
    assert spec.weights is not None
    assert spec.weights.stat().st_size < 4_200_000
    plain = Image.new("RGB", (96, 96), "white")
    rows = Backbone(spec, "cpu")(np.stack([np.asarray(plain), pictures(96, 1)[0]]))
    assert np.isfinite(rows).all()
    assert np.abs(rows[0] - rows[1]).max() > 0.01
