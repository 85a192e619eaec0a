"""Rows that tests begin with: a domain `shop`, its script `auth`, and what belongs to them."""

from runtime.console.store import domains, drafts, rollouts, scripts, versions


def names(t):
    """Of all domains, in order."""
    return [row.name for row in domains.page(t, 100).items]


def shop(t):
    domains.add(t, "shop", "ann")
    scripts.add(t, "shop", "auth")


def draft(t, script="auth", **changes):
    row = {
        "source": "return true;",
        "rule": {"pos": "head", "pri": 0},
        "tests": "",
        "digest": "0d",
        "diagnostics": [],
        "author": "ann",
    }
    return drafts.save(t, "shop", script, **{**row, **changes})


def version(t, script="auth", **changes):
    row = {
        "source": "return true;",
        "rule": {"pos": "head", "pri": 0},
        "tests": "",
        "digest": "0d",
        "code": b"code",
        "author": "ann",
        "message": "why",
        "evidence": {"tests": {"passed": 3, "failed": 0}},
    }
    return versions.add(t, "shop", script, **{**row, **changes})


def rollout(t, domain="shop", **changes):
    row = {
        "environment": "production",
        "from_release": 1,
        "to_release": 2,
        "steps": [5, 25, 100],
        "percent": 5,
        "sticky": "client_ip",
        "salt": "5a17",
        "pools": [],
        "regions": ["north"],
        "abort": {"exceptions": 0.01},
        "hold_s": 60.0,
        "state": "running",
        "author": "ann",
        "message": "why",
    }
    return rollouts.add(t, domain, **{**row, **changes})
