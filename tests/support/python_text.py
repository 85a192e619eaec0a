"""What the translator makes, for people."""

import ast

from edgescript.running.translate import module_of
from edgescript.running.unit import Unit


def python_text(linked):
    """The Python of a program."""
    return ast.unparse(module_of(Unit(linked))) + "\n"
