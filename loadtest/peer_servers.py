"""The peers: nginx with Lua, Varnish, HAProxy. Their configurations are the templates in `peers/`."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from loadtest.cases import Case, Mode, page
from loadtest.process import OUTPUT, Launch
from loadtest.servers import ACCESS_LOG, Server, nginx_argv, template, user_line


def _output(*argv: str) -> str:
    """What a program prints about itself; nginx and Varnish use standard error for it."""
    done = subprocess.run(argv, capture_output=True, text=True, timeout=10, check=False)
    return done.stdout + done.stderr


def _first(pattern: str, text: str) -> str | None:
    match = re.search(pattern, text)
    return match[1] if match else None


TUNED: Final = """\
    # An answer of 1 KiB: one read and one writev cost less than a write of the head, a cork and a sendfile.
    sendfile off;
    # Files of the cache stay open.
    open_file_cache max=4096 inactive=60s;"""
"""What makes nginx fastest in these cases, measured: case 1 costs it 8 µs a request so, 15 µs otherwise."""

TUNED_LARGE: Final = """\
    sendfile on;
    tcp_nopush on;
    open_file_cache max=4096 inactive=60s;"""
"""The same for a body of 1 MiB."""

_LARGE_BYTES: Final = 1 << 16

PACKAGED: Final = """\
    # As Debian's nginx.conf has it.
    sendfile on;
    tcp_nopush on;"""


class Nginx:
    """nginx with its Lua module."""

    install = "apt-get install --no-install-recommends nginx-light libnginx-mod-http-lua"
    _modules = ("ndk_http_module.so", "ngx_http_lua_module.so")

    def __init__(self, name: str, tuning: str, tuning_large: str) -> None:
        self.name = name
        self._tuning = tuning
        self._tuning_large = tuning_large

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

    def launch(self, case: Case, mode: Mode, port: int, origin: int, directory: Path) -> Launch:
        modules = self._module_directory()
        before, inside, files = self._logic(case.logic)
        configuration = template(
            "nginx.conf",
            MODULES="\n".join(f"load_module {modules / name};" for name in self._modules),
            USER=user_line(),
            PORT=str(port),
            ORIGIN=str(origin),
            WORKERS=str(mode.workers),
            # Each worker has a socket of its own; else whoever wakes first would take all connections.
            SHARING=" reuseport" if mode.workers > 1 else "",
            LOG=f"{ACCESS_LOG} combined buffer=64k flush=1s" if mode.access_log else "off",
            TUNING=self._tuning if len(case.body) < _LARGE_BYTES else self._tuning_large,
            GLOBAL=before,
            LOGIC=inside,
        )
        log = ACCESS_LOG if mode.access_log else ""
        return Launch(nginx_argv(directory), {"nginx.conf": configuration, **files}, log=log)

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
"""The records of Varnish's log in memory that every request would write; without an access log nobody else logs either."""


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

    def launch(self, case: Case, mode: Mode, port: int, origin: int, directory: Path) -> Launch:
        name = case.logic
        logic = template(f"{name}.vcl", PAGE=page(name).decode("ascii")) if name else ""
        configuration = template("varnish.vcl", ORIGIN=str(origin), LOGIC=logic)
        parameters = [f"thread_pools={mode.workers}", "thread_pool_min=64", "thread_pool_max=256"]
        beside: tuple[str, ...] = ()
        work = str(directory / "work")
        if mode.access_log:
            beside = ("varnishncsa", "-n", work, "-w", str(directory / ACCESS_LOG))
        else:
            parameters.append(f"vsl_mask={_UNLOGGED}")
        argv = ["varnishd", "-F", "-j", "none", "-n", work, "-f", str(directory / "edge.vcl")]
        argv += ["-a", f"127.0.0.1:{port}", "-s", "malloc,256m"]
        argv += [word for one in parameters for word in ("-p", one)]
        log = ACCESS_LOG if mode.access_log else ""
        return Launch(tuple(argv), {"edge.vcl": configuration}, beside=beside, log=log)


class HAProxy:
    """HAProxy: its cache, rules, converters and stick tables; no Lua."""

    name = "HAProxy"
    install = "apt-get install --no-install-recommends haproxy"

    def missing(self) -> str | None:
        return None if shutil.which("haproxy") else "no haproxy"

    def cannot(self, case: Case) -> str | None:
        del case
        return None

    def version(self) -> str:
        return _first(r"version ([\d.]+)", _output("haproxy", "-v")) or "?"

    def launch(self, case: Case, mode: Mode, port: int, origin: int, directory: Path) -> Launch:
        name = case.logic
        configuration = template(
            "haproxy.cfg",
            THREADS=str(mode.workers),
            PORT=str(port),
            ORIGIN=str(origin),
            # A larger buffer saves it a quarter where the body is large, and costs it some where it is not.
            BUFFER="16384" if len(case.body) < _LARGE_BYTES else "65536",
            LOG="log stdout len 1024 format raw local0\n    option httplog" if mode.access_log else "no log",
            LOGIC=template(f"{name}.haproxy") if name else "",
        )
        files = {"haproxy.cfg": configuration}
        if name:
            files["page.html"] = page(name).decode("ascii")
        argv = ("haproxy", "-f", str(directory / "haproxy.cfg"))
        return Launch(argv, files, log=OUTPUT if mode.access_log else "")


PEER_SERVERS: Final[Mapping[str, Server]] = MappingProxyType(
    {
        "nginx": Nginx("nginx + Lua", TUNED, TUNED_LARGE),
        "nginx-packaged": Nginx("nginx, as packaged", PACKAGED, PACKAGED),
        "varnish": Varnish(),
        "haproxy": HAProxy(),
    }
)
"""By the name the command line knows them."""
