"""Dictionaries that the site's configuration delivers, an extension: data that changes without the scripts that read it."""

from edgescript.builtins import Cost, Effect, Family, OptStr, Str, Text
from edgescript.context import Context
from edgescript.types import value_text

edge_dictionaries = Family("edge_dictionaries", effect=Effect.AMBIENT, extension=True)


@edge_dictionaries.builtin(
    cost=Cost(5, per="key", shift=6, makes=lambda call: call.limits.value_bytes), reads=()
)
def dict_get(ctx: Context, name: Str, key: Text, default: OptStr = None) -> str | None:
    """
    Return the string that the site's dictionary `name` has under `key`, else `default`, else undef.

    Dictionaries come with the site: from a console, from `edge.toml`, or from `--dict` of `edgescript run`. They may change
    between two requests, and never while a script runs.

    dict_get('prices', 'apple')        => '3.20'
    dict_get('prices', 7)              => 'seven'
    dict_get('prices', 'pear', 'none') => 'none'
    type(dict_get('none', 'apple'))    => 'nil'
    """
    entries = ctx.services.dictionaries.get(name)
    found = None if entries is None else entries.get(value_text(key))
    if found is None:
        return default
    ctx.string(len(found))
    return found
