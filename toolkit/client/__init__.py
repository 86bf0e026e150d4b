"""Composes a session, a transport and a provider into calls.

Here it is decided which session a call is made with, when it is renewed and by whom, how a refused call is repeated,
and which hint an error gets. Browsers are opened by `browser/`, requests sent by `http/`, sessions stored by `stores/`,
and answers read by `chats/`; printing is for `cli/`. Handed out are `Client` (`client`), `SyncClient` and `chat`
(`sync_client`), `SyncStream` (`sync_stream`), `harvest_in` (`sync_context`) and `Health` (`health`).
"""
