"""Whether a window can be opened here, asked before Qt ends the process over it."""

from __future__ import annotations

import ctypes
import os
import sys

from mmstudio.errors import StudioError

_WITHOUT = ("offscreen", "minimal", "vnc", "linuxfb", "eglfs")


def check_display() -> None:
    """Do nothing where a window can be opened.

    Raises:
        StudioError: no display, one that does not answer, or a system library that Qt opens by name.
    """
    if not sys.platform.startswith("linux"):
        return
    asked = os.environ.get("QT_QPA_PLATFORM", "")
    if asked.startswith(_WITHOUT):
        return
    x11, wayland = os.environ.get("DISPLAY", ""), os.environ.get("WAYLAND_DISPLAY", "")
    if not x11 and not wayland:
        raise StudioError(
            "There is no display to open a window on.",
            hint="Every command works without one: mmstudio --help. Over SSH, connect with ssh -X.",
        )
    if wayland and not asked.startswith("xcb"):
        return  # Qt falls back from Wayland to X11 by itself
    _check_library("libxcb-cursor.so.0", "libxcb-cursor0")
    if not _answers():
        raise StudioError(
            "The display {name} does not answer.",
            hint="Start it, allow this user on it (xhost), or unset DISPLAY to use the commands only.",
            name=x11,
        )


def _check_library(name: str, package: str) -> None:
    try:
        ctypes.CDLL(name)
    except OSError:
        raise StudioError(
            "The system library {name} is missing.",
            hint="Install it: sudo apt-get install {package}",
            name=name,
            package=package,
        ) from None


def _answers() -> bool:
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True  # Qt will say what it misses
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    if not connection:
        return False
    broken = bool(xcb.xcb_connection_has_error(connection))
    xcb.xcb_disconnect(connection)
    return not broken
