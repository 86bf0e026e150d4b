"""Private files: written whole or not at all, readable by their owner only; and the folder of the toolkit's state."""
