"""The library doctor: what is missing, broken or doubled, and fixes that can be undone.

Find: :func:`report` (or :func:`report_work`, :func:`last_report`), :func:`duplicates`.
Fix, each call one step of undo: :func:`fix` (all of a kind, or some of its subjects), :func:`merge`,
:func:`trash`, :func:`ignore` and :func:`mind`, :func:`propose` and :func:`relink` for files found elsewhere.
"""

from mmstudio.cleaning.duplicates import best_first, duplicates, why_kept
from mmstudio.cleaning.fixes import fix, fix_work, ignore, merge, mind, trash
from mmstudio.cleaning.records import DuplicateGroup, Finding, Report, Subject
from mmstudio.cleaning.relinking import Relink, propose, relink, relink_work
from mmstudio.cleaning.report import last_report, report, report_work
from mmstudio.cleaning.words import FIXABLE, KINDS

__all__ = [
    "FIXABLE",
    "KINDS",
    "DuplicateGroup",
    "Finding",
    "Relink",
    "Report",
    "Subject",
    "best_first",
    "duplicates",
    "fix",
    "fix_work",
    "ignore",
    "last_report",
    "merge",
    "mind",
    "propose",
    "relink",
    "relink_work",
    "report",
    "report_work",
    "trash",
    "why_kept",
]
