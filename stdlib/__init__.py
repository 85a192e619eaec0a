"""The builtin functions and variables, each declared once. See DESIGN.md."""

from functools import cache
from typing import Final

from edgescript.builtins import Family, Registry
from stdlib.ambient.clock import clock
from stdlib.ambient.edge_dictionaries import edge_dictionaries
from stdlib.ambient.random import random
from stdlib.ambient.tokens import tokens
from stdlib.pure.addresses import addresses
from stdlib.pure.arrays import arrays
from stdlib.pure.ciphers import ciphers
from stdlib.pure.codecs import codecs
from stdlib.pure.conditions import conditions
from stdlib.pure.dictionaries import dictionaries
from stdlib.pure.digests import digests
from stdlib.pure.formats import formats
from stdlib.pure.integrity import integrity
from stdlib.pure.jsons import jsons
from stdlib.pure.numbers import numbers
from stdlib.pure.patterns import patterns
from stdlib.pure.strings import strings
from stdlib.pure.times import times
from stdlib.request.cache import cache as cache_family
from stdlib.request.experiments import experiments
from stdlib.request.geo import geo
from stdlib.request.headers import headers
from stdlib.request.inspect import inspect
from stdlib.request.limits import limits
from stdlib.request.metrics import metrics
from stdlib.request.origin import origin
from stdlib.request.respond import respond
from stdlib.request.rewrite import rewrites
from stdlib.request.throttle import throttle
from stdlib.variables import variables

FAMILIES: Final[tuple[Family, ...]] = (
    conditions,
    numbers,
    strings,
    formats,
    patterns,
    dictionaries,
    arrays,
    codecs,
    digests,
    ciphers,
    jsons,
    times,
    clock,
    random,
    inspect,
    geo,
    headers,
    rewrites,
    respond,
    cache_family,
    throttle,
    limits,
    origin,
    metrics,
    experiments,
    edge_dictionaries,
    addresses,
    tokens,
    integrity,
)
"""In the order the reference pages list them."""


@cache
def registry() -> Registry:
    """Every builtin and variable, built once."""
    return Registry(FAMILIES, variables)
