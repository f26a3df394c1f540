"""The sample library and the walk through every room. Importing it brings the job kind ``sample``."""

from __future__ import annotations

from typing import Any

from mmstudio.i18n import mark
from mmstudio.jobs import Work
from mmstudio.studio import Studio, add_kind


def _sample(studio: Studio, params: dict[str, Any]) -> Work:
    from mmstudio.demo.fill import fill_work

    return fill_work(studio.library, **params)


add_kind("sample", "io", mark("Make the sample library"), _sample)
