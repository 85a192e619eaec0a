"""
Any order of publishing, promoting, aborting and rolling back leaves environments at releases that exist, nodes with what the
console says, and the audit whole.
"""

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from runtime.console.model.refusal import Refused
from runtime.console.model.verdict import Seen
from tests.console.service.world import SCRIPT, World

ENVIRONMENTS = st.sampled_from(["staging", "production"])
EXPECTED = {"conflict", "invalid", "not-staged", "rollout-running", "not-found"}


class Publishing(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.world = World(Path(self.folder.name))
        self.me = self.world.domain()
        self.world.live(self.me)
        self.generations = {"staging": 0, "production": 0}

    def teardown(self):
        self.world.close()
        self.folder.cleanup()

    def attempt(self, operation, *arguments, **more):
        """A refusal changes nothing and says why; anything else would be an error."""
        before, code = self.state(), ""
        try:
            operation(*arguments, **more)
        except Refused as refused:
            code = refused.code
        assert code in {"", *EXPECTED}
        assert not code or self.state() == before

    def state(self):
        view = self.world.console.domains.get(self.me, "shop")
        return view, self.world.console.audit.verify(self.me), list(self.world.told)

    @rule(script=st.sampled_from(["auth", "more"]))
    def version(self, script):
        self.world.version(self.me, script, f"{SCRIPT}# {self.world.now}\n")

    @rule(
        environment=ENVIRONMENTS,
        steps=st.sampled_from([(100,), (5, 25), (50, 100)]),
        pools=st.sampled_from([(), ("p",)]),
        skip=st.booleans(),
        remove=st.sampled_from([(), ("more",)]),
    )
    def publish(self, environment, steps, pools, skip, remove):
        self.attempt(
            self.world.publish, self.me, environment, steps=steps, pools=pools, skip_staging=skip,
            message="why", remove=remove, hold_s=30,
        )  # fmt: skip

    @rule(number=st.integers(1, 12), percent=st.sampled_from([None, 30, 100]))
    def promote(self, number, percent):
        self.attempt(self.world.console.publishing.promote, self.me, "shop", number, percent)

    @rule(number=st.integers(1, 12))
    def abort(self, number):
        self.attempt(self.world.console.publishing.abort, self.me, "shop", number)

    @rule(environment=ENVIRONMENTS, to=st.none() | st.integers(1, 8))
    def roll_back(self, environment, to):
        self.attempt(self.world.console.publishing.rollback, self.me, "shop", environment, to)

    @rule(faulty=st.booleans())
    def consider(self, faulty):
        self.world.passes(31)
        seen = Seen(requests=1000, executions=1000, exceptions=500 if faulty else 0)
        self.world.console.publishing.consider(lambda *_: seen)
        one_sided = {}
        self.world.console.publishing.consider(
            lambda _domain, _environment, release, _since: one_sided.setdefault(release, seen)
        )

    @rule()
    def change_a_dictionary(self):
        self.attempt(
            self.world.console.dictionaries.put, self.me, "shop", "flags", {"at": str(self.world.now)}
        )

    @rule()
    def restart(self):
        self.world.close()
        self.world.open()

    @invariant()
    def what_is_live_exists_and_is_what_nodes_get(self):
        view = self.world.console.domains.get(self.me, "shop")
        releases = {
            each.number: each for each in self.world.console.publishing.releases(self.me, "shop", 200).items
        }
        for environment, shown in view.environments.items():
            wanted = [shown.release] + ([shown.rollout.to_release] if shown.rollout else [])
            assert set(wanted) <= releases.keys()
            assert shown.live == releases[shown.release].scripts
            document = self.world.document(environment=environment)
            assert [each.number for each in document.releases] == wanted
            for release in document.releases:
                served = {each.name: each.version for each in release.scripts}
                assert served == releases[release.number].scripts
                for script in release.scripts:
                    self.world.text(script.code)

    @invariant()
    def generations_only_rise(self):
        for environment, before in self.generations.items():
            now = self.world.console.bundles.generation(environment)
            assert now >= before
            self.generations[environment] = now

    @invariant()
    def the_audit_is_whole(self):
        assert self.world.console.audit.verify(self.me).intact


TestPublishing = Publishing.TestCase
TestPublishing.settings = settings(max_examples=8, stateful_step_count=15, deadline=None)
