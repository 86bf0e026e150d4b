"""Takes secrets, and who is signed in, out of HAR values, and searches for what is left of them.

Everything here is pure: it works on HAR values and on HAR documents as dictionaries. Reading and writing the files is
done in `recording/`; comparing recorded with live requests in `replay/`.

`redact.redact` returns a recording without secrets, `redact.ensure_redacted` refuses one that has some, `scan.scan`
lists what is left in a document, and `rules.Rules` is what users add. `identity/` is about who is signed in.
`placeholders` and `sensitivity` are also used by `replay/`.
"""
