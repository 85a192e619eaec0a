"""
The executable parts of Markdown: files and sessions.

A fenced block after a comment `<!-- file: NAME -->` is a file. A fenced block marked `console` is a session: lines that
begin with `$ ` are commands, what follows is what they print. In expected output `...` stands for any text, on a line
of its own for any lines; white space at line ends does not count. A command that ends in `&` stays running.
"""

import re
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(
    r"(?:<!-- file: (?P<file>\S+) -->\n)?^```(?P<mark>\w*)[^\n]*\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass
class File:
    name: str
    text: str


@dataclass
class Step:
    """A command of a session and what it is to print."""

    command: str
    output: str
    line: int


def parts(path: Path) -> list[File | Step]:
    """Files and steps in the order of the document."""
    text = path.read_text(encoding="utf-8")
    found: list[File | Step] = []
    for block in _BLOCK.finditer(text):
        if block["file"]:
            found.append(File(block["file"], block["text"]))
        elif block["mark"] == "console":
            found += _steps(block["text"], text.count("\n", 0, block.start("text")) + 1)
    return found


def _steps(text: str, line: int) -> list[Step]:
    steps: list[Step] = []
    for offset, each in enumerate(text.splitlines()):
        if each.startswith("$ "):
            steps.append(Step(each[2:], "", line + offset))
        elif steps and steps[-1].command.endswith("\\") and not steps[-1].output:
            steps[-1].command = steps[-1].command[:-1] + each.lstrip()
        else:
            assert steps, f"line {line + offset}: output before any command"
            steps[-1].output += f"{each.rstrip()}\n"
    return steps


_COMMAND = re.compile(r"(?:edgescript|curl|python3|for) |[A-Z]+=")


def indented_commands(path: Path) -> list[str]:
    """
    The commands in the indented blocks of an example's README: each server by itself, with `&`, and what stands
    between as one script, so that it may set variables.
    """
    commands: list[str] = []
    for block in re.findall(r"(?:^(?: {4}.*)\n)+", path.read_text(encoding="utf-8"), re.MULTILINE):
        text = re.sub(r"^ {4}", "", block, flags=re.MULTILINE)
        if not _COMMAND.match(text):
            continue
        script = ""
        for line in text.replace("\\\n", " ").splitlines():
            if line.startswith("edgescript serve") or line.endswith("&"):
                commands += [*([script] if script else []), f"{line.rstrip('& ')} &"]
                script = ""
            else:
                script += f"{line}\n"
        commands += [script] if script else []
    return commands


def matches(expected: str, printed: str) -> bool:
    """Whether `printed` is what `expected` says, `...` standing for anything."""
    pattern = "".join(
        "(?:.*\n)*?" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*?") + "\n"
        for line in expected.splitlines()
    )
    text = "".join(f"{line.rstrip()}\n" for line in printed.splitlines())
    return re.fullmatch(pattern, text) is not None
