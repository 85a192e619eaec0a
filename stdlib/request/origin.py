"""Which origin a request goes to, an extension."""

from edgescript.builtins import Cost, Effect, Family, Str
from edgescript.context import Context

origin = Family("origin", effect=Effect.WRITES, extension=True)


@origin.builtin(cost=Cost(3, per="name"), reads=())
def set_origin(ctx: Context, name: Str) -> bool:
    """
    Set the origin that is asked if the request is not answered before: one that the site's configuration names.

    Return false, and change nothing, if it names none so. The last call counts. Responses of different origins are kept
    apart in the cache.

    set_origin('backup')   => true
    set_origin('no such')  => false
    """
    if name not in ctx.services.origins:
        return False
    ctx.effects.origin = name
    return True
