"""From library assets to what a family can train on: choosing, checking, cropping, splitting, describing."""
