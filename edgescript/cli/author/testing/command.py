"""`edgescript test`: the cases of test files, and what of the scripts they reached."""

from typing import TYPE_CHECKING

import click

from edgescript.cli.completion import files

if TYPE_CHECKING:
    from edgescript.cli.author.testing.session import Wanted


@click.command(
    "test",
    short_help="Run the test files of scripts.",
    epilog="Example: edgescript test examples --coverage",
)
@click.argument("paths", nargs=-1, metavar="[PATH]...", shell_complete=files)
@click.option("-k", "text", default="", metavar="TEXT", help="Only cases with TEXT in file or name.")
@click.option("-x", "stop_at_first", is_flag=True, help="Stop at the first case that fails.")
@click.option("--coverage", is_flag=True, help="Tell what lines and branches were reached.")
@click.option(
    "--coverage-min",
    type=click.FloatRange(0, 100),
    metavar="N",
    help="Fail when less than N percent were reached.",
)
@click.option("--junit", metavar="FILE", help="Write JUnit XML.")
@click.option("--watch", is_flag=True, help="Run again when a file changes.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def command(
    context: click.Context,
    paths: tuple[str, ...],
    text: str,
    stop_at_first: bool,
    coverage: bool,
    coverage_min: float | None,
    junit: str | None,
    watch: bool,
    as_json: bool,
) -> None:
    """
    Run the cases of the test files at each PATH: files, scripts with a test file beside them (a.es, a.test.toml), or
    folders with all in them. Without a PATH, those of the current folder.

    Each case runs on a node of its own, with its own clock. The exit status is 1 when a case fails or a script has
    errors, 2 when there is no test or a test file cannot be read.
    """
    if watch and as_json:
        raise click.UsageError("--watch cannot be combined with --json")
    from edgescript.cli.author.testing.session import Session, Wanted

    wanted = Wanted(
        paths or (".",),
        text.lower(),
        stop_at_first,
        coverage or coverage_min is not None,
        coverage_min,
        junit,
        as_json,
    )
    if watch:
        _watch(wanted)
    else:
        context.exit(Session(wanted).run())


def _watch(wanted: "Wanted") -> None:
    """Run, and again after each change, until Ctrl-C."""
    from edgescript.cli.author.testing.files import stamps, wait_for_change
    from edgescript.cli.author.testing.session import Session

    try:
        while True:
            session = Session(wanted)
            before = stamps(wanted.paths)
            try:
                session.run()
            except click.UsageError as error:
                click.echo(error.format_message(), err=True)
            click.echo("waiting for a change, Ctrl-C ends it")
            wait_for_change(wanted.paths, before | session.scripts)
            click.echo()
    except KeyboardInterrupt:
        click.echo()
