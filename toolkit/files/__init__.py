"""Private files, which only their owner can read and which are written whole or not at all (`atomic`), the folders of
the toolkit's state and cache (`state_folder`), and access to files that may not answer (`access`), in threads
(`file_threads`).

What the files contain does not belong here: sessions are in `toolkit.stores`, recordings in `toolkit.recording`.
"""
