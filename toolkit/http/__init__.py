"""The one way to the sites: `Transport` makes calls with a browser session over aiohttp.

What belongs here: connections and the route that they take (proxies, trusted roots), requests and redirects, responses
and reading their bodies, repeating requests, resources that a site has for the time of one call, and turning what goes
wrong (aiohttp's errors, HTTP error statuses) into errors of `toolkit.errors`. What does not: any provider's protocol,
decoding a body (`toolkit.streams`), and where a session comes from. The room hands out `Transport`, `Response` and
`Route`.
"""
