"""What nodes fetch: one manifest a generation, signed by keys that can be changed, blobs that are swept."""

import os

import pytest

from runtime.bundles.verify import accept
from runtime.bundles.wire import BundleError
from runtime.console.service.keys import Keys, KeysUnusable, forbidden_mode
from tests.console.service.world import OPERATOR, Chance, refused


@pytest.fixture
def me(world):
    made = world.domain()
    world.live(made)
    return made


def test_a_manifest_is_made_once_a_generation(world, me):
    first = world.console.bundles.environment("production")
    assert world.console.bundles.environment("production") is first
    world.console.purges.make(me, "shop", "production", "tag", "a")
    assert world.console.bundles.environment("production").generation > first.generation


@pytest.mark.usefixtures("me")
def test_two_consoles_over_one_store_send_the_same_bytes(world):
    sent = world.console.bundles.environment("production")
    world.close()
    world.passes(100)
    world.open()
    assert world.console.bundles.environment("production") == sent


def test_before_anything_was_published(world):
    assert world.console.bundles.generation("staging") == 0
    assert world.manifest("staging").domains == ()


def test_a_first_node_finds_a_manifest_that_names_nothing(world):
    world.console.tokens.create_node(OPERATOR, "edge", "", "", "staging")
    generation = world.manifest("staging", newer_than=0).generation
    world.console.tokens.create_node(OPERATOR, "edge", "", "", "staging")
    assert world.manifest("staging").generation == generation
    assert world.console.bundles.generation("production") == 0


def test_generations_go_by_the_clock_and_never_back(world, me):
    seen = []
    for seconds in (0, 0, 10, -1000, 0):
        world.passes(seconds)
        seen.append(world.console.purges.make(me, "shop", "production", "tag", "a").generation)
    assert seen == sorted(set(seen))


def test_nothing_of_a_domain_can_be_read_in_a_blob(world, me):
    world.console.dictionaries.put(me, "shop", "flags", {"key": "plainly"})
    for entry in world.manifest().domains:
        assert b"shop" not in world.console.bundles.blob(entry.blob.name)
    [dictionary] = world.document().dictionaries
    assert b"plainly" not in world.console.bundles.blob(dictionary.blob.name)


@pytest.mark.parametrize("name", ["", "x", "0" * 64, "../" * 22, "A" * 64])
def test_a_blob_that_is_not_there(world, name):
    assert world.console.bundles.blob(name) is None


def test_what_nothing_names_is_swept_after_a_day(world, me):
    names = []
    for value in ("1", "2"):
        revision = len(names)
        world.console.dictionaries.put(me, "shop", "flags", {"a": value}, False, revision)
        names.append(world.document().dictionaries[0].blob.name)
    world.console.bundles.sweep()
    assert None not in [world.console.bundles.blob(name) for name in names]
    world.passes(86_401)
    world.console.bundles.sweep()
    assert [world.console.bundles.blob(name) is None for name in names] == [True, False]
    assert world.document().releases


@pytest.mark.usefixtures("me")
def test_a_key_is_changed_without_a_node_losing_faith(world):
    old = [key.public_key for key in world.keys.signing]
    generation = world.manifest().generation
    made = world.console.signing.rotate(OPERATOR)
    announced = accept(world.console.bundles.environment("production").data, old, "production", generation)
    assert len(announced.keys) == 2
    world.console.signing.drop_old(OPERATOR)
    data = world.console.bundles.environment("production").data
    assert accept(data, announced.keys, "production", announced.generation).keys == announced.keys[1:]
    with pytest.raises(BundleError):
        accept(data, old, "production")
    assert [key.id for key in world.console.signing.keys(OPERATOR)] == [made.id]
    assert refused(world.console.signing.drop_old, OPERATOR).code == "conflict"


def test_customers_do_not_change_keys(world, me):
    for operation in (
        world.console.signing.keys,
        world.console.signing.rotate,
        world.console.signing.drop_old,
    ):
        assert refused(operation, me).code == "forbidden"


def test_keys_come_to_no_end(world):
    for _ in range(6):
        world.console.signing.rotate(OPERATOR)
    assert refused(world.console.signing.rotate, OPERATOR).code == "limit"
    assert len(world.manifest("staging").keys) == 7


