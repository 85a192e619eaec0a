"""What a module imports and which ambient things it touches, read from its tree without running it."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
OURS = ("edgescript", "stdlib", "runtime")


class Use(NamedTuple):
    """Line (from 1) and the dotted name imported or read there."""

    line: int
    name: str


def modules(*packages: str) -> list[Path]:
    """The Python files under our packages, sorted."""
    return sorted(path for package in packages for path in (ROOT / package.replace(".", "/")).rglob("*.py"))


def dotted_name(path: Path) -> str:
    """`edgescript.cli.author.run` for edgescript/cli/author/run.py; a package for its `__init__.py`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def within(name: str, package: str) -> bool:
    """Whether `name` is `package` or something in it."""
    return name == package or name.startswith(f"{package}.")


def imports(source: str, module: str) -> list[Use]:
    """
    Every import in `source`, wherever it stands; `from a import b` gives `a.b`.

    A dynamic import of a literal counts too; one of a computed name gives `<computed>`.
    """
    uses: list[Use] = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import():
                uses += [Use(node.lineno, alias.name) for alias in node.names]
            case ast.ImportFrom():
                base = node.module or ""
                if node.level:
                    above = module.split(".")[: -node.level]
                    base = ".".join([*above, base] if base else above)
                uses += [Use(node.lineno, f"{base}.{alias.name}") for alias in node.names]
            case ast.Call(func=ast.Name(id="__import__") | ast.Attribute(attr="import_module")) if node.args:
                first = node.args[0]
                name = first.value if isinstance(first, ast.Constant) else "<computed>"
                uses.append(Use(node.lineno, str(name)))
            case _:
                pass
    return uses


def reads(source: str) -> Iterator[Use]:
    """Every dotted name read in `source`, import aliases undone: `t.time` after `import time as t` is `time.time`."""
    tree = ast.parse(source)
    aliases: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            aliases |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            aliases |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name):
            head, *rest = ast.unparse(node).split(".")
            yield Use(node.lineno, ".".join([aliases.get(head, head), *rest]))
