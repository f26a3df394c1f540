"""Writers behind one contract: the facts writer, a local model's folder, a local server."""
