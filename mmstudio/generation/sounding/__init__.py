"""Sounds made by trained models: one-shots, seamless loops and beds of any length.

`wish` says what is wanted, `make` makes it; `measure` says whether it came out well, `preview` what to draw
of it.
"""
