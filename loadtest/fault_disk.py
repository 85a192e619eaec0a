"""Troubles of the state directory: full, read-only, gone. They need a file system of their own, which root may mount."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from loadtest.crowd import CLOSED, CUT, Ask, Crowd
from loadtest.edge import Edge, EdgeError, origin
from loadtest.fault_scene import BRIEF, NEW, PASSED, STORED, Scene, SkipError

DISK_MB: Final = 12
FILL_S: Final = 20.0


@contextmanager
def _mounted(place: Path, options: str) -> Iterator[Path]:
    """A file system in memory at `place` while the block runs. Raises SkipError."""
    place.mkdir(mode=0o700, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
    done = subprocess.run(mount, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SkipError(f"cannot mount a file system: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=False, capture_output=True)


def _fill(place: Path) -> None:
    """Leave no byte."""
    with (place / "filler").open("ab", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            while True:
                try:
                    file.write(bytes(size))
                except OSError:
                    break


def _replace_a_worker(scene: Scene, node: Edge, crowd: Crowd) -> None:
    """What the node needs of the directory it needs for a new worker too."""
    os.kill(node.workers()[0], signal.SIGKILL)
    scene.settle(lambda: len(node.events("worker-ended")) > 0, 15, "the death of a worker is not told")
    scene.settle(
        lambda: node.readiness()["workers"] == scene.workers, 15, "no worker in place of one that was killed"
    )
    ended = len(node.events("worker-ended"))
    scene.must(ended == 1, f"{ended} workers ended, one of which was killed")
    crowd.ask_for(scene.scale.phase_s)


def full(scene: Scene) -> None:
    """The disk of the state directory is full, and has room again"""
    scene.did(
        f"a tmpfs of {DISK_MB} MB filled to the last byte by another, under load; what fills it removed afterwards"
    )
    with (
        _mounted(scene.folder / "disk", f"size={DISK_MB}m,mode=700") as disk,
        scene.played(STORED, NEW, BRIEF, PASSED, state=disk / "state", disk_cache_bytes=DISK_MB << 18) as (
            node,
            _,
            crowd,
        ),
    ):
        _fill(disk)
        scene.phase(
            crowd,
            "during",
            lambda: scene.settle(lambda: bool(_disk_trouble(node)), FILL_S, "no trouble told"),
        )
        scene.must(node.readiness()["ready"], "not ready during it")
        _told_by_metrics(scene, node)
        scene.phase(crowd, "a worker killed", lambda: _replace_a_worker(scene, node, crowd))
        (disk / "filler").unlink()
        scene.phase(
            crowd, "after", lambda: scene.settle(lambda: not _disk_trouble(node), FILL_S, "trouble remains")
        )
    scene.always_served(crowd, STORED, NEW, BRIEF, PASSED, but_for={"a worker killed": (CLOSED, CUT)})


def smaller(scene: Scene) -> None:
    """The disk of the state directory has less room than the cache was given"""
    scene.did(f"a tmpfs of {DISK_MB} MB, disk_cache_bytes of {DISK_MB * 4} MB, more new responses than fit")
    large = Ask("large", ["/keep/400000/{}"])
    with (
        _mounted(scene.folder / "disk", f"size={DISK_MB}m,mode=700") as disk,
        scene.played(STORED, large, PASSED, state=disk / "state", disk_cache_bytes=DISK_MB << 22) as (
            node,
            _,
            crowd,
        ),
    ):
        scene.phase(
            crowd, "full", lambda: scene.settle(lambda: bool(_disk_trouble(node)), FILL_S, "no trouble told")
        )
        scene.told(f"/readyz: ready, {_disk_trouble(node)}")
        scene.must(node.readiness()["ready"], "not ready")
        scene.must(not node.events("worker-ended"), "workers ended")
    scene.always_served(crowd, STORED, large, PASSED)


def _begun(scene: Scene, state: Path) -> None:
    """A node begun with a state directory that it cannot write serves all the same."""
    with origin() as upstream:
        try:
            with scene.node(upstream, state=state) as node, scene.crowd(node, STORED, NEW, PASSED) as crowd:
                scene.phase(crowd, "meanwhile")
                scene.told(f"/readyz: ready, {_disk_trouble(node)}")
                scene.must(bool(_disk_trouble(node)), "no trouble told")
        except EdgeError as error:
            scene.told(str(error))
            scene.must(False, "it does not begin")
            return
    scene.always_served(crowd, STORED, NEW, PASSED)


def full_at_start(scene: Scene) -> None:
    """A node is begun while the disk of its state directory is full"""
    scene.did("a node begun with no byte free")
    with _mounted(scene.folder / "disk", f"size={DISK_MB}m,mode=700") as disk:
        (disk / "state").mkdir(mode=0o700)
        _fill(disk)
        _begun(scene, disk / "state")


def read_only_at_start(scene: Scene) -> None:
    """A node is begun while its state directory cannot be written"""
    scene.did("a node begun with its state directory on a read-only file system")
    with _mounted(scene.folder / "state", "ro,mode=700") as state:
        _begun(scene, state)


def unwritable(scene: Scene) -> None:
    """The state directory cannot be written any more under load, and then again"""
    scene.did("an empty read-only file system mounted over the state directory, taken away afterwards")
    state = scene.folder / "state"
    with scene.played(STORED, NEW, BRIEF, PASSED) as (node, _, crowd):
        with _mounted(state, "ro,mode=700"):
            scene.phase(
                crowd,
                "during",
                lambda: scene.settle(lambda: bool(_disk_trouble(node)), FILL_S, "no trouble told"),
            )
            scene.must(node.readiness()["ready"], "not ready during it")
            _told_by_metrics(scene, node)
        scene.phase(
            crowd, "after", lambda: scene.settle(lambda: not _disk_trouble(node), FILL_S, "trouble remains")
        )
        scene.must(not node.events("worker-ended"), "workers ended")
        with _mounted(state, "ro,mode=700"):
            scene.phase(crowd, "a worker killed", lambda: _replace_a_worker(scene, node, crowd))
    scene.always_served(crowd, STORED, NEW, BRIEF, PASSED, but_for={"a worker killed": (CLOSED, CUT)})


def removed(scene: Scene) -> None:
    """Somebody removes the state directory under a running node"""
    scene.did("rm -r of the whole state directory under load")
    with scene.played(STORED, NEW, BRIEF, PASSED) as (node, _, crowd):
        while (scene.folder / "state").exists():  # the node goes on making files meanwhile
            shutil.rmtree(scene.folder / "state", ignore_errors=True)
        scene.phase(crowd, "during")
        scene.told(f"/readyz: ready, {_disk_trouble(node) or 'no trouble'}")
        scene.must(node.readiness()["ready"], "not ready")
        scene.phase(crowd, "a worker killed", lambda: _replace_a_worker(scene, node, crowd))
    scene.always_served(crowd, STORED, NEW, BRIEF, PASSED, but_for={"a worker killed": (CLOSED, CUT)})


def _told_by_metrics(scene: Scene, node: Edge) -> None:
    """Trouble comes and goes while what is evicted makes room now and then."""
    scene.settle(lambda: bool(node.metric("trouble", "disk cache")), 5, "the metric `trouble` says nothing")
    scene.settle(lambda: bool(_disk_trouble(node)), 5, "/readyz says nothing any more")
    failed = node.metric("disk_failed_writes_total")
    scene.must(failed > 0, "disk_failed_writes_total counts nothing")
    scene.told(f"/readyz: ready, {_disk_trouble(node)}; disk_failed_writes_total: {failed:.0f}")


def _disk_trouble(node: Edge) -> str:
    """What /readyz says of the disk cache; empty for nothing."""
    return "; ".join(each for each in node.readiness()["trouble"] if each.startswith("disk cache"))
