"""A browser session as a value, and the functions on it that do no I/O.

`browser_session` has `BrowserSession` and `Cookie`; `recipe` says how a browser gets a session from a site.
`cookie_sending` and `cookie_storing` send and store cookies as a browser does, by the rules of `cookie_rules`,
`cookie_dates` and `sites`; `browser_headers` makes the headers of a page's fetch. `recipe_tokens` says where a page
keeps its token, `stored_values` finds it there, `tokens` makes the header of it, and `renewal_call` the call that gets
a new one. `expiry`, `host_restriction` and `concurrent_changes` answer questions about a session or combine two.
`secret_values` lists what of a session must not be shown, and `encodings/` finds such values in texts. `formats/` reads
and writes the formats that people bring sessions in. No I/O belongs here: browsers (`toolkit.browser`), requests
(`toolkit.http`) and files (`toolkit.stores`) have rooms of their own.
"""
