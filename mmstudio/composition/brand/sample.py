"""A small card that shows a kit's look where there is no storyboard yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmstudio.composition.brand.apply import apply
from mmstudio.composition.brand.kit import BrandKit
from mmstudio.composition.palette import scheme
from mmstudio.composition.storyboard import GeneratedLayer, Rect, Scene, ShapeLayer, Storyboard, TextLayer
from mmstudio.i18n import tr

if TYPE_CHECKING:
    from mmstudio.library import Library


def sample_board(kit: BrandKit, library: Library | None = None) -> Storyboard:
    """A square card with heading, text, button and logo in the kit's look."""
    palette = scheme([])
    board = Storyboard(name="sample", size=(720, 720), duration=1.0, palette=palette)
    board.scenes = [
        Scene(
            "sample",
            duration=1.0,
            layers=[
                GeneratedLayer(
                    name="ground", colours=[palette["ground"], palette["ground_2"], palette["ground_3"]]
                ),
                ShapeLayer(name="sheet", rect=Rect(0, 0.5, 1, 0.5), colour=palette["sheet"]),
                ShapeLayer(
                    name="panel", rect=Rect(0.07, 0.16, 0.4, 0.26), colour=palette["panel"], radius=0.02
                ),
                TextLayer(
                    name="on panel", text="Aa 字 ع", rect=Rect(0.1, 0.18, 0.34, 0.22),
                    colour=palette["on_panel"],
                    size=0.11, weight=700, lines=1, valign="center", align="center",
                ),
                TextLayer(
                    name="heading", text=tr("A heading in your look"), rect=Rect(0.07, 0.56, 0.86, 0.1),
                    colour=palette["ink"], size=0.07, weight=700, lines=1,
                ),
                TextLayer(
                    name="text", text=tr("And a line of text, as customers will read it."),
                    rect=Rect(0.07, 0.67, 0.86, 0.1), colour=palette["muted"], size=0.036, lines=2,
                ),
                TextLayer(
                    name="button", text=tr("See more"), rect=Rect(0.07, 0.8, 0.5, 0.09),
                    colour=palette["on_accent"], chip=palette["accent"], size=0.038, weight=700, lines=1,
                ),
            ],
        )
    ]  # fmt: skip
    return apply(board, kit, library)
