"""Joint models of a library: what belongs together, rights, training as a job, any part from any other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmstudio.errors import StudioError, UsageError
from mmstudio.jobs import run_inline
from mmstudio.learning.config import ModelConfig, load_config
from mmstudio.learning.families import default_config
from mmstudio.learning.joint.belongs import find_bundles, short
from mmstudio.learning.joint.model import JointModel
from mmstudio.learning.joint.source import Sets, data, read_sets
from mmstudio.learning.joint.words import Words, fit_words
from mmstudio.learning.service import Trainings
from mmstudio.library import Library
from mmstudio.library.records import NewInteraction, NewItem
from support.libraries import new_library
from support.library import add_files
from support.media import make_image, make_wav

NAMES = ("Red boots", "Green lamp", "Blue drum")
SMALL = {"hidden": 16.0, "context": 8.0, "flow_width": 16.0, "latent": 8.0}


def shop(folder: Path, count: int = 18) -> tuple[Library, list[int]]:
    """Items with a picture, every second with a tone, words and a category; two audiences."""
    library = new_library(folder)
    pictures = [make_image(folder / f"p/{i}.png", seed=i, size=(24, 24)) for i in range(count)]
    sounds = [make_wav(folder / f"s/{i}.wav", frequency=200.0 + 60 * i) for i in range(0, count, 2)]
    ids = add_files(library, *pictures, *sounds)
    items = library.items.upsert_many(
        NewItem(sku=f"S{i}", title=NAMES[i % 3], category=f"Shop > {NAMES[i % 3].split()[1].title()}")
        for i in range(count)
    )
    for i, item in enumerate(items):
        library.items.link_asset(item, ids[i], "hero")
        if i % 2 == 0:
            library.items.link_asset(item, ids[count + i // 2], "music")
    walkers, players = (library.audiences.add(name) for name in ("Walkers", "Players"))
    library.audiences.add_interactions(
        NewInteraction(f"m{i % 4}", walkers if i % 4 < 2 else players, items[i], "buy", 1.0 + i % 3, float(i))
        for i in range(count)
    )
    return library, ids


def sets_of(library: Library, **changes: Any) -> tuple[Sets, ModelConfig]:
    config = default_config("joint", "j", size=16, steps=2)
    for name, value in changes.items():
        setattr(config, name, value)
    trainings = Trainings(library, "cpu")
    found: Sets = run_inline(lambda context: read_sets(trainings, config))
    return found, config


def test_an_item_is_one_set_of_all_that_belongs_to_it(tmp_path: Path) -> None:
    library, ids = shop(tmp_path)
    sets, config = sets_of(library)
    own = [part.name for part in sets.parts if not part.about]
    assert own == ["image", "audio", "text", "tags", "audience"]
    assert sets.arrays["image"].shape == (18, 3, 16, 16)
    assert sets.present["image"].all()
    assert sets.present["audio"].sum() == 9
    assert not sets.arrays["audio"][~sets.present["audio"]].any()
    words = Words.of(sets.parts[2].words or {})
    assert words.decode(sets.arrays["text"])[:3] == list(NAMES)
    assert sets.assets["image"].tolist() == ids[:18]
    assert set(sets.parts[4].labels) == {"Walkers", "Players"}
    assert sets.arrays["audience"].max() == 1.0
    assert set(sets.group[sets.held]).isdisjoint(sets.group[~sets.held])
    assert config.parts["modalities"][0]["shape"] == (3, 16, 16)


def test_a_trained_model_sees_the_same_sets_again(tmp_path: Path) -> None:
    library, _ = shop(tmp_path)
    once, config = sets_of(library)
    again, _ = sets_of(library, parts=config.parts)
    assert all(np.array_equal(once.arrays[name], again.arrays[name]) for name in once.arrays)
    assert np.array_equal(once.held, again.held)


def test_what_may_not_be_learned_from_is_left_out_and_counted(tmp_path: Path) -> None:
    library, ids = shop(tmp_path)
    library.assets.set_rights([ids[0]], "no-training")
    library.assets.set_rights([ids[1]], "restricted")
    found = find_bundles(library, default_config("joint", "j", size=16))
    assert found.forbidden == [ids[0], ids[1]]
    assert not {ids[0], ids[1]} & {i for bundle in found.bundles for i in bundle.ids}
    sets, _ = sets_of(library, leave_out=[ids[2]])
    assert sets.left_out == [ids[2]]
    assert ids[2] not in sets.ids(held=False) + sets.ids(held=True)


def test_pictures_with_tags_and_small_collections_are_sets_too(tmp_path: Path) -> None:
    library = new_library(tmp_path)
    tagged = add_files(
        library, *(make_image(tmp_path / f"a/{i}.png", seed=i) for i in range(3)), tags=("sea",)
    )
    picture, sound = add_files(
        library, make_image(tmp_path / "b/x.png", seed=9), make_wav(tmp_path / "b/x.wav")
    )
    library.collections.put(library.collections.add("Both"), [picture, sound])
    bundles = find_bundles(library, default_config("joint", "j", size=16)).bundles
    assert [b.ids for b in bundles if b.group.startswith("collection")] == [[picture, sound]]
    alone = [b for b in bundles if b.group.startswith("content")]
    assert sorted(b.ids[0] for b in alone) == tagged
    assert all(b.tags == ("sea",) for b in alone)


def test_too_few_sets_are_one_sentence(tmp_path: Path) -> None:
    library, _ = shop(tmp_path, 4)
    with pytest.raises(StudioError, match="Too few things that belong together"):
        sets_of(library)


def test_a_silent_sound_and_a_lost_picture_are_counted(tmp_path: Path) -> None:
    library, ids = shop(tmp_path)
    (tmp_path / "p/3.png").unlink()
    sets, _ = sets_of(library)
    assert sets.unreadable == [ids[3]]
    assert sets.present["image"].sum() == 17
    assert len(sets) == 18  # its words and tags still belong together


def test_a_model_is_trained_and_makes_the_rest_from_anything(tmp_path: Path) -> None:
    library, ids = shop(tmp_path)
    trainings = Trainings(library, "cpu")
    result = run_inline(trainings.train_work("joint", "j", steps=3, size=16, batch=4, options=SMALL))
    assert result["status"] == "done"
    folder = trainings.folder("j")
    assert not (folder / "set.safetensors").exists()
    trained = load_config(folder).trained
    assert sorted(trained["assets"] + trained["held_assets"]) == ids
    model = trainings.load_any("j")
    assert isinstance(model, JointModel)
    assert trainings.check("j") == ""
    made = model.generate({"text": "Red boots", "audience": "Walkers"}, count=2, seed=3)
    assert [set(each) for each in made] == [{"image", "audio", "tags"}] * 2
    assert made[0]["image"].shape == (16, 16, 3)
    samples, rate = made[0]["audio"]
    assert samples.dtype == np.float32
    assert samples.ndim == 2
    assert rate == 22050
    again = model.generate({"audio": (samples + 0.1, rate), "image": made[0]["image"]}, seed=1)[0]
    assert isinstance(again["text"], str)
    whole = model.unconditional(1, sampler="gan")[0]
    assert set(whole) == {"image", "audio", "text", "tags"}
    with pytest.raises(StudioError, match="silent"):
        model.generate({"audio": (np.zeros((1, 500), np.float32), 22050)})
    with pytest.raises(UsageError, match="none of these"):
        model.generate({"audience": "Nobody"})
    with pytest.raises(StudioError, match="no word or letter"):
        model.generate({"text": "Ωψ"})


def test_a_model_trained_anew_forgets_the_words_of_what_was_forgotten(tmp_path: Path) -> None:
    library, _ = shop(tmp_path)
    once, config = sets_of(library)
    for item in library.items.ids():
        library.items.update(item, title="Plain things")
    trainings = Trainings(library, "cpu")
    config.name = "j"
    found, _ = run_inline(lambda context: data(trainings, library.models_dir / "j", config))
    words = config.parts["modalities"][2]["words"]["pieces"]
    own = [part.name for part in once.parts if not part.about]
    assert [name for name in found.names if name in own] == own
    assert not any("lamp" in piece for piece in words)


def test_real_media_go_through_the_models_underneath(tmp_path: Path) -> None:
    library, ids = shop(tmp_path)
    trainings = Trainings(library, "cpu")
    run_inline(trainings.train_work("image-vae", "pictures", steps=1, size=32, batch=2, width=4))
    below = {"from": {"image": "pictures"}}
    run_inline(trainings.train_work("joint", "j", steps=2, size=16, batch=4, options=SMALL, parts=below))
    config = load_config(trainings.folder("j"))
    assert config.trained["inherited_assets"] == ids[:18]
    model = trainings.load_any("j")
    assert model.parts[0].kind == "vector"
    picture = model.generate({"text": "Blue drum"}, want=["image"])[0]["image"]
    assert picture.shape == (32, 32, 3)
    assert model.embed({"image": picture}).shape == (1, 8)
    trainings.remove("pictures")
    with pytest.raises(StudioError, match="is gone"):
        trainings.load_any("j").generate({"text": "Blue drum"}, want=["image"])


def test_sounds_and_texts_go_through_the_models_underneath(tmp_path: Path) -> None:
    library, _ = shop(tmp_path)
    trainings = Trainings(library, "cpu")
    tiny = {"width": 16.0, "heads": 2.0, "layers": 1.0, "vocabulary": 280.0, "latent": 4.0}
    run_inline(trainings.train_work("sound-vae", "tones", steps=1, batch=2, width=4))
    run_inline(trainings.train_work("text-vae", "lines", steps=1, batch=2, options=tiny))
    below = {"from": {"audio": "tones", "text": "lines"}}
    run_inline(trainings.train_work("joint", "j", steps=2, size=16, batch=4, options=SMALL, parts=below))
    model = trainings.load_any("j")
    kinds = {part.name: (part.kind, part.model) for part in model.parts}
    assert kinds["audio"] == ("vector", "tones")
    assert kinds["text"] == ("vector", "lines")
    made = model.generate({"image": np.zeros((16, 16, 3), np.uint8)}, want=["audio", "text"], seed=2)[0]
    samples, rate = made["audio"]
    assert samples.dtype == np.float32
    assert samples.shape[1] > 0
    assert isinstance(made["text"], str)
    back = model.generate({"audio": (samples + 0.05, rate), "text": "Red boots"}, want=["image"], seed=2)[0]
    assert back["image"].shape == (16, 16, 3)


def test_texts_become_words_and_letters_and_come_back() -> None:
    words = fit_words(["red wooden lamp", "red metal lamp", "早餐 杯", "早餐 碗"] * 3)
    rows = words.encode(["red lamp", "早餐", "lad", ""])
    assert words.decode(rows) == ["red lamp", "早餐", "lad", ""]
    assert (rows[0] > 0).sum() == 2
    assert Words.of(words.as_json()).decode(rows) == words.decode(rows)
    assert short("One. " * 50) == "One."
    assert short("\n  Title \nmore") == "Title"
