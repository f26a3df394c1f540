"""Parts of a sound on several cores: in order, with their errors, and nothing is left behind."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from mmstudio.generation.sounding import cores, finish, measure
from mmstudio.generation.sounding.cores import Cores


@pytest.mark.parametrize("count", [1, 2])
def test_parts_come_in_their_order_and_errors_where_they_are_asked_for(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cores, "COUNT", count)
    with Cores() as some:
        assert some.several is (count > 1)
        assert some.each(lambda one: one * 2, [1, 2, 3]) == [2, 4, 6]
        coming = some.submit(lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            coming.result()
    assert not some.several
    assert some.submit(lambda: 7).result() == 7
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("pieces")]


def test_channels_measured_side_by_side_give_the_same() -> None:
    random = np.random.default_rng(0)
    sound = (random.standard_normal((2, 60_000)) * [[0.05], [0.4]]).astype(np.float32)
    sound[:, 30_000:30_020] *= 4  # a peak for the limiter
    with Cores() as some:
        beside = finish.level(sound, 44_100, -14.0, each=some.each)
        peak = measure.true_peak(beside[0], some.each)
        loudness = measure.loudness(sound, 44_100, some.each)
    alone = finish.level(sound, 44_100, -14.0)
    assert np.array_equal(beside[0], alone[0])
    assert beside[1] == alone[1] == pytest.approx(measure.loudness(alone[0], 44_100))
    assert peak == measure.true_peak(alone[0]) < -1.0
    assert loudness == measure.loudness(sound, 44_100)
