"""Finding: query lines, likeness, fusion of rankings."""
