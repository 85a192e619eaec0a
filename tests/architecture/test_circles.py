"""No module needs itself: imports make no circle, those in functions and those for types alone counted too."""

from graphlib import CycleError, TopologicalSorter

import pytest

from tests.architecture.imports import OURS, dotted_name, imports, modules

KNOWN = {
    ("runtime.config.settings", "runtime.config.references"): "what is declared is judged by what reads it",
    (
        "runtime.io.worker",
        "runtime.io.client.connection",
    ): "a worker makes connections, which call the worker",
    (
        "runtime.proxy.own_answer",
        "runtime.proxy.plan",
    ): "an answer that waits has a plan, which may end in such an answer",
}
"""Who imports whom although the other needs it in turn, and why."""


def home(name, ours):
    """The module of ours that an imported name stands in; None for others."""
    while name and name not in ours:
        name = name.rpartition(".")[0]
    return name or None


def graph(sources):
    """By module, the modules it imports."""
    return {
        module: {
            found
            for use in imports(source, module)
            if (found := home(use.name, sources)) and found != module and not module.startswith(f"{found}.")
        }
        for module, source in sources.items()
    }


def circle(needs):
    """The modules of one circle, [] for none."""
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def test_no_imports_make_a_circle_but_those_known():
    needs = graph({dotted_name(path): path.read_text(encoding="utf-8") for path in modules(*OURS)})
    for module, other in KNOWN:
        needs[module].remove(other)
    assert circle(needs) == []
    gone = [
        (module, other) for module, other in KNOWN if not circle(needs | {module: needs[module] | {other}})
    ]
    assert gone == []


@pytest.mark.parametrize("late", ["from runtime import a", "def f():\n    import runtime.a"])
def test_a_circle_is_seen(late):
    assert circle(graph({"runtime.a": "from runtime.b import c", "runtime.b": late}))
