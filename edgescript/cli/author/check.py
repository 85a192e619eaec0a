"""`edgescript check`: everything that is wrong with the files, for people and for machines."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import click

from edgescript.cli.completion import codes, files
from edgescript.cli.status import NO

if TYPE_CHECKING:
    from edgescript.diagnostics.catalogue import Severity
    from edgescript.source import Source

FORMS: Final = ("text", "json", "sarif", "github")


def _known(context: click.Context, parameter: click.Parameter, given: Sequence[str]) -> frozenset[str]:
    """The codes given to an option. Raises a usage error for one that does not exist."""
    from edgescript.diagnostics.catalogue import CATALOGUE
    from edgescript.diagnostics.spelling import nearest

    for code in given:
        if code not in CATALOGUE:
            near = nearest(code, CATALOGUE)
            meant = f", did you mean {near!r}?" if near else ""
            raise click.BadParameter(f"no diagnostic has the code {code!r}{meant}", context, parameter)
    return frozenset(given)


@click.command(
    "check",
    short_help="Report everything wrong in script files.",
    epilog="Example: edgescript check *.es",
)
@click.argument("paths", nargs=-1, required=True, metavar="FILE...", shell_complete=files)
@click.option("--json", is_flag=True, help="Print a JSON array.")
@click.option("--sarif", is_flag=True, help="Print a SARIF 2.1.0 log.")
@click.option("--github", is_flag=True, help="Print annotations for GitHub's CI.")
@click.option("--text", is_flag=True, help="Print each with its line.  [default]")
@click.option(
    "--compat", is_flag=True, help="Also report what the vendor's documented language would refuse."
)
@click.option(
    "--ignore",
    "ignored",
    multiple=True,
    metavar="CODE",
    callback=_known,
    shell_complete=codes,
    help="Leave out findings of CODE that are no errors. Repeatable.",
)
@click.option(
    "--select",
    "selected",
    multiple=True,
    metavar="CODE",
    callback=_known,
    shell_complete=codes,
    help="Leave out what is neither an error nor of CODE. Repeatable.",
)
@click.pass_context
def command(
    context: click.Context,
    /,
    paths: Sequence[str],
    compat: bool,
    ignored: frozenset[str],
    selected: frozenset[str],
    **chosen: bool,
) -> None:
    """
    Report every error, warning and hint in the FILEs.

    The exit status is 1 if there is an error, 0 otherwise: all else does not count. A comment
    '# check: ignore[CODE]' silences what is no error on its line, or on the next.
    """
    form = _form(chosen)
    import stdlib
    from edgescript.cli.files import read_sources
    from edgescript.cli.loading import show_diagnostics
    from edgescript.compiler import compile_source
    from edgescript.diagnostics import render
    from edgescript.diagnostics.findings import Diagnostic, visible

    registry = stdlib.registry()

    def asked(found: Diagnostic) -> bool:
        if found.severity == "error" or found.code in selected:
            return True
        return not selected and found.code not in ignored

    reports: list[tuple[Source, tuple[Diagnostic, ...]]] = []
    for source in read_sources(paths):
        found = visible(compile_source(source, registry).diagnostics, compat=compat)
        reports.append((source, tuple(filter(asked, found))))
    if form == "text":
        show_diagnostics(reports, compat=compat, hints=True)
    else:
        printed = {"json": render.as_json, "sarif": render.as_sarif, "github": render.as_github}[form](
            reports
        )
        click.echo(printed, nl=bool(printed) and not printed.endswith("\n"))
    counts = Counter(each.severity for _, found in reports for each in found)
    if form == "text":
        click.echo(_summary(len(paths), counts), err=True)
    context.exit(NO if counts["error"] else 0)


def _form(chosen: Mapping[str, bool]) -> str:
    """The one of FORMS that is asked for. Raises a usage error for two."""
    asked = [form for form in FORMS if chosen[form]]
    if len(asked) > 1:
        raise click.UsageError(f"want one of {' and '.join(f'--{form}' for form in asked)}")
    return asked[0] if asked else "text"


def _summary(files: int, counts: "Counter[Severity]") -> str:
    found = ", ".join(
        f"{count} {noun if count == 1 else plural}"
        for noun, plural, count in (
            ("error", "errors", counts["error"]),
            ("warning", "warnings", counts["warning"]),
            ("hint", "hints", counts["hint"]),
            ("compat finding", "compat findings", counts["compat"]),
        )
        if count
    )
    return f"{files} file{'s' if files > 1 else ''} checked: {found or 'nothing to report'}"
