"""All HTTP to the sites goes through here: `Transport` makes calls with a browser session over aiohttp.

What belongs here: connections and the route that they take (proxies, trusted root certificates), requests and
redirects, responses and reading their bodies, WebSockets, repeating requests, resources (such as a conversation) that
exist at the site during one call, and turning what goes wrong (aiohttp's errors, HTTP error statuses, codes of closing
frames) into errors of `toolkit.errors`. What does not: any provider's protocol, decoding a body (`toolkit.streams`),
and where a session comes from. Other rooms use `Transport`, `Response`, `WebSocket` and `Route`.
"""
