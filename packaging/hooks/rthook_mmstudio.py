"""Runs in the frozen program before everything else: its own libraries first, nothing of another Qt."""

import os
import sys
from pathlib import Path

for name in ("QT_PLUGIN_PATH", "QT_QPA_PLATFORM_PLUGIN_PATH", "QML2_IMPORT_PATH", "PYTHONPATH"):
    os.environ.pop(name, None)  # a system Qt of another version would be loaded instead of ours
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")
os.environ.setdefault("NUMBA_CACHE_DIR", "")
if not os.environ["NUMBA_CACHE_DIR"]:
    del os.environ["NUMBA_CACHE_DIR"]
_left_out = Path(sys._MEIPASS) / "left-out.txt"  # type: ignore[attr-defined]
if _left_out.is_file():
    os.environ["MMSTUDIO_LEFT_OUT"] = _left_out.read_text("utf-8").strip()
# What a person installed with `mmstudio gpu install` stands before the bundle's own build.
_home = os.environ.get("MMSTUDIO_HOME")
