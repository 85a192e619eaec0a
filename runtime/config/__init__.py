"""A node's configuration: declared once in `settings`, read from `edge.toml` by `file`, every problem told at once."""

from runtime.config.file import read_config
from runtime.config.formats import parse_origin
from runtime.config.problems import ConfigError, Problem
from runtime.config.settings import Config

__all__ = ["Config", "ConfigError", "Problem", "parse_origin", "read_config"]
