"""A small photo studio in NumPy: surfaces, light, shadows and the sample shop's products."""

from __future__ import annotations
