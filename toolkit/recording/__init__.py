"""Records the pages and the calls of a visit, and loads, saves and checks recordings."""
