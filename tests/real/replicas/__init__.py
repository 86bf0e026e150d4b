"""Three servers of `toolkit serve` that share a Redis, behind HAProxy, of which one after the other is killed under
load: `python -m tests.real.replicas` prints what becomes of the calls."""
