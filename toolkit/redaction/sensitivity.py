"""Decides by its name and its looks whether a value is a secret. Pure.

A name is *sure* to mean a secret (`access_token`, `password`, `x-api-key`), or *maybe* (`key`, `code`, `session`). The
value of a *maybe* name is a secret only if it looks generated. Names are compared by their words, so `csrfToken`,
`csrf_token` and `X-CSRF-Token` are the same.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal
from unicodedata import normalize
from urllib.parse import unquote

from toolkit.redaction.placeholders import MIN_RECOGNISABLE, is_jwt

Sensitivity = Literal["sure", "maybe"]

WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
SURE_WORDS = {
    *("secret", "password", "passwd", "passphrase", "passcode", "pass", "pwd", "pw", "apikey", "credential"),
    *("csrf", "xsrf", "jwt", "otp", "totp", "pin", "sid", "sig", "ssn", "authorization", "bearer"),
}
SURE_ENDS = re.compile(
    r".(?:token|secret|password|passwd|passphrase)s?$"
    r"|(?:api|access|private|secret|auth|session|subscription|signing|encryption|license|functions?)key(?:id)?$"
    r"|(?:passwort|kennwort|motdepasse|contrasena|senha|wachtwoord|haslo|parola)$"
    r"|sess(?:ion)?id$|sessionhash$|codeverifier$|devicecode$|usercode$|authcode$|securitycode$|recoverycodes?$"
    r"|clientassertion$|samlresponse$"
)
PASSWORDS = {"пароль", "密码", "密碼", "パスワード", "비밀번호", "סיסמה", "كلمة المرور"}
# The tokens of a language model, and page tokens, are no credentials.
OTHER_TOKENS = re.compile(
    r"^(?:bos|eos|pad|unk|sep|cls|mask|stop|special|start|end|max|min|num|total|prompt|completion|input|output|new"
    r"|maxnew|content|text|cached|reasoning)tokens?$"
)
MAYBE_WORDS = {"token", "tokens", "key", "code", "session", "auth", "signature", "nonce", "ticket", "assertion", "hmac"}
HOLDERS = {"tokens", "credentials", "secrets", "passwords", "apikeys"}
MAYBE_IN_QUERY = {"state", "hash", "s"}
LITERALS = {"", "true", "false", "null", "none", "nil", "undefined", "nan", "yes", "no", "on", "off"}
CHOICES = {
    *("bearer", "basic", "deleted", "expired", "anonymous", "guest", "default", "accepted", "denied", "required"),
    *("invalid", "enabled", "disabled", "essential"),
}
NEVER_DISTINCTIVE = SURE_WORDS | LITERALS | CHOICES
SPACE = re.compile(r"\s")
NOT_IN_WORDS = re.compile(r"[^A-Za-z0-9]+")
# A cookie whose name ends in one of these words is a secret, however short.
CREDENTIAL_WORDS = {"token", "tokens", "session", "sess", "auth", "ticket"}
MACHINE_HEADER = re.compile(
    r"^(?:sec-(?:fetch-|ch-|gpc$|websocket-(?:key|accept|version|extensions|protocol)$)|access-control-|content-security)"
)
CHALLENGES = {"www-authenticate", "proxy-authenticate", "authentication-info", "proxy-authentication-info"}
CHALLENGE_SECRETS = {"nextnonce", "cnonce", "rspauth", "opaque"}  # RFC 7616, 3.3 to 3.5
WORDY = re.compile(r"[A-Za-z]{1,15}|[0-9]{1,4}|[A-Za-z]{1,12}[0-9]{1,3}|[0-9]{1,3}[A-Za-z]{1,2}")
# Web addresses, host names, dates and versions, which also occur elsewhere by chance.
COMMON = re.compile(
    r"https?://\S*|/[\w./-]*|[\w-]+(?:\.[\w-]+)*\.[a-z]{2,6}|[a-z]{2}-[A-Z]{2}.*"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}.*|v?[0-9]+(?:\.[0-9]+)+"
)
UNMISTAKABLE = 16


@lru_cache(maxsize=4096)
def sensitivity(name: str, *, query: bool = False) -> Sensitivity | None:
    """Returns how likely the value named `name` is a secret; None if it is not.

    `query` says that it is a query parameter or the field of a form, not a field of JSON.
    """
    if not name.isascii():
        if name.lower() in PASSWORDS:
            return "sure"
        name = normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = [word.lower() for word in WORDS.findall(name)]
    joined = "".join(words)
    if not words or OTHER_TOKENS.match(joined):
        return None
    if words[-1].removesuffix("s") in SURE_WORDS or words[-1] in SURE_WORDS or SURE_ENDS.search(joined):
        return "sure"
    if query and joined == "token":  # in JSON it may be a piece of a model's answer
        return "sure"
    if words[-1] in MAYBE_WORDS or (query and joined in MAYBE_IN_QUERY):
        return "maybe"
    return None


def object_sensitivity(name: str) -> Sensitivity | None:
    """Returns how likely the values in the JSON object `name` are secrets; None if they are not."""
    return "maybe" if name.lower().replace("_", "") in HOLDERS else None


@lru_cache(maxsize=4096)
def header_sensitivity(name: str) -> Sensitivity | None:
    """Returns how likely the value of the header `name` is a secret; None if it is not.

    Cookies and authorization are not covered: they always hold secrets.
    """
    if MACHINE_HEADER.match(name.lower()) or name.lower() in CHALLENGES:
        return None
    level = sensitivity(name)
    if level == "sure" or re.search(r"(?i)(?:auth|authentication|token)$|csrf|xsrf|api-?key|^dpop$", name):
        return "sure"  # DPoP: RFC 9449
    return "maybe" if level or re.search(r"(?i)(?:access|(?:device|client|user)-?id)$", name) else None


def is_secret(value: str, level: Sensitivity | None) -> bool:
    """Decides whether `value` is a secret, where its name has the sensitivity `level`."""
    if len(value) < 2 or value.lower() in LITERALS or (level != "sure" and value.lower() in CHOICES):
        return False
    if level == "sure" or is_jwt(value):
        return True
    return (
        len(value) >= MIN_RECOGNISABLE
        and not SPACE.search(value)
        and not is_wordy(value)
        and not is_address_or_date(value)
    )


def is_cookie_secret(name: str, value: str) -> bool:
    """Decides whether the `value` of the cookie `name` is a secret: all but short ones are."""
    level = sensitivity(name)
    if level == "sure" or value.lower() in CHOICES:
        return is_secret(value, level)
    words = [word.lower() for word in WORDS.findall(name)]
    return is_secret(value, "sure") and (len(value) >= MIN_RECOGNISABLE or not CREDENTIAL_WORDS.isdisjoint(words[-1:]))


def is_distinctive(value: str, level: Sensitivity | None) -> bool:
    """Decides whether the secret `value` is replaced everywhere, and not only in its own place.

    It has to have six characters under a `sure` name; elsewhere sixteen, or eight that are not made of words. Words
    such as `token`, web addresses and dates are never distinctive.
    """
    if len(value) < MIN_RECOGNISABLE or value.lower() in NEVER_DISTINCTIVE:
        return False
    if level == "sure":
        return not re.match(r"https?://", unquote(value))
    if is_address_or_date(value) or SPACE.search(value):
        return False
    return len(value) >= UNMISTAKABLE or (len(value) >= 8 and not is_wordy(value))


def is_wordy(value: str) -> bool:
    """Decides whether `value` consists of words and small numbers, such as `openchat_3.6` and `not-found`."""
    return all(WORDY.fullmatch(word) for word in NOT_IN_WORDS.split(value) if word)


def is_generated(value: str) -> bool:
    """Decides whether `value` in a program looks generated, and not like a name in it: `sha256WithRSAEncryption`."""
    parts = WORDS.findall(value)
    numbers = [part for part in parts if part.isdigit()]
    letters = [part for part in parts if len(part) == 1 and not part.isdigit()]
    return len(numbers) > 1 or len(letters) > 1 or any(len(part) > (4 if part in numbers else 15) for part in parts)


def is_address_or_date(value: str) -> bool:
    """Decides whether `value` is an address, a date or a version."""
    return bool(COMMON.fullmatch(unquote(value)))
