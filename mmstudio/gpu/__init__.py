"""Another build of torch beside the program's own: fetched on request, checked, taken back where it fails."""

from __future__ import annotations
