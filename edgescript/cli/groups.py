"""Commands that have commands: a word that is none of them is told with the one that was probably meant."""

import click


class NearGroup(click.Group):
    """As click's."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the command that was meant where the word is near to one."""
        word, names = args[0], self.list_commands(ctx)
        if word not in names and not word.startswith("-") and not ctx.resilient_parsing:
            from edgescript.diagnostics.spelling import nearest

            near = nearest(word, names)
            ctx.fail(f"no such command {word!r}{f', did you mean {near!r}?' if near else ''}")
        return super().resolve_command(ctx, args)
