"""Export: storyboards and recommendations become files. The only room that writes where the person says."""

from __future__ import annotations

from mmstudio.export.channels import Channel, channels
from mmstudio.export.exporter import Exporter

__all__ = ["Channel", "Exporter", "channels"]
