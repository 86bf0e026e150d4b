"""Takes secrets out of HAR values, and searches for what is left. Pure."""
