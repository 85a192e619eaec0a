"""Which way imports go: the lines that DESIGN.md draws between the packages, held by walking every module."""

from typing import NamedTuple

import pytest

from tests.architecture.imports import OURS, ROOT, dotted_name, imports, modules, reads, within


class Layer(NamedTuple):
    """Modules of `packages`, less those in `but`, import of ours only `may`, and none of `never`."""

    packages: tuple[str, ...]
    but: tuple[str, ...]
    may: tuple[str, ...]
    never: tuple[str, ...]


NETWORK = ("asyncio", "httptools", "select", "selectors", "socket", "socketserver", "ssl", "uvloop")
WORLD = (
    *NETWORK,
    "concurrent",
    "http.client",
    "multiprocessing",
    "signal",
    "subprocess",
    "threading",
    "urllib.request",
)
SANS_IO = (
    "runtime.cache",
    "runtime.http",
    "runtime.limits",
    "runtime.proxy",
    "runtime.scripts",
    "runtime.upstreams",
)

LANGUAGE_VALUES = ("edgescript.source", "edgescript.types", "edgescript.typeset", "edgescript.faults")
DECLARATIONS = (
    "edgescript.bounds",
    "edgescript.builtins",
    "edgescript.calls",
    "edgescript.context",
    "edgescript.effects",
    "edgescript.meter",
    "edgescript.reads",
    "edgescript.regex",
    "edgescript.request",
    "edgescript.services",
)

