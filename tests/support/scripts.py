"""Scripts as a node has them, from their text."""

from edgescript.cli.loading import load
from runtime.scripts.rule import Rule


def installed(folder, text, **settings):
    """One InstalledScript of `text`, kept in `folder`; `settings` are those of a Rule. Fails on an error diagnostic."""
    path = folder / f"{settings.get('name', 'a')}.es"
    path.write_text(text, encoding="utf-8")
    loaded = load([Rule(str(path), **settings)])
    assert not loaded.has_errors, [str(each) for _, found in loaded.reports for each in found]
    return loaded.scripts[0]
