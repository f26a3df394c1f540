"""What the fact guard reads: numerals, quantities with their units, materials, colours and claims."""
