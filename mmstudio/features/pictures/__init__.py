"""Pictures as numbers: networks, colours, quality."""
