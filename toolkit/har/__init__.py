"""HAR 1.2 as values: the model, building the parts of an entry, and iterating over the texts of a document.

Everything here is pure. Reading and writing files is done in `recording/`, taking secrets out in `redaction/`, and
replaying in `replay/`.

`model` has the values (`Recording`, `Entry`, `Request`, `Response`), `websockets` those of the frames of a WebSocket,
`frames` reads what such a frame says and finds places in it, `message_builders` makes a request or a response from what
is known of an exchange, `encoded_entries` has the entries of a document as JSON texts, and `text_walk` yields each text
of a document with its place.
"""
