"""Composes a session, a transport and a provider into calls.

Decides which session a call uses, when and by whom it is renewed, how a refused call is repeated, and which hint an
error gets. Browsers are opened by `browser/`, requests sent by `http/`, sessions stored by `stores/`, and answers read
by `chats/`; printing is for `cli/`. Other rooms use `Client` (`client`), `SyncClient` and `chat` (`sync_client`),
`SyncStream` (`sync_stream`), `harvest_in` (`sync_context_harvest`) and `Health` (`session_health`).
"""
