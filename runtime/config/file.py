"""`edge.toml` to a Config. Every problem is told at once, with its place in the file."""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

from edgescript.source import Source, Span
from runtime.config.places import Places
from runtime.config.problems import ConfigError, Problem
from runtime.config.scripts import beside
from runtime.config.settings import Config
from runtime.config.shape import misfits
from runtime.config.tables import Dictionaries

MAX_CONFIG_BYTES: Final = 32 << 20
"""Some hundred thousand sites."""
_TOML_PLACE: Final = re.compile(
    r"(?P<what>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)", re.DOTALL
)
"""How tomllib says where."""


def read_config(path: Path) -> Config:
    """The configuration in `path`, files named in it relative to it. Raises ConfigError, which names all that is wrong."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_CONFIG_BYTES + 1)
    except OSError as error:
        raise ConfigError([_whole((error.strerror or str(error)).lower())], str(path)) from None
    if len(data) > MAX_CONFIG_BYTES:
        raise ConfigError([_whole(f"longer than {MAX_CONFIG_BYTES} bytes")], str(path))
    return parse_config(data, path)


def parse_config(data: bytes, path: Path) -> Config:
    """The configuration in the text `data` of `path`. Raises ConfigError."""
    source = Source.from_bytes(str(path), data)
    keys = _read_toml(source)
    wrong = [*misfits(keys, Config)]
    if wrong:
        raise _placed(wrong, source)
    config = msgspec.convert(keys, Config)
    wrong = [*config.contradictions()]
    if wrong:
        raise _placed(wrong, source)
    return _seen_from(path.parent, config)


def _seen_from(folder: Path, config: Config) -> Config:
    """`config` with the files it names seen from `folder`."""

    def there(name: str) -> str:
        return str(folder / name) if name not in {"", "-"} else name

    def dictionaries(given: Dictionaries) -> Dictionaries:
        return {name: there(each) if isinstance(each, str) else each for name, each in given.items()}

    config.scripts = beside(folder, config.scripts)
    config.dictionaries = dictionaries(config.dictionaries)
    config.geo_databases = tuple(map(there, config.geo_databases))
    config.state_dir, config.access_log = there(config.state_dir), there(config.access_log)
    config.node_token_file, config.console_ca = there(config.node_token_file), there(config.console_ca)
    replaced = msgspec.structs.replace
    config.certificates = tuple(
        replaced(each, certificate=there(each.certificate), key=there(each.key))
        for each in config.certificates
    )
    config.upstreams = tuple(
        each if each.tls is None else replaced(each, tls=replaced(each.tls, ca_file=there(each.tls.ca_file)))
        for each in config.upstreams
    )
    config.sites = tuple(
        replaced(each, scripts=beside(folder, each.scripts), dictionaries=dictionaries(each.dictionaries))
        if each.scripts or each.dictionaries
        else each
        for each in config.sites
    )
    return config


def _read_toml(source: Source) -> dict[str, Any]:
    """The keys of `source`. Raises ConfigError, with the place where it is known."""
    try:
        return tomllib.loads(source.text.encode("latin-1").decode())
    except UnicodeDecodeError as error:
        problem = _whole(f"not UTF-8 at byte {error.start + 1}")
        raise ConfigError([problem], source.name) from None
    except RecursionError:
        raise ConfigError([_whole("nested too deeply")], source.name) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([_syntax_error(str(error), source)], source.name, source) from None
    except ValueError:  # Python's own bound on the digits of an integer
        raise ConfigError([_whole("a number is too long")], source.name) from None


def _syntax_error(text: str, source: Source) -> Problem:
    found = _TOML_PLACE.fullmatch(text)
    what, offset = text, None
    if found is not None:
        what = found["what"]
        offset = len(source.text)
        if found["line"] is not None:
            # Columns are characters; the source counts bytes.
            before = source.line(int(found["line"]))[: int(found["column"]) - 1]
            offset = source.line_starts[int(found["line"]) - 1] + len(before.encode())
    span = None if offset is None else Span(offset, offset)
    return Problem((), f"{what[:1].lower()}{what[1:]}", span=span)


def _placed(problems: Iterable[Problem], source: Source) -> ConfigError:
    """An error with the problems in the order of the file."""
    places = Places(source.text)
    found = [each._replace(span=places.find(each.path, of_key=each.of_key)) for each in problems]
    found.sort(key=lambda problem: problem.span or Span(0, 0))
    return ConfigError(found, source.name, source)


def located(error: ConfigError, path: Path) -> ConfigError:
    """`error` with the places of its keys in the file at `path`, where it can be read and has them."""
    try:
        source = Source.from_bytes(str(path), path.read_bytes())
    except OSError:
        return error
    return _placed(error.problems, source)


def _whole(message: str) -> Problem:
    return Problem((), message)
