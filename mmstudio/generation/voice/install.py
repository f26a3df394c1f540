"""What to install where a speech engine is missing, by operating system."""

from __future__ import annotations

import shutil
import sys

from mmstudio.i18n import tr


def espeak_remedy() -> str:
    """One line: how to get espeak-ng here."""
    if sys.platform == "win32":
        return tr("Install eSpeak NG (its .msi installer), or use the voices of Windows: pip install pyttsx3")
    if sys.platform == "darwin":
        return tr("brew install espeak-ng, or use the voices of macOS: pip install pyttsx3")
    for program, command in (
        ("apt-get", "sudo apt-get install espeak-ng"),
        ("dnf", "sudo dnf install espeak-ng"),
        ("pacman", "sudo pacman -S espeak-ng"),
        ("zypper", "sudo zypper install espeak-ng"),
    ):
        if shutil.which(program):
            return command
    return tr("Install espeak-ng with the package manager of your system.")


def piper_remedy() -> str:
    """One line: how to get Piper."""
    return tr("Install Piper so that the command piper works, then choose a voice file in Preferences.")


def system_remedy() -> str:
    """One line: how to reach the voices of the operating system."""
    return "pip install pyttsx3"
