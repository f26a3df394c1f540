"""Lines of a joint model are kept only where they can be read."""

from __future__ import annotations

from pathlib import Path

from mmstudio.generation.sets.readable import KnownWords
from mmstudio.library import NewItem
from support.libraries import new_library


def test_words_of_the_library_can_be_read_and_made_up_ones_not(tmp_path: Path) -> None:
    with new_library(tmp_path) as library:
        library.items.upsert_many(
            [
                NewItem(sku="A", title="Drum snare", description="A hard sound."),
                NewItem(sku="B", title="红灯"),
            ]
        )
        known = KnownWords(library)
        assert known.reads("Drum, hard!")
        assert known.reads("红")
        assert known.reads("sound drum snare xy")  # one slip of two letters
        assert not known.reads("moer canimal")
        assert not known.reads("蓝")
        assert not known.reads("")
        assert not known.reads("12 !")
        assert not known.reads("Drum snare: .")
        assert not known.reads("Hard sound, ")
