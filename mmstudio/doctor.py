"""What this machine offers: devices, codecs, sound, fonts, programs, versions; and what would mend a gap."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mmstudio import __version__
from mmstudio.i18n import mark, tr
from mmstudio.paths import data_dir, starter_models

_LIBRARIES = (
    "PySide6-Essentials",
    "torch",
    "torchvision",
    "torchaudio",
    "librosa",
    "av",
    "pillow",
    "sqlite-utils",
)
_ROOM_NEEDED = 2_000_000_000  # bytes: a library with a few trained models


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report; ``remedy`` is a command or a sentence."""

    name: str
    ok: bool
    found: str
    remedy: str = ""
    required: bool = False


def examine() -> list[Check]:
    """Look at everything; a check that cannot be made says so instead of failing the rest."""
    return list(_run_all())


def _run_all() -> Iterator[Check]:
    yield Check(
        tr("MM Studio"), True, f"{__version__}, Python {platform.python_version()}, {platform.platform()}"
    )
    left_out = os.environ.get("MMSTUDIO_LEFT_OUT", "").split(",")  # of a bundle, on purpose
    for name in _LIBRARIES:
        if name not in left_out:
            yield _library(name)
    for title, check in (
        (mark("Computing device"), _device),
        (mark("Video encoders"), _codecs),
        (mark("Sound output"), _sound),
        (mark("Chinese font"), _chinese_font),
        (mark("Text in pictures"), _reading),
        (mark("Starter models"), _starters),
        (mark("Keyring"), _keyring),
        (mark("Free disk space"), _disk),
    ):
        yield _guarded(tr(title), check)
    yield from _speech()


def _guarded(name: str, check: Callable[[str], Check]) -> Check:
    try:
        return check(name)
    except Exception as error:  # noqa: BLE001 - a broken part is just what this report is for
        return Check(name, False, f"{type(error).__name__}: {error}", tr("Install MM Studio again."))


def _library(name: str) -> Check:
    try:
        return Check(name, True, importlib.metadata.version(name), required=True)
    except importlib.metadata.PackageNotFoundError:
        return Check(name, False, "", f"pip install {name}", required=True)


def _device(name: str) -> Check:
    import torch

    from mmstudio.features.device import cuda_state

    there, why = cuda_state()
    if there:
        return Check(name, True, f"CUDA: {torch.cuda.get_device_name(0)}")
    if "driver" in why.lower():
        remedy = tr(
            "The graphics driver is too old for this PyTorch: update it. Until then the processor works."
        )
        return Check(name, False, tr("CPU, {n} threads", n=torch.get_num_threads()), remedy)
    if torch.backends.mps.is_available():
        return Check(name, True, "MPS")
    return Check(name, True, tr("CPU, {n} threads", n=torch.get_num_threads()))


def _codecs(name: str) -> Check:
    from mmstudio.media.encode import video_codecs
    from mmstudio.media.program import inside

    found = video_codecs()
    if inside():
        return Check(name, bool(found), ", ".join(found), "pip install --force-reinstall av", required=True)
    remedy = _install("ffmpeg", tr("Install the program ffmpeg."))
    return Check(name, bool(found), ", ".join(found) and f"ffmpeg: {', '.join(found)}", remedy, required=True)


def _sound(name: str) -> Check:
    try:
        import sounddevice
    except OSError:  # the PortAudio library is not there
        return Check(name, False, "", _install("libportaudio2", tr("Install PortAudio.")))
    outputs = [device["name"] for device in sounddevice.query_devices() if device["max_output_channels"] > 0]
    if not outputs:
        return Check(name, False, "", tr("Connect a loudspeaker; everything else works without."))
    return Check(name, True, str(outputs[0]))


def _chinese_font(name: str) -> Check:
    if sys.platform in {"win32", "darwin"}:
        return Check(name, True, tr("comes with the system"))
    program = shutil.which("fc-list")
    if program is None:
        return Check(name, False, "", _install("fontconfig fonts-noto-cjk", tr("Install a Chinese font.")))
    answer = subprocess.run([program, ":lang=zh-cn", "family"], capture_output=True, text=True, timeout=20)
    families = sorted({line.split(",")[0] for line in answer.stdout.splitlines() if line.strip()})
    remedy = _install("fonts-noto-cjk", tr("Install a Chinese font."))
    return Check(name, bool(families), families[0] if families else "", remedy)


def _speech() -> Iterator[Check]:
    """A line for each speech engine; one that is ready is enough."""
    from mmstudio.generation.voice import Voices
    from mmstudio.settings import load_settings

    try:
        engines = Voices(load_settings()).engines()
    except Exception as error:  # noqa: BLE001 - see _guarded
        yield Check(tr("Speech"), False, f"{type(error).__name__}: {error}", tr("Install MM Studio again."))
        return
    for engine in engines:
        name = tr("Speech: {engine}", engine=engine.label)
        yield Check(name, engine.ready, engine.sentence, engine.hint)


def _reading(name: str) -> Check:
    from mmstudio.features.texts.reading import find_reader, remedy

    found = find_reader()
    return Check(name, found is not None, f"tesseract, {found.languages}" if found else "", remedy())


def _starters(name: str) -> Check:
    found = sorted(folder.parent.name for folder in starter_models().glob("*/config.json"))
    return Check(name, bool(found), ", ".join(found), tr("Install MM Studio again."))


def _keyring(name: str) -> Check:
    """Where keys to members lie; asked for nothing, so that no keyring opens a window."""
    import keyring

    backend = keyring.get_keyring()
    if backend.priority >= 1:
        return Check(name, True, str(backend.name))
    remedy = tr(
        "Pseudonyms of members keep their key in the library folder, readable for you alone; ids of people"
        " cannot be kept. A keyring (GNOME Keyring, KWallet) changes that."
    )
    return Check(name, False, "", remedy)


def _disk(name: str) -> Check:
    folder = data_dir()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    words = tr("{n} GB at {path}", n=round(free / 1e9, 1), path=folder)
    return Check(
        name, free > _ROOM_NEEDED, words, tr("Free some space; a library with models takes about 2 GB.")
    )


def _install(packages: str, otherwise: str) -> str:
    return f"sudo apt-get install {packages}" if shutil.which("apt-get") else otherwise
