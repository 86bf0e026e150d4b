"""What may be wrong on this machine, and what to do about it: one file for each matter, all of them give `Finding`s."""
