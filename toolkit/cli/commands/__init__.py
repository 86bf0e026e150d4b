"""A file for each command of `toolkit`, named after the words that call it (`session rm` is `session_rm`). What
commands share is in `cli/`.

Each file defines a click command under the file's own name; `cli/command_table.py` lists them. Commands import what
they need when they run, so that `--help` loads none of it. No file here imports another one.
"""
