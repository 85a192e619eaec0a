"""`edgescript disasm`: the instructions of a script or of stored Code."""

import click

from edgescript.cli.completion import files
from edgescript.cli.status import NO


@click.command(
    "disasm",
    short_help="List the instructions of a script or of stored code.",
    epilog="Example: edgescript disasm hello.es",
)
@click.argument("file", metavar="FILE", shell_complete=files)
@click.pass_context
def command(context: click.Context, file: str) -> None:
    """
    List the instructions of FILE: a script, or code as nodes store it.

    The number on the right is the fuel of the instructions up to the next number. Code that would not be allowed to
    run is listed all the same; the exit status is then 1.
    """
    import stdlib
    from edgescript.cli.files import read
    from edgescript.cli.loading import show_diagnostics
    from edgescript.compiler import compile_source
    from edgescript.compiling.code import MAGIC, MAX_CODE_BYTES, Code, decode
    from edgescript.compiling.disasm import listing
    from edgescript.compiling.verify import verify
    from edgescript.faults import CodeError
    from edgescript.source import Source

    registry = stdlib.registry()
    data = read(file, MAX_CODE_BYTES)
    code: Code | None
    if data.startswith(MAGIC):
        try:
            code = decode(data)
        except CodeError as error:
            click.echo(f"{file}: {error}", err=True)
            context.exit(NO)
    else:
        source = Source.from_bytes(file, data)
        compiled = compile_source(source, registry)
        show_diagnostics([(source, compiled.diagnostics)], err=True)
        code = compiled.code
    if code is None:
        context.exit(NO)
    try:
        linked = verify(code, registry)
    except CodeError as error:
        click.echo(listing(code), nl=False)
        click.echo(f"{file}: {error}", err=True)
        context.exit(NO)
    click.echo(listing(code, linked), nl=False)
