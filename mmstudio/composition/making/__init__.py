"""What single recipes need beside the common steps, one module each; loaded when a recipe asks for it."""
