"""Responses, stores and other processes, as the tests of the objects speak of them."""

import multiprocessing
from contextlib import contextmanager
from functools import partial

from runtime.cache.store import StoredResponse
from runtime.cache.writing import Allowance, writer_for
from runtime.state.objects.worker_store import open_store
from tests.http.notation import fields

MEMORY = 1 << 20
MAX_OBJECT = 1 << 18
DISK = 64 << 20
WAIT_S = 20.0

processes = multiprocessing.get_context("spawn")
"""Each child imports anew, as a worker that was not forked from a process with threads."""


def response(body=b"body", *, tags="", vary="", request="", lifetime_s=100.0, at=1000.0):
    names = tuple(name.encode() for name in vary.split())
    values = tuple(dict(fields(request)).get(name) for name in names)
    return StoredResponse(
        200,
        ((b"Date", b"Thu, 01 Jan 1970 00:16:40 GMT"), (b"X-Kind", b"test")),
        body,
        request_time=at,
        response_time=at,
        lifetime_s=lifetime_s,
        tags=tuple(tags.split()),
        vary_names=names,
        vary_values=values,
    )


def open_at(state, *, memory=MEMORY, max_object=MAX_OBJECT, disk=DISK, max_disk_object=DISK):
    return open_store(memory, max_object, state=state, disk_bytes=disk, max_disk_object_bytes=max_disk_object)


@contextmanager
def opened_at(state, **bounds):
    """A store over `state`, closed at the end; the directory must be usable."""
    opened = open_at(state, **bounds)
    assert opened.objects is not None, opened.refusal
    try:
        yield opened
    finally:
        opened.close()


def whole(body):
    """The bytes of a body, in memory or not."""
    if isinstance(body, bytes):
        return body
    parts = []
    while (done := sum(map(len, parts))) < body.size:
        parts.append(body.read(done, body.size - done))
    return b"".join(parts)


def got(store, primary, request=""):
    stored = store.get(primary, fields(request))
    return None if stored is None else whole(stored.body)


def written(store, data, piece=100_000):
    """`data` collected by the writer that the store has for it; None when it takes no body of that length."""
    writer = writer_for(len(data), store.max_object_bytes, Allowance(1 << 30), store.overflow)
    if writer is None:
        return None
    for at in range(0, len(data), piece):
        if not writer.write(data[at : at + piece]):
            return None
    return writer.finish()


def elsewhere(function, *arguments):
    """What `function` gives in another process."""
    with processes.Pool(1) as pool:
        return pool.apply_async(partial(function, *arguments)).get(WAIT_S)
