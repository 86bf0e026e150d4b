"""The names under which sites tell who somebody is, and the values that may stand there. Pure.

Names are compared by their letters and digits, so `userName`, `user_name` and `User-Name` are the same. The claims of
OpenID Connect (Core 1.0, section 5.1) are among them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import urlsplit

from toolkit.redaction.identity.addresses import is_address
from toolkit.redaction.sensitivity import is_wordy

Kind = Literal["email", "name", "id", "picture", "phone"]
LONGEST = 2048  # characters of what tells who somebody is; a picture within the text may be longer

NAMES: dict[Kind, tuple[str, ...]] = {
    "email": ("email", "emailaddress", "useremail", "primaryemail", "mail", "userprincipalname", "upn"),
    "name": (
        *("name", "fullname", "displayname", "username", "userlogin", "login", "nickname", "nick", "handle"),
        *("firstname", "lastname", "givenname", "familyname", "middlename", "surname", "realname", "screenname"),
        *("preferredusername", "uniquename", "userfullname", "userdisplayname"),
    ),
    "id": ("id", "userid", "uid", "uuid", "useruuid", "sub", "oid", "accountid", "ownerid", "memberid", "personid"),
    "picture": (
        *("picture", "pictureurl", "avatar", "avatarurl", "image", "imageurl", "photo", "photourl", "userpicture"),
        *("profileimage", "profileimageurl", "profilepicture", "profilepictureurl", "profilephoto", "useravatar"),
    ),
    "phone": ("phone", "phonenumber", "mobile", "mobilephone", "telephone"),
}
KINDS: dict[str, Kind] = {name: kind for kind, names in NAMES.items() for name in names}
# Names that tell by themselves of a person, whatever the object or the place they are at.
OF_A_PERSON = {
    *("username", "userlogin", "useremail", "userfullname", "userdisplayname", "preferredusername", "displayname"),
    *("fullname", "nickname", "firstname", "lastname", "givenname", "familyname", "userid", "uid", "useruuid", "sub"),
    *("accountid", "ownerid", "memberid", "authorid", "createdby", "owner", "user", "xuserid", "xusername", "xuser"),
    *("xforwardeduser", "xforwardedpreferredusername", "xauthrequestuser", "remoteuser"),
}
LONGEST_NAME, MANY_NAMES = 64, 4096
NOT_LETTERS = re.compile(r"[^a-z0-9]+")


class _Kinds(dict[str, Kind | None]):
    """The kinds of the names that were asked for: documents have few names, each very often."""

    def __missing__(self, name: str) -> Kind | None:
        kind = KINDS.get(NOT_LETTERS.sub("", name.lower())) if len(name) <= LONGEST_NAME else None
        if len(self) < MANY_NAMES:
            self[name] = kind
        return kind


_kinds = _Kinds()


def kind_of(name: str) -> Kind | None:
    """Returns what the value under `name` tells of the person whom an object describes; None for something else."""
    return _kinds[name]


@lru_cache(maxsize=4096)
def is_of_a_person(name: str) -> bool:
    """Decides whether `name` tells by itself that the value under it is about a person."""
    return NOT_LETTERS.sub("", name.lower()) in OF_A_PERSON


def told_value(kind: Kind, value: Any) -> str | None:
    """Returns `value`, of decoded JSON, as text, if it can be what `kind` says; else None."""
    if kind == "id" and isinstance(value, int) and not isinstance(value, bool):
        return str(value) if value >= 0 else None
    if not isinstance(value, str) or not value.strip():
        return None
    if kind == "picture":
        return value if _is_own_picture(value) else None
    if len(value) > LONGEST or (kind == "email" and not is_address(value)):
        return None
    if kind == "phone" and sum(map(str.isdigit, value)) < 6:
        return None
    return value


def _is_own_picture(value: str) -> bool:
    """Decides whether `value` is the address of a picture of one person. `/user.png` is that of everybody."""
    if value.startswith("data:image/"):
        return True
    if re.match(r"https?://[^/]", value):
        return len(urlsplit(value).path) > 1 and len(value) <= LONGEST
    return value.startswith("/") and len(value) <= LONGEST and not is_wordy(value)
