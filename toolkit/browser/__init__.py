"""Everything that needs a real browser; the only room that imports Playwright.

Belongs here: profiles and browsers.json, finding or installing a browser, launching it or connecting to one that runs,
and harvesting a session from a page. Does not belong here: what a session is (`toolkit.session`), and when a session is
harvested (`toolkit.client`). Hands out `SessionManager` (`session_manager`), `harvest_sync` (`sync_harvest`), `launch`
(`launch`), `Profile` (`profiles`), `load_profiles` (`browsers_file`), `find_browser` (`installed_browsers`) and
`install` (`install`).

Imports nothing itself: whoever needs a part imports its module, and only some of those load Playwright.
"""
