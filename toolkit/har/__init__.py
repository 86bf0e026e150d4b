"""HAR 1.2 as values: its model, building entries, walking its texts. Pure: `recording/` reads and writes the files."""
