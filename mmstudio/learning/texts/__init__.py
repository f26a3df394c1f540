"""Models of texts: vocabulary, what a person's texts are, sampling, and how much of it is copied."""
