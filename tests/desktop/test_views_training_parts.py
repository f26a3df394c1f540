"""What only sounds, texts and sets have to choose before a training."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from mmstudio.desktop.views.training_how import usual_settings
from mmstudio.desktop.views.training_parts import SetParts, SoundParts, TextParts
from support.storefront import names_missing


def test_sounds_say_length_rate_stereo_and_loop(qtbot: QtBot) -> None:
    parts = SoundParts()
    qtbot.addWidget(parts)
    assert parts.parts == {"seconds": 3.0, "rate": 22_050, "stereo": False, "loop": False}
    assert parts.cost == 1.0
    parts.seconds.setValue(6)
    parts.rate.setCurrentIndex(1)
    parts.loop.click()
    assert parts.parts == {"seconds": 6.0, "rate": 44_100, "stereo": False, "loop": True}
    assert parts.cost == 4.0
    assert names_missing(parts) == []


def test_texts_name_their_sources_only_where_some_are_left_out(qtbot: QtBot) -> None:
    parts = TextParts()
    qtbot.addWidget(parts)
    assert parts.parts == {}
    parts.boxes["reviews"].click()
    assert parts.parts == {"texts": ["files", "captions", "items"]}


def test_a_joint_model_may_stand_alone_or_be_tied_otherwise(qtbot: QtBot) -> None:
    parts = SetParts()
    qtbot.addWidget(parts)
    assert parts.parts == {}
    parts.objective.setCurrentIndex(parts.objective.findData("mmvae+"))
    assert parts.parts == {"objective": "mmvae+"}
    assert names_missing(parts) == []


def test_families_without_pictures_have_settings_at_any_size_of_pictures() -> None:
    assert "vocabulary" in usual_settings("text-lm", 512)
    assert "modality_drop" in usual_settings("joint", 512)
    assert "width" not in usual_settings("sound-gan", 512)


def test_the_kinds_that_a_joint_model_ties_can_be_chosen(qtbot: QtBot) -> None:
    parts = SetParts()
    qtbot.addWidget(parts)
    assert "only" not in parts.parts
    parts.only["audio"].setChecked(False)
    parts.only["audience"].setChecked(False)
    assert parts.parts["only"] == ["image", "text", "tags"]
