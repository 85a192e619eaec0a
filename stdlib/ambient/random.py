"""Randomness (reference section 7.12), all of it from `Services.random`: the host decides how good it is."""

from edgescript.builtins import Cost, Effect, Family, Int, Num
from edgescript.context import Context
from edgescript.faults import FaultCode, ScriptFault
from edgescript.types import number_text, to_number

random = Family("random", effect=Effect.AMBIENT)


@random.builtin(cost=Cost(20))
def rand(ctx: Context, n1: Int, n2: Int) -> int | float:
    """
    Return a random integer from n1 to n2, both included; n1 above n2 is error 499.

    rand(5, 5) => 5
    """
    if n1 > n2:
        raise ScriptFault(FaultCode.OTHER, f"rand: no integer from {number_text(n1)} to {number_text(n2)}")
    return to_number(ctx.services.random.randint(n1, n2))


@random.builtin(cost=Cost(8))
def rand_hit(ctx: Context, ratio: Num) -> bool:
    """
    Return true with a probability of `ratio` percent: never at 0, always at 100.

    rand_hit(0)   => false
    rand_hit(100) => true
    """
    return ctx.services.random.random() * 100 < ratio


@random.builtin(cost=Cost(200))
def randomseed(ctx: Context) -> None:
    """
    Seed the generator behind `rand` anew. Never needed; returns undef.

    type(randomseed()) => 'nil'
    """
    ctx.services.random.seed()


@random.builtin(
    cost=Cost(
        10,
        worst=lambda call: call.result >> 5,
        makes=lambda call: (
            max(wanted, 0) if isinstance(wanted := call.constant("len"), int) else call.limits.value_bytes
        ),
    )
)
def rand_bytes(ctx: Context, len_: Int) -> str:
    """
    Return `len` random bytes, any byte being as likely; show them with tohex. A negative `len` is error 499.

    len(rand_bytes(8)) => 8
    """
    if len_ < 0:
        raise ScriptFault(FaultCode.OTHER, f"rand_bytes: got length {number_text(len_)}, want 0 or more")
    ctx.string(len_)
    ctx.charge(len_ >> 5)
    return ctx.services.random.randbytes(len_).decode("latin-1")


@random.builtin(cost=Cost(20, makes=lambda _: 36))
def uuid(ctx: Context) -> str:
    """
    Return a random UUID (RFC 9562 version 4) in lower case.

    len(uuid()) => 36
    """
    data = bytearray(ctx.services.random.randbytes(16))
    data[6] = data[6] & 0x0F | 0x40
    data[8] = data[8] & 0x3F | 0x80
    text = data.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
