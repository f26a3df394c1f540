"""The facts writer's grammar: what can be said of an item, and the words that connect it."""
