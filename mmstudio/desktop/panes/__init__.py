"""The panes of the window, one class per file, built when first shown."""
