"""Fine-tuning: what is learned from and held out, the result and its card, stops, bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from mmstudio.errors import Cancelled, ReadOnly, StudioError, UsageError
from mmstudio.features.pictures.backbones import Backbone, all_backbones, build_net, starter_backbone
from mmstudio.jobs import Progress, run_inline
from mmstudio.learning.catalogue import Catalogue
from mmstudio.learning.engine.finetune_task import freeze, stages_of
from mmstudio.learning.finetune import FineTuning, estimate
from mmstudio.learning.finetune.data import hold_out
from mmstudio.learning.finetune.measure import label_accuracy, label_chance, view_recall
from mmstudio.learning.objectives.contrast import nt_xent, random_view, supervised_contrast
from mmstudio.library import Library
from mmstudio.library.records import NewItem
from support.libraries import new_library
from support.library import add_files
from support.weights import write_backbone


def picture(path: Path, stripes: bool, seed: int) -> Path:
    """Noise in stripes across or along: two kinds that a small network can learn to tell apart."""
    random = np.random.default_rng(seed)
    rows = random.integers(0, 256, (32, 1, 3)).repeat(32, 1)
    pixels = rows if stripes else rows.transpose(1, 0, 2)
    Image.fromarray(pixels.astype(np.uint8)).save(path)
    return path


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """16 pictures of two kinds: two to an item, the kind as category and as tag."""
    library = new_library(tmp_path)
    folder = tmp_path / "pictures"
    folder.mkdir()
    for kind in (0, 1):
        files = [picture(folder / f"{kind}-{i}.png", bool(kind), 100 * kind + i) for i in range(8)]
        ids = add_files(library, *files, tags=(("along", "across")[kind], "all"))
        for n in range(4):
            (item,) = library.items.upsert_many(
                [NewItem(sku=f"{kind}-{n}", category=("Along", "Across")[kind])]
            )
            for asset in ids[2 * n : 2 * n + 2]:
                library.items.link_asset(item, asset, "detail")
    return library


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    """A catalogue with one small network in it."""
    made = Catalogue()
    made.add(write_backbone(tmp_path / "tiny"))
    return made


def tune(library: Library, catalogue: Catalogue, **options: Any) -> Any:
    watch = options.pop("watch", None)
    stop = options.pop("stop", None)
    given = {"base": "tiny", "steps": 3, "batch": 4, "keep_anyway": True, "name": "new"} | options
    work = FineTuning(library, "cpu", catalogue).work(**given)
    return run_inline(work, on_progress=watch, cancelled=stop)


@pytest.mark.parametrize("on", ["categories", "tags", "self"])
def test_a_result_is_a_network_that_the_features_room_uses(
    library: Library, catalogue: Catalogue, on: str
) -> None:
    facts = tune(library, catalogue, on=on)
    assert (facts["kept"], facts["steps"], facts["learned_from"] + facts["held_out"]) == (True, 3, 16)
    assert facts["held_out"] == 4
    assert 0.0 <= facts["before"] <= 1.0
    assert 0.0 <= facts["after"] <= 1.0
    assert facts["measure"] == "labels"
    assert facts["chance"] == 0.5
    spec = next(spec for spec in all_backbones() if spec.name == "new")
    assert (spec.architecture, spec.dimension, spec.licence) == ("starter-resnet", 32, "Apache-2.0")
    assert Backbone(spec, "cpu")(np.zeros((1, 32, 32, 3), np.uint8)).shape == (1, 32)
    card = (catalogue.root / "new" / "card.md").read_text(encoding="utf-8")
    assert "12 of its pictures" in card
    assert "before" in card
    assert catalogue.check("new").kind == "image-backbone"
    assert not list(library.models_dir.glob(".finetune/*"))


def test_early_stages_and_all_statistics_stay_as_they_were(library: Library, catalogue: Catalogue) -> None:
    tune(library, catalogue, stages=1)
    old = load_file(str(catalogue.root / "tiny" / "weights.safetensors"))
    new = load_file(str(catalogue.root / "new" / "weights.safetensors"))
    assert old.keys() == new.keys()
    changed = {key for key in old if not torch.equal(old[key], new[key])}
    assert changed
    assert all(key.startswith("stages.2.") for key in changed)
    assert not any("running" in key for key in changed)


def test_pictures_without_labels_are_learned_from_by_their_own_views(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    library = new_library(tmp_path / "plain")
    files = [picture(tmp_path / f"{i}.png", bool(i % 2), i) for i in range(12)]
    add_files(library, *files)
    facts = tune(library, catalogue, on="self")
    assert (facts["measure"], facts["classes"]) == ("views", 0)
    assert facts["held_out"] == 3
    with pytest.raises(StudioError, match="labels to learn from"):
        tune(library, catalogue, on="categories", name="other")


def test_a_result_that_is_no_better_is_not_kept(library: Library, catalogue: Catalogue) -> None:
    from mmstudio.learning.finetune import service

    facts = tune(library, catalogue, steps=1, keep_anyway=False)
    kept = facts["after"] > facts["before"]
    assert facts["kept"] == kept
    assert (catalogue.root / "new").exists() == kept
    assert any("nothing was kept" in note for note in facts["notes"]) != kept
    assert service.STEPS > 0


def test_rights_that_forbid_training_are_left_out_and_said(library: Library, catalogue: Catalogue) -> None:
    ids = library.assets.ids()
    library.assets.set_rights(ids[:2], "no-training")
    facts = tune(library, catalogue)
    assert facts["learned_from"] + facts["held_out"] == 14
    assert "2 left out because of their rights" in facts["notes"]
    assert "Left out (rights): 2" in (catalogue.root / "new" / "card.md").read_text(encoding="utf-8")
    library.assets.set_rights(ids, "restricted")
    with pytest.raises(StudioError, match="forbid training"):
        tune(library, catalogue, name="other")


def weights_of(catalogue: Catalogue, name: str) -> dict[str, torch.Tensor]:
    return load_file(str(catalogue.root / name / "weights.safetensors"))


def test_a_stop_keeps_the_state_and_going_on_ends_at_the_same_weights(
    library: Library, catalogue: Catalogue
) -> None:
    tune(library, catalogue, steps=4, name="whole")
    steps: list[int] = []

    def watch(progress: Progress) -> None:
        if progress.data and progress.data.get("losses"):
            steps.append(progress.data["step"])

    with pytest.raises(Cancelled):
        tune(library, catalogue, steps=4, watch=watch, stop=lambda: 2 in steps)
    assert not (catalogue.root / "new").exists()
    assert list(library.models_dir.glob(".finetune/new/state-*"))
    steps.clear()
    facts = tune(library, catalogue, steps=4, watch=watch)
    assert steps[0] == 3
    assert facts["steps"] == 4
    whole, resumed = weights_of(catalogue, "whole"), weights_of(catalogue, "new")
    assert all(torch.equal(whole[key], resumed[key]) for key in whole)


def test_the_same_seed_gives_the_same_network(library: Library, catalogue: Catalogue) -> None:
    one, two = tune(library, catalogue, seed=5), tune(library, catalogue, seed=5, name="again")
    assert (one["before"], one["after"]) == (two["before"], two["after"])
    a, b = weights_of(catalogue, "new"), weights_of(catalogue, "again")
    assert all(torch.equal(a[key], b[key]) for key in a)


def test_losses_that_are_not_numbers_stop_the_training_in_words(
    library: Library, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mmstudio.learning.finetune import service

    monkeypatch.setattr(service, "RATE", 1e25)
    with pytest.raises(StudioError, match="unstable"):
        tune(library, catalogue, steps=50)
    assert not (catalogue.root / "new").exists()


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"on": "smells"}, UsageError),
        ({"steps": 0}, UsageError),
        ({"name": "../out"}, UsageError),
        ({"name": "tiny"}, UsageError),
        ({"name": "starter-backbone"}, UsageError),
        ({"name": "resnet18"}, UsageError),
        ({"base": "nothing"}, StudioError),
        ({"query": "tag:nothing"}, StudioError),
    ],
)
def test_what_cannot_be_done_is_said(
    library: Library, catalogue: Catalogue, options: dict[str, Any], kind: type[StudioError]
) -> None:
    with pytest.raises(kind) as error:
        tune(library, catalogue, **options)
    assert "Traceback" not in error.value.message


def test_a_library_that_is_read_only_is_not_learned_on(library: Library, catalogue: Catalogue) -> None:
    path = library.path
    library.close()
    with Library.open(path, read_only=True) as opened, pytest.raises(ReadOnly):
        tune(opened, catalogue)


def test_pictures_that_cannot_be_read_are_counted(library: Library, catalogue: Catalogue) -> None:
    asset = library.assets.get(library.assets.ids()[0])
    library.assets.path_of(asset).write_bytes(b"\x89PNG broken")
    facts = tune(library, catalogue)
    assert "1 could not be read" in facts["notes"]


def test_a_damaged_base_is_one_sentence(library: Library, catalogue: Catalogue) -> None:
    (catalogue.root / "tiny" / "weights.safetensors").write_bytes(b"cut")
    with pytest.raises(StudioError, match="safetensors"):
        tune(library, catalogue)


# -- parts -----------------------------------------------------------------------------------------------


def test_an_item_is_never_on_both_sides() -> None:
    labels = [["a"]] * 20 + [["b"]] * 6 + [["only one group"]] * 3
    groups = [f"a{i // 2}" for i in range(20)] + [f"b{i // 3}" for i in range(6)] + ["c"] * 3
    held = hold_out(labels, groups, 1)
    sides = {group: {bool(h) for g, h in zip(groups, held, strict=True) if g == group} for group in groups}
    assert all(len(side) == 1 for side in sides.values())
    assert sides["c"] == {False}
    assert 2 <= sum(held[:20]) <= 6
    assert held[20:26].sum() == 3
    assert (held == hold_out(labels, groups, 1)).all()


def test_accuracy_is_that_of_a_case_known_by_hand() -> None:
    from mmstudio.learning.finetune.data import Labelled

    vectors = np.array([[1, 0], [1, 0.1], [0, 1], [0.1, 1], [1, 0.05], [0.9, 0.1]], np.float32)
    labels = [["x"], ["x"], ["y"], ["y"], ["x"], ["y"]]
    held = np.array([False] * 4 + [True] * 2)
    data = Labelled(np.zeros((6, 3, 1, 1), np.uint8), labels, list("abcdef"), held)
    assert label_accuracy(vectors, data) == 0.5  # the last looks like an x and is none
    assert label_chance(data) == 0.5
    assert view_recall(vectors[:4], vectors[:4]) == 1.0


def test_contrast_is_lower_where_the_alike_lie_together() -> None:
    near, far = torch.eye(4), torch.eye(4).flip(0)
    assert nt_xent(near, near) < nt_xent(near, far)
    labels = torch.tensor([[1.0, 0], [1, 0], [0, 1], [0, 1]])
    together = torch.tensor([[1.0, 0], [1, 0.1], [0, 1], [0.1, 1]])
    apart = together[[0, 2, 1, 3]]
    assert supervised_contrast(together, labels) < supervised_contrast(apart, labels)
    none = supervised_contrast(together, torch.zeros(4, 2))
    assert none.item() == 0.0


def test_supervised_contrast_is_the_formula_of_its_paper() -> None:
    z = torch.nn.functional.normalize(torch.randn(6, 5, generator=torch.Generator().manual_seed(0)), dim=1)
    kinds = [0, 0, 1, 1, 1, 2]
    labels = torch.nn.functional.one_hot(torch.tensor(kinds)).float()
    total, counted = 0.0, 0
    for i in range(6):
        others = [a for a in range(6) if a != i]
        alike = [p for p in others if kinds[p] == kinds[i]]
        if alike:
            bottom = sum(float(torch.exp(z[i] @ z[a] / 0.1)) for a in others)
            total -= sum(float(z[i] @ z[p] / 0.1) - np.log(bottom) for p in alike) / len(alike)
            counted += 1
    assert supervised_contrast(z, labels).item() == pytest.approx(total / counted, rel=1e-4)


def test_views_repeat_with_their_seed_and_stay_in_range() -> None:
    x = torch.rand(3, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    one, two = (random_view(x, torch.Generator().manual_seed(7)) for _ in range(2))
    assert torch.equal(one, two)
    assert one.shape == x.shape
    assert not torch.equal(one, x)
    assert 0.0 <= float(one.min()) <= float(one.max()) <= 1.0


@pytest.mark.parametrize("architecture", ["resnet18", "mobilenet_v3_small", "convnext_tiny"])
def test_only_the_last_stages_of_torchvisions_networks_learn(architecture: str) -> None:
    from mmstudio.features.pictures.torchvision_nets import build_torchvision

    net = build_torchvision(architecture)
    total = sum(p.numel() for p in net.parameters())
    one, two = freeze(net, 1), freeze(net, 2)
    assert 0 < one < two < total
    assert freeze(net, 99) == total
    assert not next(net.parameters()).requires_grad or freeze(net, 1) < total


def test_the_starter_has_a_stem_and_three_stages() -> None:
    spec = starter_backbone()
    assert spec is not None
    net = build_net(spec)
    assert len(stages_of(net)) == 4
    freeze(net, 1)
    assert {name.split(".")[1] for name, p in net.named_parameters() if p.requires_grad} == {"2"}
    assert estimate("starter-resnet", 600) == pytest.approx(2 * estimate("starter-resnet", 300))


def test_settings_that_changed_start_over(library: Library, catalogue: Catalogue) -> None:
    steps: list[int] = []

    def watch(progress: Progress) -> None:
        if progress.data and progress.data.get("losses"):
            steps.append(progress.data["step"])

    with pytest.raises(Cancelled):
        tune(library, catalogue, steps=4, watch=watch, stop=lambda: 2 in steps)
    steps.clear()
    tune(library, catalogue, steps=3, watch=watch)
    assert steps[0] == 1
    config = json.loads((catalogue.root / "new" / "config.json").read_text(encoding="utf-8"))
    assert config["training"]["steps"] == 3
    assert config["base"] == "tiny"
