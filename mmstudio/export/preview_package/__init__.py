"""The parts of a preview package; :mod:`mmstudio.export.package` is its door."""
