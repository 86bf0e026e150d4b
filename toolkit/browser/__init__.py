"""The room of the real browser: profiles, finding or installing one, launching it, harvesting a session.

Nothing is imported here on purpose: whoever needs a part names its module, and only that one loads Playwright.
"""
