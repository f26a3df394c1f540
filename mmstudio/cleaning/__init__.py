"""The library doctor: what is missing, broken or doubled, and fixes that can be undone."""

from mmstudio.cleaning.doctor import Finding, fix, report
from mmstudio.cleaning.duplicates import DuplicateGroup, duplicates

__all__ = ["DuplicateGroup", "Finding", "duplicates", "fix", "report"]
