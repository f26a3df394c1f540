"""Slower, faster, higher, lower: a sound's tempo and pitch apart from each other."""

from __future__ import annotations

import numpy as np

from mmstudio.generation.sounding.measure import Samples

_FRAME, _HOP = 2048, 512  # at 44.1 kHz; half of it at half the rate
_ATTACK = 2.5  # times as much energy as the frame before: phases begin anew there


def stretched(samples: Samples, rate: int, times: float = 1.0, semitones: float = 0.0) -> Samples:
    """float32[C, N] at ``rate`` Hz, ``times`` as long and ``semitones`` higher; nothing is done where both
    are nearly none.

    The phase vocoder (Flanagan and Golden, 1966; as ``torchaudio.functional.phase_vocoder``) with phases that
    begin anew at attacks (after Duxbury, Davies and Sandler, AES 112, 2002), so that drums stay sharp; pitch
    by resampling what was stretched to make up for it.
    """
    from mmstudio.media.audio import resample

    pitch = 2.0 ** (semitones / 12)
    wanted = round(samples.shape[1] * times)
    if abs(times * pitch - 1) > 2e-4:
        samples = _vocoder(samples, rate, times * pitch)
    if abs(semitones) > 1e-3:
        samples = resample(samples, round(rate * pitch), rate)
    if samples.shape[1] < wanted:
        samples = np.pad(samples, ((0, 0), (0, wanted - samples.shape[1])))
    return np.ascontiguousarray(samples[:, :wanted], np.float32)


def _vocoder(samples: Samples, rate: int, times: float) -> Samples:
    import torch

    scale = 1 if rate > 30_000 else 2
    frame, hop = _FRAME // scale, _HOP // scale
    wave, window = torch.from_numpy(np.ascontiguousarray(samples)), torch.hann_window(frame)
    given = torch.stft(wave, frame, hop, window=window, pad_mode="constant", return_complex=True)
    length = round(samples.shape[1] * times)
    frames = length // hop + 1
    places = torch.arange(frames, dtype=torch.float64) / times
    last = given.shape[-1] - 1
    left = places.long().clamp(max=last)
    right = (left + 1).clamp(max=last)
    share = (places - left).clamp(0, 1).float()
    magnitude, phase = given.abs(), given.angle()
    # Phases advance by what they did between the two frames that a new one lies between.
    expected = 2 * torch.pi * hop * torch.arange(frame // 2 + 1)[:, None] / frame
    turned = phase[..., right] - phase[..., left] - expected
    advance = expected + turned - 2 * torch.pi * (turned / (2 * torch.pi)).round()
    energy = magnitude.square().sum(dim=(0, 1))
    begins = torch.zeros(len(energy), dtype=torch.bool)
    begins[1:] = energy[1:] > _ATTACK * energy[:-1] + 1e-6
    fresh = begins[left] & (left != torch.cat([left[:1] - 1, left[:-1]]))
    fresh[0] = True
    grown = torch.cumsum(torch.cat([torch.zeros_like(advance[..., :1]), advance[..., :-1]], -1).double(), -1)
    anchors = torch.where(fresh, torch.arange(frames), 0).cummax(0).values
    angle = phase[..., left][..., anchors].double() + grown - grown[..., anchors]
    loud = (1 - share) * magnitude[..., left] + share * magnitude[..., right]
    loud = torch.where(fresh & begins[left], magnitude[..., left], loud)
    built = torch.polar(loud, torch.remainder(angle, 2 * torch.pi).float())
    made = torch.istft(built, frame, hop, window=window, length=hop * (frames - 1))
    return np.asarray(made.numpy()[:, :length], np.float32)
