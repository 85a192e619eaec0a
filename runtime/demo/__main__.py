"""
`python -m runtime.demo`, which is `make run`.

Everything is kept in a folder that goes with the demo. Ports: `ports.USUAL`. A process that dies is begun again;
Ctrl-C or SIGTERM ends them all.
"""

import json
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from edgescript.cli.author.testing.run import ScriptsWithErrorsError
from edgescript.cli.loading import show_diagnostics
from runtime.console.client import ConsoleError
from runtime.demo.customer import DOMAIN, HOST, SCRIPT, Customer, settle
from runtime.demo.examples import Example, examples
from runtime.demo.origin import Origin
from runtime.demo.ports import Ports, choose
from runtime.demo.processes import NotReadyError, Processes

LOOK_S: Final = 1.0


def main() -> int:
    """Serve until told to stop; the exit status."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _live()
    except KeyboardInterrupt:
        return 0


def _live() -> int:
    """Until a program does not stay: the exit status. Raises KeyboardInterrupt when told to stop."""
    ports = choose()
    try:
        shown = examples()
    except ScriptsWithErrorsError as error:
        show_diagnostics(error.reports, err=True)
        return 1
    click.echo("demo: starting an origin, a console, and nodes for production and staging ...", err=True)
    with (
        tempfile.TemporaryDirectory(prefix="edgescript-demo-") as made,
        Origin(ports.origin),
        Processes(Path(made)) as processes,
    ):
        try:
            customer = _begin(Path(made), ports, shown, processes)
            click.echo("\n".join(_announcement(ports, customer, shown)))
            while True:
                time.sleep(LOOK_S)
                for sentence in processes.begin_again():
                    click.echo(f"demo: {sentence}", err=True)
        except (NotReadyError, ConsoleError) as error:
            click.echo(f"demo: {error}", err=True)
            return 1


def _begin(folder: Path, ports: Ports, shown: Sequence[Example], processes: Processes) -> Customer:
    """All of it, answering. Raises NotReadyError, ConsoleError."""
    console = f"http://127.0.0.1:{ports.console}"
    origin = f"http://127.0.0.1:{ports.origin}"
    data = folder / "console"
    processes.begin("console", "console", "--listen", f"127.0.0.1:{ports.console}", "--data", str(data))
    processes.wait("console", ports.console, "/readyz")
    customer = settle(console, (data / "operator.token").read_text().strip(), origin)
    sites = [{**each.table(), "origin": origin} for each in shown]
    for name, port, own, token in (
        ("production", ports.production, sites, customer.production),
        ("staging", ports.staging, [], customer.staging),
    ):
        settings: dict[str, Any] = {
            "listen": f"127.0.0.1:{port}",
            "origin": origin,
            "admin": "",
            "state_dir": str(folder / name),
            "console": console,
            "node_name": f"demo-{name}",
            "domain_origins_refused": [],
            "drain_s": 2.0,
            "sites": own,
        }
        path = folder / f"{name}.toml"
        path.write_text("".join(f"{key} = {_toml(value)}\n" for key, value in settings.items()))
        processes.begin(f"{name} node", "serve", "--config", str(path), EDGESCRIPT_NODE_TOKEN=token)
    for name, port in (("production", ports.production), ("staging", ports.staging)):
        processes.wait(f"{name} node", port, "/")
    return customer


def _toml(value: Any) -> str:
    """A value in one line; a string of JSON is one of TOML."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _announcement(ports: Ports, customer: Customer, shown: Sequence[Example]) -> Iterator[str]:
    yield "Requests to try, in another terminal:"
    for each in shown:
        lines = list(each.lines(ports.production))
        yield from ["", *lines] if lines else []
    yield ""
    yield f"origin      http://127.0.0.1:{ports.origin}  answers with what it was asked"
    yield f"production  http://127.0.0.1:{ports.production}  an edge node: {HOST} as published,"
    yield f"            http://NAME.localhost:{ports.production} with the scripts of examples/NAME"
    yield f"staging     http://127.0.0.1:{ports.staging}  an edge node: {HOST} as it is tried"
    yield f"console     http://127.0.0.1:{ports.console}  sign in with this token:"
    yield f"            {customer.author}"
    yield ""
    yield "Publish a script: change it, look at it in staging, then in production."
    yield ""
    yield f'export PATH="{Path(sys.executable).parent}:$PATH"'
    yield f"export EDGESCRIPT_CONSOLE=http://127.0.0.1:{ports.console} EDGESCRIPT_DOMAIN={DOMAIN}"
    yield f"export EDGESCRIPT_TOKEN={customer.author}"
    yield f"echo \"add_rsp_header('X-Greeting', 'good day')\" > {SCRIPT}.es"
    yield f"edgescript push {SCRIPT}.es -m 'politer'"
    yield f"edgescript publish {SCRIPT} --wait"
    yield f"curl -si http://{HOST}:{ports.staging}/ | grep X-Greeting"
    yield f"edgescript publish {SCRIPT} --production --to 100% --wait -m 'for all'"
    yield f"curl -si http://{HOST}:{ports.production}/ | grep X-Greeting"
    yield "edgescript rollback --production --wait -m 'back'"
    yield f"curl -si http://{HOST}:{ports.production}/ | grep X-Greeting"
    yield ""
    yield "Ctrl-C ends it."


if __name__ == "__main__":
    sys.exit(main())
