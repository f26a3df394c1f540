"""Long work: one contract for import, features, training, generation, export. Knows no Qt and no library."""

from mmstudio.jobs.contract import (
    ACTIVE_STATES,
    FINAL_STATES,
    JobContext,
    JobRecord,
    JobState,
    JobStore,
    Lane,
    Progress,
    Work,
)
from mmstudio.jobs.inline import run_inline
from mmstudio.jobs.runner import JobEvent, JobHandle, JobRunner

__all__ = [
    "ACTIVE_STATES",
    "FINAL_STATES",
    "JobContext",
    "JobEvent",
    "JobHandle",
    "JobRecord",
    "JobRunner",
    "JobState",
    "JobStore",
    "Lane",
    "Progress",
    "Work",
    "run_inline",
]
