"""
One target under atheris, guided by the branches its inputs take: `python -m tests.fuzz.explore TARGET [FLAG]...`.

A process of its own: libFuzzer ends its process, and the packages looked at must be imported under its eyes. Flags
are libFuzzer's; what it prints at the end is read by `campaign`.
"""

import sys

import atheris

from tests.fuzz import catalogue

PACKAGES = ["edgescript", "stdlib"]


def main(name: str, flags: list[str]) -> None:
    with atheris.instrument_imports(include=PACKAGES):
        target = catalogue.load(name)
    atheris.Setup([name, *flags], target.run)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