LAYERS = {
    "the language core imports nothing of ours but itself": Layer(
        ("edgescript",), ("edgescript.__main__", "edgescript.cli"), ("edgescript",), (*WORLD, "click")
    ),
    "the standard library needs only the declarations": Layer(
        ("stdlib",),
        (),
        (
            "stdlib",
            "edgescript.bounds",
            "edgescript.builtins",
            "edgescript.context",
            "edgescript.effects",
            "edgescript.faults",
            "edgescript.meter",
            "edgescript.reads",
            "edgescript.regex",
            "edgescript.request",
            "edgescript.services",
            "edgescript.types",
        ),
        (*WORLD, "click", "lark"),
    ),
    "findings know texts": Layer(
        ("edgescript.diagnostics",), (), ("edgescript.diagnostics", "edgescript.source"), (*WORLD, "lark")
    ),
    "parsing knows no builtin": Layer(
        ("edgescript.parsing",), (), (*LANGUAGE_VALUES, "edgescript.diagnostics", "edgescript.parsing"), WORLD
    ),
    "compiling knows no tier": Layer(
        ("edgescript.compiling",),
        (),
        (
            *LANGUAGE_VALUES,
            *DECLARATIONS,
            "edgescript.diagnostics",
            "edgescript.parsing",
            "edgescript.compiling",
        ),
        WORLD,
    ),
    "formatting knows texts": Layer(
        ("edgescript.formatting",),
        (),
        ("edgescript.source", "edgescript.diagnostics", "edgescript.parsing", "edgescript.formatting"),
        WORLD,
    ),
    "checking knows declarations and the tree": Layer(
        ("edgescript.checking",),
        (),
        (
            *LANGUAGE_VALUES,
            "edgescript.builtins",
            "edgescript.checking",
            "edgescript.compiling",
            "edgescript.diagnostics",
            "edgescript.parsing",
            "edgescript.regex",
        ),
        (*WORLD, "lark"),
    ),
    "a session knows the language, not who types": Layer(
        ("edgescript.interactive",),
        (),
        (
            *LANGUAGE_VALUES,
            *DECLARATIONS,
            "edgescript.compiler",
            "edgescript.compiling",
            "edgescript.diagnostics",
            "edgescript.interactive",
            "edgescript.parsing",
            "edgescript.program",
            "edgescript.running",
        ),
        (*WORLD, "click", "lark"),
    ),
    "users' tests know no node": Layer(
        ("edgescript.testing",),
        (),
        (
            *LANGUAGE_VALUES,
            *DECLARATIONS,
            "edgescript.compiling",
            "edgescript.diagnostics",
            "edgescript.pipeline",
            "edgescript.program",
            "edgescript.running",
            "edgescript.testing",
        ),
        (*WORLD, "lark"),
    ),
    "running knows no text": Layer(
        ("edgescript.running",),
        (),
        (*LANGUAGE_VALUES, *DECLARATIONS, "edgescript.compiling", "edgescript.running"),
        (*WORLD, "lark"),
    ),
    "costs are stated of verified code": Layer(
        ("edgescript.costing",),
        (),
        (
            *LANGUAGE_VALUES,
            *DECLARATIONS,
            "edgescript.compiling",
            "edgescript.costing",
            "edgescript.diagnostics",
        ),
        (*WORLD, "lark"),
    ),
    "patterns know only themselves": Layer(
        ("edgescript.regex",), (), ("edgescript.regex",), (*WORLD, "lark")
    ),
    "the proxy's rules know no input or output": Layer(
        SANS_IO, (), ("edgescript", *SANS_IO), (*WORLD, "click", "edgescript.cli", "stdlib")
    ),
    "messages are judged by themselves": Layer(("runtime.http",), (), ("runtime.http",), WORLD),
    "bundles know what they are made of": Layer(
        ("runtime.bundles",), (), ("runtime.bundles",), (*WORLD, "click")
    ),
    "limits know nobody": Layer(("runtime.limits",), (), ("runtime.limits",), WORLD),
    "places know addresses and names": Layer(
        ("runtime.geo",), (), ("runtime.geo", "edgescript.services"), (*WORLD, "click")
    ),
    "the cache knows messages": Layer(("runtime.cache",), (), ("runtime.cache", "runtime.http"), WORLD),
    "upstreams know only themselves": Layer(("runtime.upstreams",), (), ("runtime.upstreams",), WORLD),
    "sites know scripts and upstreams": Layer(
        ("runtime.scripts",), (), ("runtime.scripts", "runtime.upstreams", "edgescript"), WORLD
    ),
    "state is files and memory, never the network": Layer(
        ("runtime.state",),
        (),
        ("runtime.bundles", "runtime.state", "runtime.cache", "runtime.http", "runtime.limits"),
        (*NETWORK, "click", "subprocess"),
    ),
    "the proxy puts them together": Layer(
        ("runtime.proxy",),
        (),
        (
            "edgescript",
            "runtime.proxy",
            "runtime.http",
            "runtime.cache",
            "runtime.scripts",
            "runtime.upstreams",
        ),
        WORLD,
    ),
    "settings become what the rules take": Layer(
        ("runtime.config",),
        (),
        ("edgescript", "runtime.config", "runtime.http", "runtime.scripts", "runtime.upstreams"),
        (*WORLD, "click", "edgescript.cli"),
    ),
    "requests that are tried know no command line": Layer(
        ("runtime.trial",),
        (),
        (
            "edgescript",
            "runtime.geo",
            "runtime.http",
            "runtime.limits",
            "runtime.proxy",
            "runtime.scripts",
            "runtime.trial",
            "runtime.upstreams",
        ),
        (*WORLD, "click", "edgescript.cli", "stdlib"),
    ),
    "the console's store knows rows, not rules": Layer(
        ("runtime.console.store",),
        (),
        ("runtime.console.store",),
        (*NETWORK, "click", "fastapi", "httpx"),
    ),
    "the console's rules know no store": Layer(
        ("runtime.console.model",),
        (),
        ("runtime.bundles", "runtime.config", "runtime.console.model", "runtime.scripts"),
        (*WORLD, "click", "sqlalchemy", "fastapi"),
    ),
    "the console's operations know no HTTP": Layer(
        ("runtime.console.service",),
        (),
        (
            "edgescript",
            "runtime.bundles",
            "runtime.cache",
            "runtime.console.model",
            "runtime.console.service",
            "runtime.console.store",
            "runtime.geo",
            "runtime.http",
            "runtime.proxy",
            "runtime.scripts",
            "runtime.trial",
        ),
        (*NETWORK, "click", "edgescript.cli", "stdlib", "sqlalchemy", "fastapi", "starlette"),
    ),
    "what works for the console knows no store and no HTTP": Layer(
        ("runtime.console.bench",),
        (),
        ("runtime.console.bench", "runtime.console.model", "runtime.console.service"),
        ("asyncio", "click", "edgescript.cli", "fastapi", "sqlalchemy", "starlette", "stdlib"),
    ),
    "the console's nodes are answered without rules of their own": Layer(
        ("runtime.console.sync",),
        (),
        (
            "runtime.bundles",
            "runtime.console.calls",
            "runtime.console.model",
            "runtime.console.service",
            "runtime.console.store",
            "runtime.console.sync",
        ),
        ("click", "edgescript.cli", "fastapi", "pydantic", "sqlalchemy", "uvicorn"),
    ),
    "the console's client knows no console": Layer(
        ("runtime.console",),
        (
            "runtime.console.api",
            "runtime.console.app",
            "runtime.console.bench",
            "runtime.console.calls",
            "runtime.console.listening",
            "runtime.console.model",
            "runtime.console.serve",
            "runtime.console.service",
            "runtime.console.store",
            "runtime.console.sync",
        ),
        ("runtime.console.events",),
        (*WORLD, "click", "fastapi", "pydantic", "sqlalchemy", "uvicorn"),
    ),
    "the console's HTTP knows no SQL": Layer(
        ("runtime.console.api",),
        (),
        (
            "runtime.bundles.report",
            "runtime.console.api",
            "runtime.console.calls",
            "runtime.console.model",
            "runtime.console.service",
            "runtime.console.store",
            "runtime.console.sync",
            "runtime.limits.gcra",
        ),
        ("click", "edgescript.cli", "sqlalchemy", "stdlib", "uvicorn"),
    ),
    "what is counted and logged knows scripts' results": Layer(
        ("runtime.observe",), (), ("edgescript", "runtime.observe"), (*WORLD, "click", "edgescript.cli")
    ),
    "where clients come in knows no request": Layer(
        ("runtime.io.listen",), (), ("runtime.config", "runtime.http", "runtime.io.listen"), ("click",)
    ),
    "a client's connection knows no process": Layer(
        ("runtime.io.client",),
        (),
        (
            "edgescript",
            *SANS_IO,
            "runtime.io.client",
            "runtime.io.driver",
            "runtime.io.heads",
            "runtime.io.passage",
            "runtime.io.worker",
        ),
        ("click", "edgescript.cli"),
    ),
    "connections to origins know no client": Layer(
        ("runtime.io.upstream",),
        (),
        ("runtime.http", "runtime.proxy", "runtime.upstreams", "runtime.io.heads", "runtime.io.upstream"),
        ("click",),
    ),
    "the admin listener knows no worker": Layer(
        ("runtime.io.admin",),
        (),
        (
            "runtime.cache",
            "runtime.config",
            "runtime.http",
            "runtime.observe",
            "runtime.io.admin",
            "runtime.io.heads",
            "runtime.io.source",
        ),
        ("click", "httptools"),
    ),
    "processes know workers, not their connections": Layer(
        ("runtime.io.process",),
        (),
        (
            "runtime.cache",
            "runtime.config",
            "runtime.observe",
            "runtime.scripts",
            "runtime.io.admin",
            "runtime.io.channel",
            "runtime.io.figures",
            "runtime.io.listen",
            "runtime.io.process",
            "runtime.io.source",
            "runtime.io.stderr",
            "runtime.io.sync",
            "runtime.io.worker",
        ),
        ("click", "httptools", "edgescript.cli"),
    ),
    "who follows a console knows no worker": Layer(
        ("runtime.io.sync",),
        (),
        (
            "runtime.bundles",
            "runtime.cache",
            "runtime.observe",
            "runtime.state",
            "runtime.io.channel",
            "runtime.io.source",
            "runtime.io.sync",
        ),
        ("click", "httptools", "edgescript.cli"),
    ),
    "the demo puts commands together": Layer(
        ("runtime.demo",),
        (),
        (
            "edgescript",
            "runtime.console.client",
            "runtime.demo",
            "runtime.http",
            "runtime.limits",
            "runtime.proxy",
            "runtime.scripts",
            "runtime.trial",
            "runtime.upstreams",
        ),
        ("asyncio", "uvloop"),
    ),
    "authors' commands know no node and no console": Layer(
        ("edgescript.cli.author",),
        (),
        (
            "edgescript",
            "runtime.geo",
            "runtime.http",
            "runtime.limits",
            "runtime.proxy",
            "runtime.scripts",
            "runtime.trial",
            "stdlib",
        ),
        ("asyncio", "edgescript.cli.console", "edgescript.cli.node", "edgescript.cli.remote"),
    ),
    "a node's commands know no console": Layer(
        ("edgescript.cli.node",),
        (),
        ("edgescript", "runtime", "stdlib"),
        (
            "asyncio",
            "edgescript.cli.author",
            "edgescript.cli.console",
            "edgescript.cli.remote",
            "runtime.console",
            "runtime.demo",
            "runtime.trial",
        ),
    ),
    "a console's commands know no node": Layer(
        ("edgescript.cli.console",),
        (),
        (
            "edgescript.cli.completion",
            "edgescript.cli.console",
            "edgescript.cli.groups",
            "edgescript.cli.status",
            "runtime.console",
            "stdlib",
        ),
        ("asyncio",),
    ),
    "who asks a console knows its client": Layer(
        ("edgescript.cli.remote",),
        (),
        (
            "edgescript",
            "runtime.console.client",
            "runtime.console.events",
            "runtime.scripts.rule",
            "stdlib",
        ),
        ("asyncio", "edgescript.cli.author", "edgescript.cli.console", "edgescript.cli.node"),
    ),
    "what commands that ask a console share knows no command": Layer(
        ("edgescript.cli.remote",),
        ("edgescript.cli.remote.commands",),
        (
            "edgescript.cli.WIDTH",
            "edgescript.cli.files",
            "edgescript.cli.groups",
            "edgescript.cli.remote",
            "edgescript.cli.status",
            "edgescript.diagnostics.spelling",
            "runtime.console.client",
        ),
        ("asyncio", "edgescript.cli.remote.commands", "stdlib"),
    ),
    "input and output serve whatever they are given": Layer(
        ("runtime.io",),
        (),
        ("edgescript", "runtime"),
        ("click", "edgescript.cli", "runtime.demo", "stdlib"),
    ),
}

