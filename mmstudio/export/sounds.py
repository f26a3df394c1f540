"""The sound of a storyboard alone: WAV, FLAC, MP3 and Opus."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mmstudio.composition.sound import mix, mix_report
from mmstudio.export.peaks import within_peak
from mmstudio.media.audio import load_audio
from mmstudio.media.encode import encode_audio

if TYPE_CHECKING:
    from mmstudio.composition.sound import MixReport
    from mmstudio.export.writers import Task

RATE = 48_000
_BITS = {"mp3": (64_000, 256_000), "opus": (32_000, 160_000)}  # of quality 0 and 1


def sound_facts(report: MixReport) -> dict[str, Any]:
    """What a manifest says of a mix; nothing of a silence."""
    if not math.isfinite(report.lufs):
        return {}
    return {"lufs": round(report.lufs, 1), "true_peak": round(report.true_peak, 1)}


def write_sound(task: Task) -> Iterator[int]:
    """The mix at 48 kHz and the channel's loudness; its measures go into the manifest."""
    samples = mix(task.board, task.library, RATE, target=task.loudness)
    yield 1
    task.facts["seconds"] = round(samples.shape[1] / RATE, 3)
    yield 4
    bit_rate = 0
    if task.channel.kind in _BITS:
        low, high = _BITS[task.channel.kind]
        bit_rate = round(low + (high - low) * task.quality)
        task.facts["bit_rate"] = bit_rate
        samples = within_peak(samples, RATE, f".{task.channel.kind}", bit_rate)
    # libsndfile does not say why it cannot write: take the room first, where a full disk is an OSError
    most = samples.size * 2 + 4096 if not bit_rate else round(bit_rate / 8 * samples.shape[1] / RATE) + 65_536
    task.path.write_bytes(bytes(most))
    encode_audio(task.path, samples, RATE, bit_rate)
    yield 9
    heard, rate = load_audio(task.path, rate=RATE) if bit_rate else (samples, RATE)
    task.facts |= sound_facts(mix_report(heard, rate))  # as a listener gets it
    yield 11
