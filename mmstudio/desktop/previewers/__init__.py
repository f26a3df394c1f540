"""Previewers, one per media kind."""