CLOCKS_AND_CHANCE = {
    "time.time",
    "time.time_ns",
    "time.monotonic",
    "time.monotonic_ns",
    "time.perf_counter",
    "time.perf_counter_ns",
    "time.sleep",
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
    "random.random",
    "random.randint",
    "secrets.token_bytes",
    "os.environ",
    "os.getenv",
    "os.urandom",
    "uuid.uuid4",
}
PURE = (
    "edgescript",
    "stdlib",
    "runtime.bundles",
    "runtime.console.model",
    "runtime.console.service",
    "runtime.geo",
    "runtime.trial",
    *SANS_IO,
)
ROOTS = (
    "edgescript.cli",
    "runtime.console.api",
    "runtime.console.calls",
    "runtime.console.listening",
    "runtime.console.sync",
    "runtime.demo",
    "runtime.io",
)
"""Where things are put together: these may touch the loop."""
LOOPS = ("asyncio", "httptools", "uvloop")


def broken_lines(layer: Layer, module: str, source: str) -> list[str]:
    """`line: name` for each import in `source` that the layer forbids."""
    broken = []
    for use in imports(source, module):
        ours = any(within(use.name, package) for package in OURS)
        allowed = any(within(use.name, package) for package in layer.may)
        forbidden = any(within(use.name, package) for package in layer.never)
        if (ours and not allowed) or forbidden or use.name == "<computed>":
            broken.append(f"{use.line}: {use.name}")
    return broken


