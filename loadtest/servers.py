"""
The servers measured: the node and its peers. Each says whether it is here, what it cannot express, which version it
is, and how it is started for a case. Their configurations are the templates in `peers/`.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from types import MappingProxyType
from typing import Final, Protocol

from loadtest.cases import Case, page
from loadtest.process import Launch

ROOT: Final = Path(__file__).resolve().parent.parent
PEERS: Final = Path(__file__).resolve().parent / "peers"
_PLACEHOLDER: Final = re.compile(r"@([A-Z]+)@")


class Server(Protocol):
    """One column of the comparison."""

    name: str
    install: str

    def missing(self) -> str | None:
        """Why it cannot run on this machine; None if it can."""

    def cannot(self, case: Case) -> str | None:
        """Why it cannot do this case; None if it can."""

    def version(self) -> str:
        """Its version, as it names it itself."""

    def launch(self, case: Case, port: int, origin: int, directory: Path) -> Launch:
        """How it is started to serve a case on `port` before the origin on port `origin`."""


def render(template: str, values: dict[str, str]) -> str:
    """A template with every `@NAME@` filled in. Raises KeyError for a name without a value."""
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template)


def template(name: str, **values: str) -> str:
    """A file of `peers/`, filled in."""
    return render((PEERS / name).read_text(encoding="utf-8"), values)


def _output(*argv: str) -> str:
    """What a program prints about itself; nginx and Varnish use standard error for it."""
    done = subprocess.run(argv, capture_output=True, text=True, timeout=10, check=False)
    return done.stdout + done.stderr


def _first(pattern: str, text: str) -> str | None:
    match = re.search(pattern, text)
    return match[1] if match else None


def user_line() -> str:
    """Lets the workers of an nginx started by root read the private directory."""
    return "user root;" if os.geteuid() == 0 else ""


def nginx_argv(directory: Path) -> tuple[str, ...]:
    """nginx with everything it touches in `directory`."""
    return ("nginx", "-e", "stderr", "-p", f"{directory}/", "-c", "nginx.conf")


class Node:
    """Our own node, one worker."""

    name = "edgescript"
    install = "pip install -e . (make does it)"

    def __init__(self, command: tuple[str, ...] | None = None) -> None:
        self._command = command or (str(Path(sys.executable).with_name("edgescript")), "serve")
        self._note = f", started as: {shlex.join(command)}" if command else ""

    def missing(self) -> str | None:
        return None if shutil.which(self._command[0]) else f"no {self._command[0]}"

    def cannot(self, case: Case) -> str | None:
        path = script_path(case.logic) if case.logic else None
        return f"no {path.relative_to(ROOT)}" if path and not path.exists() else None

    def version(self) -> str:
        return metadata.version("edgescript") + self._note

    def launch(self, case: Case, port: int, origin: int, directory: Path) -> Launch:
        script = ("--script", str(script_path(case.logic))) if case.logic else ()
        del directory  # it keeps everything in memory
        flags = ("--listen", f"127.0.0.1:{port}", "--origin", f"http://127.0.0.1:{origin}")
        return Launch((*self._command, *flags, *script))


def script_path(logic: str) -> Path:
    """The script of that name: the benchmark's own, or one of the examples."""
    own = ROOT / "loadtest" / "scripts" / f"{logic}.es"
    return own if own.exists() else ROOT / "examples" / logic / f"{logic}.es"


TUNED: Final = """\
    # An answer of 1 KiB: one read and one writev cost less than a write of the head, a cork and a sendfile.
    sendfile off;
    # Files of the cache stay open.
    open_file_cache max=4096 inactive=60s;"""
"""What makes nginx fastest in these cases, measured: case 1 costs it 8 µs a request so, 15 µs otherwise."""

PACKAGED: Final = """\
    # As Debian's nginx.conf has it.
    sendfile on;
    tcp_nopush on;"""


