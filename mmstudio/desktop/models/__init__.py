"""Qt item models over ids; rows come from workers."""
