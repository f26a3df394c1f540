"""The shared encoder: what it learns, what it survives, and what it says when it cannot."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from mmstudio.errors import StudioError
from mmstudio.features import Features
from mmstudio.features.extractors import infos
from mmstudio.jobs import JobContext, run_inline
from mmstudio.learning import Trainings
from mmstudio.learning.config import load_config
from mmstudio.learning.engine.checkpoint import load_state, load_weights
from mmstudio.learning.fusion.encoder import SharedEncoder
from mmstudio.learning.fusion.forward import encode
from mmstudio.learning.fusion.linear import fit_linear
from mmstudio.learning.fusion.measure import recall_at, through_neighbours
from mmstudio.learning.nets.blocks import materialise
from mmstudio.learning.nets.fused import FusedNet
from mmstudio.library import Library
from mmstudio.library.records import NewItem
from support.fusion import add_media, paired_library, put_rows


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    """A library with a trained encoder, its result and its parts; opened once for the file."""
    library, items, pictures = paired_library(tmp_path_factory.mktemp("trained"))
    features = Features(library, "cpu")
    features.shared = SharedEncoder(library, features.vectors)
    result = run_inline(Trainings(library, "cpu").train_work("fused", steps=60))
    yield library, features, result, items, pictures
    features.close()
    library.close()


def rows_alike(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.allclose(one, other, atol=1e-5))


def test_training_beats_chance_and_says_how_much(trained) -> None:  # type: ignore[no-untyped-def]
    library, _, result, _, _ = trained
    figures = result["figures"]
    assert result["status"] == "done"
    assert figures["recall"] > 2 * figures["chance"]
    assert 0 <= figures["tags_error"] <= 1
    assert f"{figures['recall']:.2f}" in result["sentence"]
    card = (library.models_dir / "fused" / "card.md").read_text(encoding="utf-8")
    assert "tags_error" in card
    assert "size" not in card.lower().split("## measured")[0]


def test_every_asset_and_item_gets_a_vector_of_length_one(trained) -> None:  # type: ignore[no-untyped-def]
    library, features, result, items, _ = trained
    assert result["used"]
    assets, of_items = features.vectors.space("fused"), features.vectors.space("fused", "item")
    assert len(assets.ids) == library.assets.count()
    assert sorted(of_items.ids.tolist()) == sorted(items)
    for space in (assets, of_items):
        assert rows_alike(np.linalg.norm(space.unit, axis=1), np.ones(len(space.ids)))


def test_words_find_pictures_and_sounds_without_tags(trained) -> None:  # type: ignore[no-untyped-def]
    library, features, _, _, _ = trained
    query = features.shared.embed_text("boots")
    ids, _ = features.vectors.space("fused").index.query(query, 12)
    titles = {a.id: a for a in library.assets.get_many([int(i) for i in ids])}
    right = sum(int(titles[int(i)].title[1:].split(".")[0]) % 3 == 0 for i in ids)
    assert right >= 8  # of 12; a third would be chance
    assert {a.kind for a in titles.values()} == {"image", "audio"}


def test_a_picture_alone_lands_where_its_stored_vector_is(trained) -> None:  # type: ignore[no-untyped-def]
    _, features, _, _, pictures = trained
    seen, shared = features.vectors.space("cnn"), features.vectors.space("fused")
    made = features.shared.embed_vector("image", seen.unit[seen.row(pictures[3])])
    assert rows_alike(made, shared.unit[shared.row(pictures[3])])
    assert features.shared.embed_vector("image", np.ones(3, np.float32)) is None
    assert features.shared.embed_vector("smell", np.ones(3, np.float32)) is None
    assert features.shared.embed_vector("image", np.full(seen.info.dimension, np.nan, np.float32)) is None


def test_attention_adds_up_over_what_an_item_has(trained) -> None:  # type: ignore[no-untyped-def]
    _, features, _, items, _ = trained
    weights = features.shared.attention(items[0])
    assert set(weights) == {"text", "image", "audio"}
    assert sum(weights.values()) == pytest.approx(1.0, abs=1e-4)
    assert features.shared.attention(10_000) == {}


def test_suggested_tags_are_right_and_refusals_are_kept(trained) -> None:  # type: ignore[no-untyped-def]
    library, features, _, _, pictures = trained
    found = dict(features.shared.suggest_tags(pictures[0]))
    assert max(found, key=lambda tag: found[tag]) in ("Shop", "Boots")
    assert all(0 <= sure <= 1 for sure in found.values())
    library.assets.refuse_tag([pictures[0]], "Boots")
    assert "Boots" not in dict(features.shared.suggest_tags(pictures[0]))
    library.undo.undo()
    library.assets.add_tags([pictures[0]], ["boots"])
    assert "Boots" not in dict(features.shared.suggest_tags(pictures[0]))
    library.undo.undo()
    assert "Boots" in dict(features.shared.suggest_tags(pictures[0]))


def test_unknown_words_give_no_vector(trained) -> None:  # type: ignore[no-untyped-def]
    _, features, _, _, _ = trained
    assert features.shared.embed_text("xylophonisation") is None
    assert features.shared.embed_text("") is None


def test_only_what_is_new_is_encoded(trained) -> None:  # type: ignore[no-untyped-def]
    library, features, _, items, _ = trained
    context = JobContext(0, {})
    new = add_media(library, "image", ["new.png"])
    put_rows(library, "cnn", {new[0]: np.ones(features.vectors.space("cnn").info.dimension, np.float32)})
    assert _drain(features.shared.refresh(context)) == {"asset": 1, "item": 0}
    library.items.update(items[0], title="tall lamps of glass")
    assert _drain(features.shared.refresh(context)) == {"asset": 0, "item": 1}
    assert _drain(features.shared.refresh(context)) == {"asset": 0, "item": 0}
    library.undo.undo()
    library.assets.trash(new)


def test_a_model_that_is_removed_takes_its_vectors_along(tmp_path: Path) -> None:
    library, _, _ = paired_library(tmp_path, 18, sounds=False)
    with library:
        trainings = Trainings(library, "cpu")
        result = run_inline(trainings.train_work("fused", steps=4))
        features = Features(library, "cpu")
        shared = SharedEncoder(library, features.vectors)
        assert shared.ready is result["used"]
        trainings.remove("fused")
        assert not shared.ready
        _drain(shared.refresh(JobContext(0, {})))
        assert len(features.vectors.space("fused").ids) == 0
        features.close()


def test_numpy_and_torch_agree() -> None:
    names = {"text": 12, "image": 20, "audio": 8}
    random = torch.Generator().manual_seed(3)
    net = materialise(lambda: FusedNet(names, 5, 16, 8), torch.device("cpu"), random)
    with torch.no_grad():
        for parameter in (*net.parameters(), *(t.base for t in net.towers.values())):
            parameter.copy_(torch.randn(parameter.shape, generator=random) * 0.3)
        for tower in net.towers.values():
            tower.centre.zero_()
    inputs = {name: torch.randn(7, size, generator=random) for name, size in names.items()}
    mask = torch.tensor([[1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1]]).bool()
    with torch.no_grad():
        vectors, attention, logits = net(inputs, mask)
    weights = {f"fused.{key}": value.numpy() for key, value in net.state_dict().items()}
    made = encode(weights, list(names), {n: x.numpy() for n, x in inputs.items()}, mask.numpy())
    assert rows_alike(made.vectors, vectors.numpy())
    assert rows_alike(made.attention, attention.numpy())
    assert rows_alike(made.logits, logits.numpy())


def test_what_is_missing_takes_no_part() -> None:
    names = ["text", "image"]
    net = materialise(
        lambda: FusedNet({"text": 4, "image": 4}, 2, 8, 4),
        torch.device("cpu"),
        torch.Generator().manual_seed(1),
    )
    weights = {f"fused.{key}": value.detach().numpy() for key, value in net.state_dict().items()}
    for name in names:
        weights[f"fused.towers.{name}.base"] = np.eye(4, 8, dtype=np.float32)
        weights[f"fused.towers.{name}.centre"] = np.zeros(4, np.float32)
    mask = np.array([[True, False]])
    words = np.ones((1, 4), np.float32)
    one = encode(weights, names, {"text": words, "image": np.zeros((1, 4), np.float32)}, mask)
    other = encode(weights, names, {"text": words, "image": np.full((1, 4), np.nan, np.float32)}, mask)
    assert rows_alike(one.vectors, other.vectors)
    assert one.attention[0].tolist() == [1.0, 0.0]


def test_resuming_gives_the_very_same_weights(tmp_path: Path) -> None:
    library, _, _ = paired_library(tmp_path, 24, sounds=False)
    with library:
        trainings = Trainings(library, "cpu")
        run_inline(trainings.train_work("fused", "whole", steps=30))
        run = trainings.train_work("fused", "halved", steps=30)(JobContext(0, {}))
        for progress in run:
            if progress.done >= 11 and (progress.data or {}).get("losses"):
                run.close()
                break
        run_inline(trainings.train_work("fused", "halved", steps=30, resume=True))
        whole, halved = (load_state(library.models_dir / name) for name in ("whole", "halved"))
        assert whole is not None
        assert halved is not None
        assert whole.tensors.keys() == halved.tensors.keys()
        assert all(torch.equal(whole.tensors[key], halved.tensors[key]) for key in whole.tensors)


def test_not_a_number_goes_back_to_the_last_checkpoint(tmp_path: Path) -> None:
    from mmstudio.features.vectors import Vectors
    from mmstudio.learning.engine.fused_task import FusedData, FusedTask
    from mmstudio.learning.engine.trainer import Trainer
    from mmstudio.learning.families import default_config
    from mmstudio.learning.fusion.examples import read_examples

    library, _, _ = paired_library(tmp_path, 18, sounds=False)
    with library:
        examples, _, _ = _drain(read_examples(library, Vectors(library), 0))
        config = default_config("fused", "x", steps=8)
        folder = tmp_path / "model"
        folder.mkdir()
        task = FusedTask(config, torch.device("cpu"), examples)
        trainer = Trainer(folder, config, task, FusedData(examples, 0))
        poisoned = False
        for _ in trainer.run(JobContext(0, {})):
            if trainer.step == 3 and not poisoned:
                poisoned = True
                with torch.no_grad():
                    task.net.towers["text"].enter.weight.fill_(float("nan"))
        assert trainer.rollbacks == 1
        assert trainer.step == 8
        assert all(torch.isfinite(value).all() for value in load_weights(folder).values())


@pytest.mark.parametrize("case", ["alike", "one modality", "no words", "no tags"])
def test_poor_libraries_give_a_valid_model(tmp_path: Path, case: str) -> None:
    with Library.create(tmp_path / "poor.mmlib") as library:
        pictures = add_media(
            library, "image", [f"{i}" if case == "no words" else f"boot {i}" for i in range(12)]
        )
        random = np.random.default_rng(0)
        from mmstudio.features.extractors import infos

        dimension = infos()["cnn"].dimension
        if case == "alike":
            rows = {i: np.ones(dimension, np.float32) for i in pictures}
        else:
            rows = {i: random.standard_normal(dimension).astype(np.float32) for i in pictures}
        if case != "one modality":
            put_rows(library, "cnn", rows)
        else:
            library.items.upsert_many(NewItem(sku=f"{i}", title=f"red boot {i}") for i in range(12))
        result = run_inline(Trainings(library, "cpu").train_work("fused", steps=6))
        assert result["status"] == "done"
        weights = load_weights(library.models_dir / "fused")
        assert all(torch.isfinite(value).all() for value in weights.values())
        assert result["sentence"]


def test_one_item_is_told_in_a_sentence(tmp_path: Path) -> None:
    with Library.create(tmp_path / "one.mmlib") as library:
        library.items.upsert_many([NewItem(sku="1", title="red boot")])
        with pytest.raises(StudioError, match="to learn from: 1, and"):
            run_inline(Trainings(library, "cpu").train_work("fused"))


def test_an_empty_library_is_told_what_to_do(tmp_path: Path) -> None:
    with Library.create(tmp_path / "none.mmlib") as library:
        with pytest.raises(StudioError, match="no features"):
            run_inline(Trainings(library, "cpu").train_work("fused"))
        features = Features(library, "cpu")
        shared = SharedEncoder(library, features.vectors)
        assert not shared.ready
        assert shared.embed_text("boots") is None
        assert shared.suggest_tags(1) == []
        assert _drain(shared.refresh(JobContext(0, {}))) == {"asset": 0, "item": 0}
        features.close()


def test_damaged_weights_are_not_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    library, _, _ = paired_library(tmp_path, 18, sounds=False)
    with library:
        trainings = Trainings(library, "cpu")
        run_inline(trainings.train_work("fused", steps=3))
        folder = library.models_dir / "fused"
        assert trainings.check("fused") == ""
        for file in folder.glob("weights*.safetensors"):
            file.write_bytes(file.read_bytes()[:100])
        assert "damaged" in trainings.check("fused")
        features = Features(library, "cpu")
        assert not SharedEncoder(library, features.vectors).ready
        assert "damaged" in caplog.text
        features.close()


def test_media_that_may_not_be_learned_from_are_left_out(tmp_path: Path) -> None:
    library, _, pictures = paired_library(tmp_path, 18, sounds=False)
    with library:
        library.assets.set_rights(pictures[:3], "no-training")
        run_inline(Trainings(library, "cpu").train_work("fused", steps=2))
        config = load_config(library.models_dir / "fused")
        assert not set(pictures[:3]) & set(config.trained["assets"])
        assert config.trained["left_out_rights"] == 3


def test_linear_start_tells_partners_of_new_things() -> None:
    random = np.random.default_rng(0)
    truth = random.standard_normal((120, 6)).astype(np.float32)
    views = {
        name: truth @ random.standard_normal((6, 40)).astype(np.float32)
        + 0.5 * random.standard_normal((120, 40)).astype(np.float32)
        for name in ("text", "image")
    }
    group = np.arange(120)
    train = group < 90
    present = {name: np.ones(90, bool) for name in views}
    paths = fit_linear({n: X[train] for n, X in views.items()}, present, group[train], np.zeros((90, 0)), 64)
    made = {}
    for name, path in paths.items():
        rows = (views[name][~train] - path.centre) @ path.base
        made[name] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    learned = recall_at(made["image"], group[~train], made["text"], group[~train], 1).mean()
    unit = {n: X / np.linalg.norm(X, axis=1, keepdims=True) for n, X in views.items()}
    guess = through_neighbours(unit["image"][~train], unit["image"][train], unit["text"][train])
    unfused = recall_at(guess, group[~train], unit["text"][~train], group[~train], 1).mean()
    assert learned > 0.6  # chance is 1 in 30
    assert unfused > 0.1


def test_recall_counts_ties_against_the_query() -> None:
    same = np.ones((3, 1), np.float32)
    group = np.array([0, 1, 2])
    assert recall_at(same, group, same, group, 1).tolist() == [0.0, 0.0, 0.0]
    assert recall_at(same, group, same, group, 3).tolist() == [1.0, 1.0, 1.0]


def test_a_query_is_encoded_without_torch(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys, numpy\n"
        "from mmstudio.learning.fusion.encoder import SharedEncoder\n"
        "print(json.dumps('torch' in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", "import json\n" + code], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) is False


def _drain(generator):  # type: ignore[no-untyped-def]
    while True:
        try:
            next(generator)
        except StopIteration as stop:
            return stop.value


def test_a_kind_of_media_never_seen_with_a_tag_gets_no_suggestions(tmp_path: Path) -> None:
    library, _, pictures = paired_library(tmp_path, sounds=False)
    with library:
        sounds = add_media(library, "audio", [f"loose{i}.wav" for i in range(12)])
        random = np.random.default_rng(5)
        put_rows(library, "mfcc", {i: random.normal(size=infos()["mfcc"].dimension) for i in sounds})
        features = Features(library, "cpu")
        features.shared = SharedEncoder(library, features.vectors)
        assert run_inline(Trainings(library, "cpu").train_work("fused", steps=60))["used"]
        assert "audio" in features.shared.modalities
        assert features.shared.suggest_tags(pictures[0])
        assert [features.shared.suggest_tags(i) for i in sounds] == [[]] * len(sounds)
        features.close()
