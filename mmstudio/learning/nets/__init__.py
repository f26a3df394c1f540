"""Networks, written in plain torch operations so that they run on CUDA, MPS and CPU and export to ONNX."""
