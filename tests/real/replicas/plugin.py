"""Providers of the counting site, as another package has them: the replicas find them by an entry point."""

from __future__ import annotations

import os

from toolkit.providers.base import Harvest, Renew
from toolkit.providers.codelinkava import CodeLinkAva

REPLICA = "X-Replica"  # the header, and the variable, that tell which process renews a session

_renew = Renew("POST", "/renew", headers={REPLICA: os.environ.get(REPLICA, "")})


class Turns(CodeLinkAva):
    """Takes one call at a time of an account."""

    name = "turns"
    url = ""
    needs_auth = True
    one_at_a_time = True
    harvest = Harvest(cookies=("sid",), renew=_renew)


class Many(CodeLinkAva):
    """Takes any number of calls."""

    name = "many"
    url = ""
    needs_auth = True
    harvest = Harvest(cookies=("sid",), renew=_renew)
