"""A file per command of `toolkit`; what they share is in `cli/`."""