class Nginx:
    """nginx with its Lua module."""

    install = "apt-get install --no-install-recommends nginx-light libnginx-mod-http-lua"
    _modules = ("ndk_http_module.so", "ngx_http_lua_module.so")

    def __init__(self, name: str, tuning: str) -> None:
        self.name = name
        self._tuning = tuning

    def missing(self) -> str | None:
        if not shutil.which("nginx"):
            return "no nginx"
        absent = [name for name in self._modules if not (self._module_directory() / name).exists()]
        return f"nginx without {', '.join(absent)}" if absent else None

    def cannot(self, case: Case) -> str | None:
        del case
        return None

    def version(self) -> str:
        return _first(r"nginx/([\d.]+)", _output("nginx", "-v")) or "?"

    def _module_directory(self) -> Path:
        return Path(_first(r"--modules-path=(\S+)", _output("nginx", "-V")) or "/usr/lib/nginx/modules")

    def launch(self, case: Case, port: int, origin: int, directory: Path) -> Launch:
        modules = self._module_directory()
        before, inside, files = self._logic(case.logic)
        configuration = template(
            "nginx.conf",
            MODULES="\n".join(f"load_module {modules / name};" for name in self._modules),
            USER=user_line(),
            PORT=str(port),
            ORIGIN=str(origin),
            TUNING=self._tuning,
            GLOBAL=before,
            LOGIC=inside,
        )
        return Launch(nginx_argv(directory), {"nginx.conf": configuration, **files})

    @staticmethod
    def _logic(name: str | None) -> tuple[str, str, dict[str, str]]:
        """What a logic adds to `http`, to `location`, and as files. What nginx has of its own is not done in Lua."""
        if name is None:
            return "", "", {}
        if name == "limit":
            zone = "limit_req_zone $binary_remote_addr zone=clients:16m rate=1000000r/s;"
            return zone, "limit_req zone=clients burst=100000 nodelay;", {}
        text = page(name).decode("ascii").replace("\n", "\\n")
        files = {f"{name}.lua": template(f"{name}.lua", PAGE=text)}
        return (
            f'init_by_lua_block {{ require "{name}" }}',
            f'access_by_lua_block {{ require "{name}"() }}',
            files,
        )


_UNLOGGED: Final = (
    "-Begin,-End,-Link,-Timestamp,-ReqAcct,-BereqAcct,-Hit,-HitMiss,-TTL,-Length,-Storage,-Fetch_Body,-ExpKill,"
    "-SessOpen,-SessClose,-BackendOpen,-BackendClose,-VCL_call,-VCL_return,-ReqStart,-ReqMethod,-ReqURL,-ReqProtocol,"
    "-ReqHeader,-ReqUnset,-RespProtocol,-RespStatus,-RespReason,-RespHeader,-RespUnset,-BereqMethod,-BereqURL,"
    "-BereqProtocol,-BereqHeader,-BerespProtocol,-BerespStatus,-BerespReason,-BerespHeader,-ObjProtocol,-ObjStatus,"
    "-ObjReason,-ObjHeader"
)
"""The records of Varnish's log in memory that every request would write; nginx logs nothing here either."""


class Varnish:
    """Varnish Cache with the digest module."""

    name = "Varnish"
    install = "apt-get install --no-install-recommends varnish varnish-modules varnish-vmod-digest"
    _modules: Mapping[str, str] = MappingProxyType({"auth": "digest", "limit": "vsthrottle"})

    def missing(self) -> str | None:
        return None if shutil.which("varnishd") else "no varnishd"

    def cannot(self, case: Case) -> str | None:
        module = self._modules.get(case.logic or "")
        if module and not any(Path("/usr/lib").glob(f"*/varnish/vmods/libvmod_{module}.so")):
            return f"stock VCL cannot; needs the module {module}"
        return None

    def version(self) -> str:
        return _first(r"varnish-([\d.]+)", _output("varnishd", "-V")) or "?"

    def launch(self, case: Case, port: int, origin: int, directory: Path) -> Launch:
        name = case.logic
        logic = template(f"{name}.vcl", PAGE=page(name).decode("ascii")) if name else ""
        configuration = template("varnish.vcl", ORIGIN=str(origin), LOGIC=logic)
        parameters = ("thread_pools=1", "thread_pool_min=64", "thread_pool_max=256", f"vsl_mask={_UNLOGGED}")
        argv = (
            "varnishd",
            "-F",
            "-j",
            "none",
            "-n",
            str(directory / "work"),
            "-f",
            str(directory / "edge.vcl"),
        )
        listen = ("-a", f"127.0.0.1:{port}", "-s", "malloc,256m")
        return Launch(
            (*argv, *listen, *(word for one in parameters for word in ("-p", one))),
            {"edge.vcl": configuration},
        )


PEER_SERVERS: Final[Mapping[str, Server]] = MappingProxyType(
    {
        "nginx": Nginx("nginx + Lua", TUNED),
        "nginx-packaged": Nginx("nginx, as packaged", PACKAGED),
        "varnish": Varnish(),
    }
)
"""By the name the command line knows them."""
