"""Names, texts and tokens: what is taken and what is not."""

import pytest

from runtime.bundles.node_token import NodePlace, NodeToken
from runtime.console.model import access, names
from runtime.console.model.credentials import proves, read_credential, secret_hash
from runtime.console.model.nodestate import node_state, offline_after_s, progress
from runtime.console.model.refusal import Refused


@pytest.mark.parametrize("name", ["shop", "a", "0", "a-b", "a" * 63])
def test_names_of_domains(name):
    assert names.domain_name(name) == name


@pytest.mark.parametrize("name", ["", "-a", "A", "a.b", "a_b", "a" * 64, "../x", "a\n", "店", "*"])
def test_what_is_no_name_of_a_domain(name):
    with pytest.raises(Refused):
        names.domain_name(name)


@pytest.mark.parametrize("name", ["auth", "a.es", "鉴权", "_", "a-1", "x" * 64, "..a"])
def test_names_of_scripts(name):
    assert names.name_of("script", name) == name


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a b", "a/b", "x" * 65, "a\n", "a\0", "e\u0301", "<b>", "%2e"]
)
def test_what_is_no_name_of_a_script(name):
    with pytest.raises(Refused):
        names.name_of("script", name)


@pytest.mark.parametrize("text", ["\ud800", "a\0b", "\x1b[31m", "x" * 2001])
def test_messages_are_text(text):
    with pytest.raises(Refused):
        names.message_text(text)


def test_a_message_may_have_lines():
    assert names.message_text(" why\n\tand how ") == "why\n\tand how"


@pytest.mark.parametrize("text", ["a" * 101, "é" * 51])
def test_a_source_is_bounded_in_bytes(text):
    with pytest.raises(Refused, match="100 bytes"):
        names.script_text(text, "source", 100)


GRANTS = [
    ([("shop", "read")], {"shop": access.Scope.READ}),
    ([("shop", "edit"), ("blog", "publish")], {"shop": access.Scope.EDIT, "blog": access.Scope.PUBLISH}),
    ([("*", "admin")], {"*": access.Scope.ADMIN}),
    ([], None),
    ([("*", "read")], None),
    ([("shop", "owner")], None),
    ([("shop", "node")], None),
    ([("Shop", "read")], None),
    ([("shop", "read"), ("shop", "edit")], None),
    ([(f"d{number}", "read") for number in range(101)], None),
]


@pytest.mark.parametrize(("stated", "read"), GRANTS)
def test_grants(stated, read):
    grants = [access.Grant(*each) for each in stated]
    if read is None:
        with pytest.raises(Refused):
            access.read_grants(grants)
    else:
        assert access.read_grants(grants) == read


SCOPES = [
    # what was granted, what is wanted on `shop`, the answer
    ({"shop": access.Scope.READ}, access.Scope.READ, None),
    ({"shop": access.Scope.ADMIN}, access.Scope.READ, None),
    ({"*": access.Scope.ADMIN}, access.Scope.ADMIN, None),
    ({"shop": access.Scope.READ}, access.Scope.EDIT, "forbidden"),
    ({"shop": access.Scope.EDIT}, access.Scope.PUBLISH, "forbidden"),
    ({"shop": access.Scope.PUBLISH}, access.Scope.ADMIN, "forbidden"),
    ({"blog": access.Scope.ADMIN}, access.Scope.READ, "not-found"),
    ({}, access.Scope.READ, "not-found"),
]


@pytest.mark.parametrize(("grants", "wanted", "code"), SCOPES)
def test_scopes(grants, wanted, code):
    who = access.Actor("t", "t", grants)
    if code is None:
        access.require(who, "shop", wanted)
    else:
        with pytest.raises(Refused) as refused:
            access.require(who, "shop", wanted)
        assert refused.value.code == code


USER = f"est_{'0' * 12}_{'a' * 64}"
NODE = NodeToken("0" * 12, "a" * 64, NodePlace(b"k" * 32, "production", "p", "cn")).text


@pytest.mark.parametrize(
    ("text", "kind"),
    [(USER, "est"), (USER.replace("est", "ess"), "ess"), (NODE, "esn"), (USER[:-1], None), (USER + "0", None),
     (USER.upper(), None), (USER.replace("est", "esx"), None), ("", None), ("esn_", None), (f"{NODE}!", None),
     ("x" * 100_000, None), (f"{USER}\n", None)],
)  # fmt: skip
def test_credentials(text, kind):
    read = read_credential(text)
    assert (None if read is None else read.kind) == kind


def test_a_credential_does_not_show_its_secret():
    assert "aaa" not in repr(read_credential(USER))


def test_a_secret_is_proved_by_its_hash():
    assert proves("secret", secret_hash("secret"))
    assert not proves("secres", secret_hash("secret"))


STATES = [
    # generation, error, silent for, the newest, state
    (7, "", 0, 7, "current"),
    (8, "", 0, 7, "current"),
    (7, "an old trouble", 0, 7, "current"),
    (6, "", 0, 7, "behind"),
    (6, "damaged", 0, 7, "failed"),
    (7, "", 100, 7, "offline"),
    (6, "damaged", 100, 7, "offline"),
]


@pytest.mark.parametrize(("generation", "error", "silent_s", "wanted", "state"), STATES)
def test_states_of_nodes(generation, error, silent_s, wanted, state):
    found = node_state(generation=generation, error=error, silent_s=silent_s, wanted=wanted, nodes=10)
    assert found == state


def test_a_node_above_the_newest_does_not_serve_what_is_wanted():
    facts = {"error": "", "silent_s": 0, "nodes": 10}
    assert node_state(generation=8, wanted=6, newest=7, **facts) == "behind"
    assert node_state(generation=7, wanted=6, newest=7, **facts) == "current"
    assert node_state(generation=8, wanted=6, newest=7, **{**facts, "silent_s": 100}) == "offline"


def test_many_nodes_may_be_silent_for_longer():
    assert offline_after_s(1) < 16 < offline_after_s(1000) < 60


def test_progress_counts_by_state():
    found = progress(["current", "current", "behind", "failed", "offline"])
    assert (found.nodes, found.acked, found.failed, found.offline) == (5, 2, 1, 1)
