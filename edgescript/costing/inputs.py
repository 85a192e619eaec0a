"""How large the built-in variables of the language get (reference section 6)."""

from typing import Final

from edgescript import typeset
from edgescript.bounds import InputBounds
from edgescript.builtins import Variable
from edgescript.costing.shapes import Shape

_FIELDS: Final = {
    "args": "target_bytes",
    "arg_": "target_bytes",
    "cookie_": "head_bytes",
    "host": "host_bytes",
    "http_": "head_bytes",
    "remote_addr": "word_bytes",
    "request_method": "method_bytes",
    "request_uri": "target_bytes",
    "scheme": "word_bytes",
    "server_protocol": "word_bytes",
    "uri": "target_bytes",
}
"""The field of `InputBounds` for each variable or prefix."""


def shape_of(variable: Variable, inputs: InputBounds) -> Shape:
    """What the variable may be. One that is not in the table is as large as the largest input."""
    field = _FIELDS.get(variable.name)
    size = max(inputs.target_bytes, inputs.head_bytes) if field is None else getattr(inputs, field)
    return Shape(typeset.STRING if variable.attribute else typeset.STRING | typeset.UNDEF, size)