def in_layer(layer: Layer) -> list[str]:
    names = [dotted_name(path) for path in modules(*layer.packages)]
    return [name for name in names if not any(within(name, package) for package in layer.but)]


@pytest.mark.parametrize("rule", LAYERS)
def test_layer(rule):
    layer = LAYERS[rule]
    names = set(in_layer(layer))
    assert names, "the layer holds no module: has a package moved?"
    broken = {
        name: lines
        for path in modules(*layer.packages)
        if (name := dotted_name(path)) in names
        and (lines := broken_lines(layer, name, path.read_text(encoding="utf-8")))
    }
    assert broken == {}


def test_what_commands_share_knows_no_command():
    folder = ROOT / "edgescript" / "cli"
    packages = [f"edgescript.cli.{path.parent.name}" for path in folder.glob("*/__init__.py")]
    known = {
        f"{path.stem}:{use.line}: {use.name}"
        for path in folder.glob("*.py")
        for use in imports(path.read_text(encoding="utf-8"), dotted_name(path))
        if any(within(use.name, package) for package in packages)
    }
    assert packages
    assert known == set()


@pytest.mark.parametrize("top", ["edgescript", "runtime"])
def test_every_package_has_a_layer(top):
    packages = {dotted_name(path) for path in modules(top) if path.name == "__init__.py"}
    held = {package for layer in LAYERS.values() for package in layer.packages}
    own = {name for name in packages if name.count(".") == 1} - {"edgescript.cli"}
    assert own - held == set()


