"""
The page of all keys, made of the declarations: names, kinds, defaults, and the sentences that stand with them.

    python -m runtime.config.reference > runtime/config/REFERENCE.md
"""

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from edgescript.meter import Limits
from runtime.config.settings import Config
from runtime.config.shape import declared, wanted
from runtime.config.tables import (
    CacheRule,
    Certificate,
    HeaderChanges,
    HeaderRule,
    HealthTable,
    Listener,
    ServerTable,
    SiteTable,
    TlsTable,
    UpstreamTable,
)
from runtime.http.framing import HeadLimits

TABLES: Final[dict[str, Any]] = {
    "The file": Config,
    "`[[listeners]]`": Listener,
    "`[[certificates]]`": Certificate,
    "`[[upstreams]]`": UpstreamTable,
    "`servers` of an upstream": ServerTable,
    "`tls` of an upstream": TlsTable,
    "`health` of an upstream": HealthTable,
    "`[[sites]]`": SiteTable,
    "`[[sites.cache]]`": CacheRule,
    "`[[sites.headers]]`": HeaderRule,
    "`request` and `response` of a header rule": HeaderChanges,
    "`[head_limits]`": HeadLimits,
    "`[script_limits]`": Limits,
}
"""Every table of the file, by its heading."""
_OPENING: Final = """\
# Keys of `edge.toml`

Made from the declarations by `python -m runtime.config.reference`. Times are in seconds, sizes in bytes; a number must be above 0
unless its default is 0 or its kind says otherwise. Names of files are relative to the file.
"""


class Row(NamedTuple):
    """A key of a table."""

    key: str
    default: str
    """`required`, or the value, or '' for none."""
    kind: str
    meaning: str


def rows(table: Any) -> Iterator[Row]:
    """The keys of a table in the order of the declaration."""
    sentences = _sentences(table)
    for name, key in declared(table).items():
        default = "required" if key.required else _in_words(name, key.default)
        yield Row(name, default, wanted(key.kind), sentences[name])


def page() -> str:
    """All tables, in Markdown."""
    parts = [_OPENING]
    for heading, table in TABLES.items():
        parts.append(
            f"\n## {heading}\n\n{_about(table)}| key | default | wanted | meaning |\n| --- | --- | --- | --- |\n"
        )
        parts += [
            f"| `{row.key}` | {row.default} | {_cell(row.kind)} | {_cell(row.meaning)} |\n"
            for row in rows(table)
        ]
    return "".join(parts)


def _about(table: Any) -> str:
    """What the table's own docstring says behind its name."""
    text = inspect.cleandoc(table.__doc__ or "")
    about = text.partition(": ")[2] if text.startswith("`[[") else ""
    return f"{about[:1].upper()}{about[1:]}\n\n" if about else ""


def _sentences(table: Any) -> dict[str, str]:
    """The text below each attribute of a class."""
    (declaration,) = ast.parse(textwrap.dedent(inspect.getsource(table))).body
    assert isinstance(declaration, ast.ClassDef)
    found: dict[str, str] = {}
    name = ""
    for node in declaration.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            name = node.target.id
        elif name and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found[name] = " ".join(str(node.value.value).split())
            name = ""
    return found


def _in_words(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g} s"
    if isinstance(value, int):
        return _count(value, is_bytes="bytes" in name)
    if isinstance(value, str):
        return f"`{value}`" if value else ""
    return ", ".join(f"`{each}`" for each in value) if isinstance(value, tuple) else ""


def _count(value: int, *, is_bytes: bool) -> str:
    for unit, size in (("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if is_bytes and value >= size and not value % size:
            return f"{value // size} {unit}"
    return str(value)


def _cell(text: str) -> str:
    """Text as a table's cell holds it: bars and stars are themselves, and what is code already stays."""
    parts = text.replace("|", "\\|").split("`")
    parts[::2] = [part.replace("*", "\\*") for part in parts[::2]]
    return "`".join(parts)


if __name__ == "__main__":
    sys.stdout.write(page())
