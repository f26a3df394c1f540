"""What a trained model is worth, measured: quality, diversity, copying; models compared."""
