"""Models in and out: ONNX for other programs, weights from elsewhere without pickle."""
