"""A server that says what no library says: every fault by name, against each provider, at more than one call."""
