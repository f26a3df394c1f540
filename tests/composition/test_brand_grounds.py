"""A ground that a model made before the brand kit: found, and drawn again in its colours by one click."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmstudio.composition import Composer, Storyboard, prepare_drawing
from mmstudio.composition.brand import BrandKit, apply, check, fix, fix_all
from mmstudio.composition.brand.grounds import branded
from mmstudio.composition.storyboard import GeneratedLayer
from mmstudio.generation import backgrounds
from mmstudio.library.importing import register_generated
from mmstudio.media.image import image_array
from support.shop import Shop, make_shop

KIT = BrandKit(name="Blue", colours={"primary": "#12355b", "accent": "#1f5f8b", "ground": "#eef3f8"})
SAYS = "The ground was made in other colours than the brand's."


def _ground(shop: Shop, board: Storyboard, colour: tuple[int, int, int]) -> int:
    """A made ground in tones of a colour, in every scene that has a drawn one."""
    x, y = np.meshgrid(np.linspace(0, 3, 64), np.linspace(0, 2, 64))
    shapes = np.repeat((127 + 120 * np.sin(x) * np.cos(y))[..., None], 3, axis=2).astype(np.uint8)
    file = shop.folder / f"ground-{colour[0]}.png"
    backgrounds.paint(shapes, [colour], (240, 240), 1).save(file)
    made = register_generated(shop.library, file, "image", "Background", model="starter", seed=1)
    for scene in board.scenes:
        for layer in scene.layers:
            if isinstance(layer, GeneratedLayer):
                layer.asset_id = made
    return made


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    prepare_drawing()
    return make_shop(tmp_path / "shop")


def test_an_old_ground_is_found_once_and_renewed(shop: Shop) -> None:
    board = Composer(shop.library, None, None).compose("product-card", shop.bag)
    old = _ground(shop, board, (214, 120, 60))
    apply(board, KIT, shop.library)
    [found] = [one for one in check(board, shop.library, KIT).findings if one.message == SAYS]
    assert (found.rule, found.fix) == ("colour", "Renew the ground")
    made = fix(board, found, KIT, shop.library)
    [layer] = [one for scene in made.scenes for one in scene.layers if isinstance(one, GeneratedLayer)]
    assert layer.asset_id not in (None, old)
    pixels = image_array(shop.library.assets.path_of(shop.library.assets.get(layer.asset_id or 0)))
    assert branded(pixels, KIT)
    assert SAYS not in [one.message for one in check(made, shop.library, KIT).findings]
    record = shop.library.generations.of_asset(layer.asset_id or 0)
    assert record is not None
    assert (record.model, record.sources) == ("starter", [old])
    before = image_array(shop.library.assets.path_of(shop.library.assets.get(old)))
    small = [Image.fromarray(one).resize((48, 48), Image.Resampling.BOX) for one in (before, pixels)]
    tones = [np.asarray(one).mean(axis=2) for one in small]
    edges = [np.abs(np.diff(one, axis=1)).mean(axis=0) for one in tones]
    assert np.corrcoef(*edges)[0, 1] > 0.2  # the same shapes
    untouched = [one for scene in board.scenes for one in scene.layers if isinstance(one, GeneratedLayer)]
    assert [one.asset_id for one in untouched] == [old]  # what undo goes back to
    # a second check of what all fixes made finds it in order
    _, report = fix_all(copy.deepcopy(board), KIT, shop.library)
    assert SAYS not in [one.message for one in report.findings]


def test_a_ground_in_the_kits_colours_is_left_alone_and_a_locked_one_is_only_named(shop: Shop) -> None:
    board = Composer(shop.library, None, None).compose("product-card", shop.bag)
    _ground(shop, board, (31, 95, 139))
    assert SAYS not in [one.message for one in check(board, shop.library, KIT).findings]
    _ground(shop, board, (60, 160, 70))
    for scene in board.scenes:
        for layer in scene.layers:
            layer.locked = isinstance(layer, GeneratedLayer)
    [found] = [one for one in check(board, shop.library, KIT).findings if one.message == SAYS]
    assert found.fix is None
    assert fix(board, found, KIT, shop.library).to_dict() == board.to_dict()
