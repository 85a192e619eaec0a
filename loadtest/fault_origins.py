"""Troubles of the origin: gone, silent, cut off, lying about length."""

import signal
import time
from typing import Final

from loadtest.crowd import CLOSED, CUT, Ask
from loadtest.fault_scene import BRIEF, NEW, PASSED, SLACK_S, STORED, Scene

FAILED: Final = ("502", "503", "504")
_STALE_S: Final = 1.1
"""After so long what is stored for a second is stale."""


def _without_origin(scene: Scene, go: signal.Signals, come: signal.Signals | None, bound_s: float) -> None:
    with scene.played(STORED, BRIEF, PASSED) as (node, origin, crowd):
        crowd.go_between()
        origin.send(go)
        time.sleep(_STALE_S)
        scene.phase(crowd, "during")
        scene.must(node.readiness()["ready"], "not ready during it")
        failures = node.metric("upstream_failures_total")
        scene.told(f"/readyz: ready; upstream_failures_total: {failures:.0f}")
        scene.must(failures > 0, "upstream_failures_total counts nothing")
        crowd.go_between()  # a server that failed is left alone for a second
        if come is None:
            origin.kill()
            origin.start()
            origin.wait_until_listening()
        else:
            origin.send(come)
        time.sleep(_STALE_S)
        scene.phase(crowd, "after")
    for phase in ("before", "after"):
        scene.only(crowd.of(phase, "passed"), "200", where=f"{phase}, passed")
    scene.always_served(crowd, STORED, BRIEF)
    scene.only(crowd.of("during", "passed"), *FAILED, where="during, passed")
    stale = sum(count for seen, count in crowd.of("during", "brief").seen.items() if seen.x_cache == "STALE")
    scene.must(stale > 0, "nothing was answered stale")
    scene.must(crowd.of("during", "stored").longest_s < SLACK_S, "what is stored waited for the origin")
    scene.must(crowd.of("during", "passed").longest_s < bound_s, f"a failure took longer than {bound_s:g} s")


def killed(scene: Scene) -> None:
    """The origin is killed under load, and comes back"""
    scene.did("SIGKILL to the origin; another one at its port afterwards")
    _without_origin(scene, signal.SIGKILL, None, SLACK_S)


def stalled(scene: Scene) -> None:
    """The origin stalls under load: connections are taken, nothing is answered"""
    scene.did(
        f"SIGSTOP to the origin, SIGCONT afterwards; a server may be silent for {scene.scale.wait_s:g} s"
    )
    _without_origin(scene, signal.SIGSTOP, signal.SIGCONT, scene.failure_s)


def cut(scene: Scene) -> None:
    """The origin breaks off in the middle of bodies"""
    kinds = ("cut", "reset", "chunks", "short", "stalled")
    asks = [
        Ask(kind, [f"/{kind}/{size}/again", f"/{kind}/{size}/{{}}"])
        for kind in kinds
        for size in (3000, 300_000)
    ]
    scene.did(
        "half a body, then end, reset, end without the last chunk, end short of its length, or silence;"
        " each twice at the same URL, which says that it may be stored"
    )
    with scene.played(*asks, STORED) as (node, _, crowd):
        scene.must(node.readiness()["ready"], "not ready")
        scene.told(f"upstream_failures_total: {node.metric('upstream_failures_total'):.0f}")
    for kind in kinds:
        tally = crowd.of("before", kind)
        scene.only(tally, CUT, CLOSED, *FAILED, where=kind)  # a reset may overtake what was sent
        hits = [seen for seen in tally.seen if seen.x_cache == "HIT"]
        scene.must(not hits, f"{kind}: stored what was cut")
    scene.only(crowd.of("before", "stored"), "200", where="what else is asked")


def lying(scene: Scene) -> None:
    """The origin sends more than it said, or what is not HTTP"""
    scene.did(
        "behind each body another answer with a body of its own; a greeting of another protocol; other requests on"
        " the same connections"
    )
    asks = (
        Ask("long", ["/long/3000/{}", "/long/120000/{}", "/long/3000/again"]),
        Ask("nohttp", ["/nohttp/10/{}"]),
        PASSED,
        NEW,
    )
    with scene.played(*asks) as (node, _, crowd):
        scene.must(node.readiness()["ready"], "not ready")
        scene.told(f"upstream_failures_total: {node.metric('upstream_failures_total'):.0f}")
    scene.only(crowd.of("before", "long"), "200", where="long")
    scene.only(crowd.of("before", "nohttp"), "502", "503", where="no HTTP")
    for name in ("passed", "new"):
        scene.only(crowd.of("before", name), "200", "502", "503", where=name)
