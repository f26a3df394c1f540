"""The log file: where details go that a person need not read."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler

from mmstudio.paths import log_dir

_NAME = "mmstudio-log-file"
_BYTES, _KEPT = 2_000_000, 3


def set_up_logging() -> None:
    """Send log lines to a rotating file in the program's log folder; calling this again only renews it.

    Where no file can be written the program runs without one.
    """
    root = logging.getLogger()
    for handler in [h for h in root.handlers if h.get_name() == _NAME]:
        root.removeHandler(handler)
        handler.close()
    file: logging.Handler
    try:
        log_dir().mkdir(parents=True, exist_ok=True)
        file = RotatingFileHandler(
            log_dir() / "mmstudio.log", maxBytes=_BYTES, backupCount=_KEPT, encoding="utf-8", delay=True
        )
    except OSError:
        file = logging.NullHandler()
    file.set_name(_NAME)
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.addHandler(file)
    logging.getLogger("mmstudio").setLevel(logging.INFO)
