"""
The layouts of this folder: `NAME.before` is formatted to `NAME.after`; the first line says what the case shows.

`python -m tests.fmt.golden` writes the second files anew.
"""

from pathlib import Path
from typing import NamedTuple

from edgescript.formatting.canonical import canonical
from edgescript.source import Source

FOLDER = Path(__file__).parent / "golden"


class Layout(NamedTuple):
    name: str
    before: bytes

    @property
    def after(self):
        """The file that has what `before` becomes."""
        return FOLDER / f"{self.name}.after"

    def formatted(self):
        made = canonical(Source.from_bytes(self.name, self.before))
        assert made.text is not None, made.diagnostics
        return made.text.encode("latin-1")


def layouts():
    return [Layout(path.stem, path.read_bytes()) for path in sorted(FOLDER.glob("*.before"))]


if __name__ == "__main__":
    for layout in layouts():
        layout.after.write_bytes(layout.formatted())
