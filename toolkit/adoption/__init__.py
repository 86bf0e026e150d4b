"""Takes over recordings of other programs: finds the call of a provider in them, and makes recordings of ours.

A provider is asked a question offline, and the entries of the file answer it. What it asks for, and where its question
stands then, tells which entries are its call and what was asked in them, so no provider has to describe its protocol a
second time. Reading foreign files is done in `recording/`, taking secrets out in `redaction/`.

`adopt.adopt` is the whole of it; `call_search.find_call` finds the call, `offline_call` makes one.
"""