def test_key_files_are_for_their_user_alone(world):
    for path in (world.folder / "keys").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
    assert (world.folder / "keys").stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in (world.folder / "keys").iterdir()) == ["signing-1.key", "store.key"]


def readable(path):
    path.chmod(0o644)


def shortened(path):
    path.write_bytes(b"short")


def replaced(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("damage", [readable, shortened, replaced])
@pytest.mark.parametrize("name", ["store.key", "signing-1.key"])
def test_key_files_that_are_not_used(world, damage, name):
    damage(world.folder / "keys" / name)
    with pytest.raises(KeysUnusable):
        Keys.open(world.folder / "keys", Chance())


def test_keys_may_be_a_mounted_secret(world):
    folder = world.folder / "keys"
    for name in ("store.key", "signing-1.key"):
        (folder / "..data").mkdir(exist_ok=True)
        (folder / name).rename(folder / "..data" / name)
        (folder / name).symlink_to(f"..data/{name}")
    assert Keys.open(folder, Chance()).newest.id == world.keys.newest.id


# Owner of the file, the console's user, its mode, and whether it is used.
MODES = [
    (5, 5, 0o600, True),
    (5, 5, 0o400, True),
    (5, 5, 0o640, False),
    (0, 5, 0o440, True),
    (0, 5, 0o444, False),
    (0, 5, 0o460, False),
]


@pytest.mark.parametrize(("owner", "user", "mode", "used"), MODES)
def test_who_may_read_a_key(owner, user, mode, used):
    assert (not mode & forbidden_mode(owner, user)) is used


def test_keys_that_cannot_be_written_are_not_changed(world, monkeypatch):
    def refuse(*_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("runtime.console.service.keys._create", refuse)
    refusal = refused(world.console.signing.rotate, OPERATOR)
    assert (refusal.code, refusal.detail) == (
        "conflict", "the key files cannot be changed from here: read-only file system",
    )  # fmt: skip


def test_a_store_of_another_key_is_not_opened(world):
    (world.folder / "keys" / "store.key").unlink()
    world.close()
    os.umask(0o022)
    chance = Chance()
    chance.count = 50
    Keys.open(world.folder / "keys", chance)
    with pytest.raises(KeysUnusable, match="not the key"):
        world.open()


# Purges: what is asked, and the code.
PURGES = [
    ("url", "http://www.shop.example/a", None),
    ("url", "https://WWW.shop.example:8443/a?b", None),
    ("url", "http://www.blog.example/a", "invalid"),
    ("url", "/a", "invalid"),
    ("url", "", "invalid"),
    ("url", "http://www.shop.example/" + "a" * 9000, "invalid"),
    ("prefix", "http://www.shop.example/img", None),
    ("prefix", "img", "invalid"),
    ("tag", "a", None),
    ("tag", "a\nb", "invalid"),
    ("all", "", "invalid"),
]


@pytest.mark.parametrize(("kind", "value", "code"), PURGES)
def test_purges(world, me, kind, value, code):
    if code is not None:
        assert refused(world.console.purges.make, me, "shop", "production", kind, value).code == code
        return
    made = world.console.purges.make(me, "shop", "production", kind, value, soft=True)
    [purge] = world.manifest().purges
    assert (purge.seq, purge.domain, purge.hosts, purge.kind, purge.value, purge.soft) == (
        made.seq, "shop", ("www.shop.example",), kind, value, True,
    )  # fmt: skip


def test_purges_are_numbered_without_gaps_and_kept_for_a_week(world, me):
    for _ in range(3):
        world.console.purges.make(me, "shop", "production", "tag", "a")
    world.passes(8 * 86_400)
    assert world.console.purges.make(me, "shop", "production", "tag", "b").seq == 4
    manifest = world.manifest()
    assert ([each.seq for each in manifest.purges], manifest.first_purge_seq) == ([4], 4)


def test_a_purge_where_nothing_is_served(world):
    me = world.domain("blog")
    assert refused(world.console.purges.make, me, "blog", "production", "tag", "a").code == "conflict"
