"""`edgescript tokens`: who may ask a console for what."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from edgescript.cli.remote.options import JSON
from edgescript.cli.remote.refusals import RemoteGroup
from edgescript.cli.remote.screen import minute, moment, printable, show_json, show_table
from edgescript.cli.remote.target import Target, asks_console
from edgescript.cli.remote.values import ENVIRONMENTS, SCOPES, DurationType, GrantType

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.group(
    "tokens",
    cls=RemoteGroup,
    short_help="List, make and revoke tokens.",
    epilog="Example: edgescript tokens create ci --scope publish --expires 90d",
)
def command() -> None:
    """List the tokens that yours may see; with a command, make or revoke one."""


@command.command("list", short_help="Those yours may see.", epilog="Example: edgescript tokens list")
@click.option("--all", "every", is_flag=True, help="Those that are revoked or expired too.")
@click.option("--all-domains", is_flag=True, help="Whatever domain is said, and of nodes.")
@JSON
@asks_console
def _list(target: Target, every: bool, all_domains: bool, as_json: bool) -> None:
    """List tokens of the domain, or all where none is said. A token's text is never shown again."""
    domain = None if all_domains else target.maybe_domain
    made = list(target.client.items("/tokens", domain=domain))
    at = target.now()
    found = [each for each in made if every or _ended(each, at) is None]
    if as_json:
        show_json(found)
        return
    rows = [
        (
            each["id"],
            each["label"],
            _ended(each, at) or (f"until {minute(each['expires'])}" if each["expires"] else "valid"),
            minute(each["last_used"]),
            rights_text(each),
        )
        for each in found
    ]
    show_table(("id", "label", "state", "last used, UTC", "for"), rows, "no tokens")


def _ended(token: "Mapping[str, Any]", at: float) -> str | None:
    if token["revoked"] is not None:
        return f"revoked {minute(token['revoked'])}"
    if token["expires"] is not None and token["expires"] <= at:
        return f"expired {minute(token['expires'])}"
    return None


def rights_text(token: "Mapping[str, Any]") -> str:
    """`publish on shop`, `operator`, `node in production, pool p, region cn`."""
    node = token["node"]
    if node:
        return f"node in {node['environment']}, pool {node['pool']}, region {node['region']}"
    grants = [
        "operator"
        if (each["domain"], each["scope"]) == ("*", "admin")
        else f"{each['scope']} on {each['domain']}"
        for each in token["grants"]
    ]
    return ", ".join(grants)


@command.command(
    "create",
    short_help="Make one.",
    epilog="Example: edgescript tokens create ci --scope publish --expires 90d",
)
@click.argument("label")
@click.option(
    "--scope", type=click.Choice(SCOPES), help="What it may do in the domain; each includes those before."
)
@click.option(
    "--grant",
    "grants",
    type=GrantType(),
    multiple=True,
    metavar="DOMAIN:SCOPE",
    help="A domain and a scope; repeatable.",
)
@click.option("--operator", is_flag=True, help="Everything, everywhere.")
@click.option(
    "--node", "environment", type=click.Choice(ENVIRONMENTS), help="For edge nodes in this environment."
)
@click.option("--pool", default="default", metavar="NAME", help="The nodes' pool.  [default: default]")
@click.option("--region", default="default", metavar="NAME", help="The nodes' region.  [default: default]")
@click.option("--expires", type=DurationType(), help="It ends after so long, as 90d.")
@JSON
@asks_console
def _create(
    target: Target,
    label: str,
    scope: str | None,
    grants: Sequence[tuple[str, str]],
    operator: bool,
    environment: str | None,
    pool: str,
    region: str,
    expires: float | None,
    as_json: bool,
) -> None:
    """
    Make a token called LABEL, and print it.

    This is the only time: the console keeps no more of it than a digest. It is all that goes to standard output.
    """
    stated = [*grants, *([(target.domain, scope)] if scope else []), *([("*", "admin")] if operator else [])]
    if bool(stated) == (environment is not None):
        raise click.UsageError(
            "want --scope, --grant or --operator for a person or program, or --node for nodes"
        )
    node = environment and {"environment": environment, "pool": pool, "region": region}
    made = target.client.post(
        "/tokens",
        {
            "label": label,
            "grants": [{"domain": domain, "scope": each} for domain, each in stated],
            "node": node or None,
            "expires": target.now() + expires if expires else None,
        },
    )
    if as_json:
        show_json(made)
        return
    until = f", until {moment(made['expires'])}" if made["expires"] else ""
    click.echo(f"token {made['id']} for {printable(label)}: {printable(rights_text(made))}{until}", err=True)
    click.echo("keep it now, it is not shown again:", err=True)
    click.echo(made["secret"])


@command.command("revoke", short_help="End one.", epilog="Example: edgescript tokens revoke 5f2c9a")
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@JSON
@asks_console
def _revoke(target: Target, ids: Sequence[str], as_json: bool) -> None:
    """End each token ID at once: whoever has it is refused from now on."""
    from runtime.console.client import path

    revoked: list[str] = []
    try:
        for each in ids:
            target.client.delete(path("tokens", each))
            revoked.append(each)
            if not as_json:
                click.echo(f"revoked {printable(each)}")
    finally:  # those before one that is refused are revoked
        if as_json:
            show_json({"revoked": revoked})
