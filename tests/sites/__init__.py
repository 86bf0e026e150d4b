"""Stand-in sites: small local servers that answer as the providers' own servers do, and check what they get."""
