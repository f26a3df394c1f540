"""Bring media and a shop's tables into a library, and keep up with what happens to the files."""

from mmstudio.library.importing.generated import register_generated
from mmstudio.library.importing.report import ImportReport
from mmstudio.library.importing.watch import Watcher
from mmstudio.library.importing.work import import_work, rescan_work

__all__ = ["ImportReport", "Watcher", "import_work", "register_generated", "rescan_work"]
