"""What the networks are trained for: each formula with the paper it comes from."""
