"""Whatever is done with the tiers, what is found is what a dictionary would have, over restarts too."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from runtime.cache.purge import Purge, concerns
from runtime.state.objects.record import header_of
from tests.http.notation import fields
from tests.state.objects_notation import open_at, response, whole, written

KEYS = st.sampled_from(["http://a/", "http://a/x", "https://a/x", "http://a/x @up", "http://b/" + "y" * 600])
DEVICES = st.sampled_from(["", "x", "y"])
TAGS = st.lists(st.sampled_from("tu"), unique=True)
PURGES = st.one_of(
    st.builds(Purge, st.just("url"), KEYS, st.booleans()),
    st.builds(
        Purge, st.just("prefix"), st.sampled_from(["http://a/", "http://b/y", "http://c"]), st.booleans()
    ),
    st.builds(Purge, st.just("tag"), st.sampled_from("tuv"), st.booleans()),
    st.builds(Purge, st.just("all"), st.just(""), st.booleans()),
)


class TiersAgainstADictionary(RuleBasedStateMachine):
    """Memory for three or four small objects, over a disk that has room for all."""

    def __init__(self):
        super().__init__()
        self.state = Path(tempfile.mkdtemp())
        self.opened = self.open()
        self.model = {}
        self.now = 1000.0
        self.written = 0

    def open(self):
        return open_at(self.state, memory=8000, max_object=5000)

    @rule(key=KEYS, device=DEVICES, tags=TAGS, size=st.sampled_from([0, 3000, 5000, 5001, 70_000, 300_000]))
    def put(self, key, device, tags, size):
        self.written += 1
        data = b"%d." % self.written + bytes(size)
        varies = {"vary": "device", "request": f"device: {device}"} if device else {}
        body = written(self.opened.store, data)
        stored = response(body, tags=" ".join(tags), at=self.now, **varies)
        assert self.opened.store.put(key, stored, self.opened.store.generation(key))
        assert self.opened.objects.flush()
        if not device:
            self.model.pop(key, None)
        self.model.setdefault(key, {}).pop(device, None)
        self.model[key][device] = (data, tags, stored.fresh_until)

    @rule(key=KEYS, purge=PURGES)
    def put_what_was_purged_meanwhile(self, key, purge):
        since = self.opened.store.generation(key)
        self.purge(purge)
        if concerns(purge, key, ("t",)):
            assert not self.opened.store.put(key, response(b"late", tags="t", at=self.now), since)

    @rule(purge=PURGES)
    def purge(self, purge):
        self.opened.store.purge(purge, self.now)
        for key, variants in self.model.items():
            for device, (data, tags, fresh_until) in list(variants.items()):
                if concerns(purge, key, tags):
                    if purge.soft:
                        variants[device] = (data, tags, min(fresh_until, self.now))
                    else:
                        del variants[device]

    @rule(key=KEYS)
    def delete(self, key):
        before = self.opened.store.generation()
        self.opened.store.delete(key)
        if self.opened.store.generation() == before:
            assert not self.model.get(key)  # nothing to invalidate, and nobody was told
            return
        for other, variants in self.model.items():
            if concerns(Purge("url", key), other, ()):
                variants.clear()

    @rule()
    def wait(self):
        self.now += 1.0

    @rule()
    def restart(self):
        self.opened.close()
        self.opened = self.open()
        assert self.opened.objects.dropped == ""

    @rule(key=KEYS, device=DEVICES)
    def get(self, key, device):
        stored = self.opened.store.get(key, fields(f"device: {device}" if device else ""))
        variants = self.model.get(key, {})
        # The latest of those that match: of those without Vary, and those of this device.
        matching = [name for name in variants if name in {"", device}]
        if not matching:
            assert stored is None
            return
        assert stored is not None
        data, tags, fresh_until = variants[matching[-1]]
        assert whole(stored.body) == data
        assert list(stored.tags) == tags
        assert stored.fresh_until == fresh_until

    @invariant()
    def the_books_balance(self):
        objects = self.opened.objects
        assert objects.trouble == ""
        assert self.opened.store.size_bytes <= 8000
        assert objects.flush()
        with objects._index.env.begin() as transaction:
            records = [header_of(value) for _, value in transaction.cursor(objects._index.tables.objects)]
        assert objects.used_bytes == sum(record.cost for record in records)
        assert len(records) == sum(map(len, self.model.values()))

    def teardown(self):
        self.opened.close()
        shutil.rmtree(self.state)


TestTiersAgainstADictionary = TiersAgainstADictionary.TestCase
TestTiersAgainstADictionary.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
