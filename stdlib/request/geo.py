"""
Where addresses are (reference section 7.13), in the codes of section 13. Unknown is false.

The host's `Services.geo` knows; addresses are handed to it as they are, IPv6 and text that is no address included.
"""

from typing import Literal

from edgescript.builtins import Cost, Effect, Family, Str
from edgescript.context import Context
from edgescript.reads import Part
from edgescript.services import GeoRecord

geo = Family("geo", effect=Effect.AMBIENT)

_UNKNOWN = GeoRecord()
_LOOKUP = Cost(40, makes=lambda call: call.inputs.word_bytes)


def _record(ctx: Context, address: str) -> GeoRecord:
    found = ctx.services.geo.lookup(address) or _UNKNOWN
    ctx.look_at_clock()  # a new address takes a node far longer than one it remembers
    return found


@geo.builtin(cost=_LOOKUP, reads=(Part.CLIENT_ADDR,))
def client_country(ctx: Context) -> str | Literal[False]:
    """
    Return the client's country code, or false when it is unknown, as all are where there is no database of addresses.

    client_country() => 'CN'
    """
    return _record(ctx, ctx.request.client_addr).country or False


@geo.builtin(cost=_LOOKUP, reads=(Part.CLIENT_ADDR,))
def client_region(ctx: Context) -> str | Literal[False]:
    """
    Return the client's region code, or false when it is unknown. `edgescript doc --codes region` lists China's.

    client_region() => '330000'
    """
    return _record(ctx, ctx.request.client_addr).region or False


@geo.builtin(cost=_LOOKUP, reads=(Part.CLIENT_ADDR,))
def client_city(ctx: Context) -> str | Literal[False]:
    """
    Return the client's city code, or false when it is unknown. `edgescript doc --codes city` lists them.

    client_city() => '330100'
    """
    return _record(ctx, ctx.request.client_addr).city or False


@geo.builtin(cost=_LOOKUP, reads=(Part.CLIENT_ADDR,))
def client_isp(ctx: Context) -> str | Literal[False]:
    """
    Return the code of the client's carrier, or false when it is unknown. `edgescript doc --codes isp` lists them.

    client_isp() => '100017'
    """
    return _record(ctx, ctx.request.client_addr).isp or False


@geo.builtin(cost=_LOOKUP, reads=())
def ip_country(ctx: Context, ip: Str) -> str | Literal[False]:
    """
    Return the country code of an address, IPv4 or IPv6, or false when it is unknown or no address.

    ip_country('192.0.2.7') => 'CN'
    ip_country('nowhere')   => false
    """
    return _record(ctx, ip).country or False


@geo.builtin(cost=_LOOKUP, reads=())
def ip_region(ctx: Context, ip: Str) -> str | Literal[False]:
    """
    Return the region code of an address, or false when it is unknown.

    ip_region('192.0.2.7') => '330000'
    """
    return _record(ctx, ip).region or False


@geo.builtin(cost=_LOOKUP, reads=())
def ip_city(ctx: Context, ip: Str) -> str | Literal[False]:
    """
    Return the city code of an address, or false when it is unknown.

    ip_city('192.0.2.7') => '330100'
    """
    return _record(ctx, ip).city or False


@geo.builtin(cost=_LOOKUP, reads=())
def ip_isp(ctx: Context, ip: Str) -> str | Literal[False]:
    """
    Return the code of an address's carrier, or false when it is unknown.

    ip_isp('192.0.2.7') => '100017'
    """
    return _record(ctx, ip).isp or False
