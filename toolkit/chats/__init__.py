"""The values of a chat call: `messages` and the request around them, the `events` of an answer, the `stream` that gives
them to the caller, and the `deadlines` that the `watchdog` enforces.

Nothing here knows HTTP, a provider or a session: `toolkit.client` runs the attempts that a stream reads. The room hands
out `ChatRequest`, `Message`, `Text`, `Queued`, `Finished`, `Deadlines` and `ChatStream`, which `toolkit` exports too.
It is not called `chat`, because `toolkit.chat` is the function.
"""
