"""Small sites with one difficulty each: what an inferred provider has to get right, or has to refuse honestly.

Each site checks strictly what it is sent: an id that is wrong, old or missing is a 4xx. Its page is a script, which
makes the requests that a page's script would make (`page`), recorded as the toolkit records. `sites` has what sites
share; the modules beside it have the sites, by what is difficult: `asked` how the question is sent, `told` what an
earlier answer has told, `read` how the answer is read, `signed_in` what the session is, `besides` what else the page
sends, `wily` what can be taken for something else, `sockets` what is
asked over a WebSocket.
"""
