"""The one seam to sites: requests with a browser's session over aiohttp, and what can go wrong with them, as errors of
ours. Nothing here knows a provider.
"""