def test_only_io_and_the_composition_roots_touch_the_loop():
    touching = {
        dotted_name(path): use
        for path in modules(*OURS)
        for use in imports(path.read_text(encoding="utf-8"), dotted_name(path))
        if any(within(use.name, loop) for loop in LOOPS)
    }
    assert {name for name in touching if not any(within(name, root) for root in ROOTS)} == set()


def test_pure_code_reads_no_clock_chance_or_environment():
    read = {
        f"{dotted_name(path)}:{use.line}: {use.name}"
        for path in modules(*PURE)
        if not within(dotted_name(path), "edgescript.cli")
        for use in reads(path.read_text(encoding="utf-8"))
        if use.name in CLOCKS_AND_CHANCE
    }
    assert read == set()


BREACHES = {
    "core imports the standard library": (
        "the language core imports nothing of ours but itself",
        "import stdlib",
    ),
    "core imports late": (
        "the language core imports nothing of ours but itself",
        "def f():\n    from runtime.http import fields",
    ),
    "core imports by name": (
        "the language core imports nothing of ours but itself",
        "import importlib\nimportlib.import_module('runtime.io')",
    ),
    "core imports a computed name": (
        "the language core imports nothing of ours but itself",
        "import importlib\nimportlib.import_module('run' + 'time')",
    ),
    "core imports its own command line": (
        "the standard library needs only the declarations",
        "from edgescript import cli",
    ),
    "stdlib imports the compiler": (
        "the standard library needs only the declarations",
        "from edgescript.compiler import compile_source",
    ),
    "checks import a tier": ("checking knows declarations and the tree", "from edgescript.running import vm"),
    "a session imports the command line": (
        "a session knows the language, not who types",
        "from edgescript.cli.author.repl import console",
    ),
    "a session imports the standard library": (
        "a session knows the language, not who types",
        "import stdlib",
    ),
    "rules import a socket": ("the proxy's rules know no input or output", "import socket as s"),
    "an author's command imports a node's": (
        "authors' commands know no node and no console",
        "from edgescript.cli.node import building",
    ),
    "a node's command imports the console": (
        "a node's commands know no console",
        "from runtime.console.store import Store",
    ),
    "rules import io relatively": ("the proxy's rules know no input or output", "from ..io import server"),
}


@pytest.mark.parametrize("case", BREACHES)
def test_a_breach_is_seen(case):
    rule, source = BREACHES[case]
    assert len(broken_lines(LAYERS[rule], "runtime.proxy.planted", source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "import time\nnow = time.time()",
        "import time as t\nnow = t.time()",
        "from time import time\nnow = time()",
        "from datetime import datetime\nnow = datetime.now()",
        "import datetime as d\nnow = d.datetime.now()",
    ],
)
def test_a_clock_is_seen(source):
    assert any(use.name in CLOCKS_AND_CHANCE for use in reads(source))
