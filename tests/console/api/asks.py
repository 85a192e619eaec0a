"""What nodes ask of a console, and what they tell it."""

from runtime.bundles.report import Report, ScriptCounter, SiteCounter, encode_report

MSGPACK = {"Content-Type": "application/msgpack"}


def manifest(running, token, generation=0, wait=None, node="n1"):
    """With nothing yet, the first is waited for: of changes in quick succession the last is told a moment later."""
    wait = wait if wait is not None else 0 if generation else 5
    return running.get(f"nodes/{node}/manifest?generation={generation}&wait={wait}", token)


def report(running, token, node="n1", environment="staging", **given):
    body = encode_report(Report(node, "0.1", given.pop("started", 5.0), environment, **given))
    return running.post(f"nodes/{node}/report", token, content=body, headers=MSGPACK)


def flush(running):
    """Write what nodes said, as the ticker does."""
    running.loop.run(running.app.surface.sync.write())


def counted(requests, hits, errors=0, release=1):
    return {
        "counters": (
            ScriptCounter(
                "shop", release, "auth", release, {"ExecutedAndHit": hits, "Exception": errors}, 9, 8.0
            ),
        ),
        "sites": (SiteCounter("shop", release, requests, errors, 0),),
    }
