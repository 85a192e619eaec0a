"""`edgescript rollback`: the release from before, for everybody, at once."""

import click

from edgescript.cli.remote.options import JSON, MESSAGE, waits
from edgescript.cli.remote.refusals import RemoteCommand
from edgescript.cli.remote.screen import show_json
from edgescript.cli.remote.target import Target, asks_domain


@click.command(
    "rollback",
    cls=RemoteCommand,
    short_help="Go back to the release before.",
    epilog="Example: edgescript rollback --production -m 'login loops'",
)
@click.option("--production", is_flag=True, help="In production, not in staging.")
@click.option(
    "--to", "release", type=click.IntRange(1), metavar="N", help="To release N, not to the one before."
)
@waits
@MESSAGE
@JSON
@click.pass_context
@asks_domain
def command(
    target: Target,
    context: click.Context,
    production: bool,
    release: int | None,
    wait: bool,
    timeout: float,
    message: str,
    as_json: bool,
) -> None:
    """
    Serve the release that was live before, or release N, to everybody, at once.

    A rollout under way is cancelled. 'edgescript rollouts' lists releases that were live.
    """
    from edgescript.cli.remote.waiting import headline, see_through

    body = {
        "environment": "production" if production else "staging",
        "to": release,
        "message": message,
    }
    rollout = target.client.post(target.at("rollback"), body)
    if not as_json:
        click.echo(f"back to {headline(rollout, 'in')} on {target}")
    if wait:
        path = target.at("rollouts", rollout["id"])
        context.exit(see_through(target.client, path, rollout, timeout, as_json=as_json))
    if as_json:
        show_json(rollout)
