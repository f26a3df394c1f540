"""The shared encoder as the judge of candidates: silent without one, heard where it is trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mmstudio.features.sounds.hearing import Sound
from mmstudio.generation.sets.judge import Judge
from mmstudio.generation.sets.source import Given
from mmstudio.jobs import run_inline
from mmstudio.learning import Trainings
from support.fusion import paired_library
from support.libraries import new_library


def test_without_an_encoder_nothing_is_said(tmp_path: Path) -> None:
    judge = Judge(new_library(tmp_path), "cpu")
    judge.aim(Given(words="red boots"))
    assert not judge.ready
    assert judge.picture(np.zeros((32, 32, 3), np.uint8)) is None
    judge.close()


def test_a_trained_encoder_compares_what_is_made_with_what_was_given(tmp_path: Path) -> None:
    library, _, _ = paired_library(tmp_path)
    run_inline(Trainings(library, "cpu").train_work("fused", steps=60))
    judge = Judge(library, "cpu")
    assert judge.ready
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    judge.aim(Given(picture=picture))
    own = judge.picture(picture)
    assert own is not None
    assert own > 0.99
    judge.aim(Given(words="red wooden boots"))
    other = judge.picture(picture)
    tone = np.sin(np.arange(22_050) / 20).astype(np.float32)[None]
    heard = judge.sound(Sound([tone], 22_050))
    assert other is not None
    assert heard is not None
    assert 0.0 <= min(other, heard) <= max(other, heard) <= 1.0
    assert other < own
    judge.aim(Given(words="zzzz"))  # no word that it knows
    assert judge.picture(picture) is None
    judge.close()
    library.close()
