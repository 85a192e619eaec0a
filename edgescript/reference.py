"""
The reference of the language as one document: every function, variable, diagnostic and error code, from declarations.

`sections` gathers; `as_markdown` and `as_html` render the same sections. The document depends on nothing but what is
declared, so it is made when it is wanted and never checked in.
"""

import html
import re
import textwrap
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from edgescript.builtins import Builtin, Param, Registry, Variable
from edgescript.diagnostics.catalogue import CATALOGUE
from edgescript.faults import PAGES

TITLE: Final = "EdgeScript reference"


class Entry(NamedTuple):
    """One page: `facts` are short, `rows` are (name, what it takes), `code` has lines of script."""

    anchor: str
    heading: str
    facts: tuple[str, ...]
    rows: tuple[tuple[str, str], ...]
    text: str
    code: str


class Section(NamedTuple):
    """Entries of a family."""

    title: str
    entries: tuple[Entry, ...]


def variable_name(variable: Variable) -> str:
    """As scripts write it; `$arg_NAME` for a family of variables."""
    return f"${variable.name}{'NAME' if variable.prefixed else ''}"


def facts_of(member: Builtin) -> list[str]:
    """Family, effect, and what else sets it apart."""
    facts = [member.family, f"effect: {member.effect.name.lower()}"]
    if member.stages != ("head", "foot"):
        facts.append(f"meant for {' and '.join(member.stages)}")
    if member.awaits_response:
        facts.append("waits for the response's head")
    if member.extension:
        facts.append("extension")
    return facts


def kind_of(param: Param) -> str:
    """What a parameter takes, in words."""
    if param.variadic:
        return f"{param.kind.label}, any number"
    return f"{param.kind.label}, optional" if param.optional else param.kind.label


def examples_of(member: Builtin) -> list[str]:
    """Each example as `call => result`; of a call that ends the request, that it does."""
    return [
        f"{example.call} => {'(the request ends)' if _ends(member, example.call) else example.result}"
        for example in member.examples
    ]


def _ends(member: Builtin, call: str) -> bool:
    """Whether an example ends the request: it has, as a literal, a word for each parameter that decides."""
    return member.ends_when is not None and all(
        any(f"'{word}'" in call for word in words) for words in member.ends_when.values()
    )


def sections(registry: Registry) -> list[Section]:
    """Functions by family in the order of declaration, then variables, diagnostics and error codes."""
    families: dict[str, list[Entry]] = {}
    for member in registry.functions.values():
        families.setdefault(member.family, []).append(_function(member))
    variables = [*registry.variables.values(), *registry.prefixes.values()]
    return [
        *(Section(family, tuple(entries)) for family, entries in families.items()),
        Section("variables", tuple(_variable(each) for each in variables)),
        Section("diagnostics", tuple(_diagnostics())),
        Section("error codes", tuple(_faults())),
    ]


def _function(member: Builtin) -> Entry:
    return Entry(
        f"f-{member.name}",
        member.signature,
        tuple(facts_of(member)[1:]),
        tuple((param.name, kind_of(param)) for param in member.params),
        member.text,
        "\n".join(examples_of(member)),
    )


def _variable(variable: Variable) -> Entry:
    return Entry(f"v-{variable.name}", variable_name(variable), (), (), variable.text, "")


def _diagnostics() -> Iterator[Entry]:
    for code, page in CATALOGUE.items():
        text = f"{page.summary.capitalize()}.\n\n{page.why}"
        yield Entry(f"d-{code}", code, (page.severity,), (), text, page.example)


def _faults() -> Iterator[Entry]:
    for code, page in PAGES.items():
        heading = f"{int(code)}: {page.summary}"
        yield Entry(f"e-{int(code)}", heading, (), (), page.advice, page.example)


def as_markdown(registry: Registry) -> str:
    """The document in CommonMark with tables."""
    return "\n".join([f"# {TITLE}", *(_section_markdown(each) for each in sections(registry))])


def _section_markdown(section: Section) -> str:
    return "\n".join([f"\n## {section.title.capitalize()}", *map(_entry_markdown, section.entries)])


def _entry_markdown(entry: Entry) -> str:
    parts = [f"### `{entry.heading}`"]
    if entry.facts:
        parts.append(f"*{'; '.join(entry.facts)}*")
    if entry.rows:
        rows = [f"| `{name}` | {kind} |" for name, kind in entry.rows]
        parts.append("\n".join(["| argument | takes |", "| --- | --- |", *rows]))
    if entry.text:
        parts.append(entry.text)
    if entry.code:
        parts.append(f"```\n{entry.code.strip()}\n```")
    return "\n" + "\n\n".join(parts)


def as_html(registry: Registry) -> str:
    """The document as one HTML file that asks nothing of any other place."""
    found = sections(registry)
    contents = "".join(
        f"<details><summary>{html.escape(section.title)}</summary><ul>"
        + "".join(f'<li><a href="#{entry.anchor}">{_bare(entry)}</a></li>' for entry in section.entries)
        + "</ul></details>"
        for section in found
    )
    body = "".join(
        f'<section><h2 id="{_slug(section.title)}">{html.escape(section.title.capitalize())}</h2>'
        + "".join(map(_entry_html, section.entries))
        + "</section>"
        for section in found
    )
    return _PAGE.format(title=TITLE, contents=contents, body=body)


def _slug(title: str) -> str:
    return title.replace(" ", "-")


def _bare(entry: Entry) -> str:
    """The entry's name alone."""
    return html.escape(entry.heading.partition("(")[0])


def _entry_html(entry: Entry) -> str:
    facts = f"<p class=facts>{html.escape('; '.join(entry.facts))}</p>" if entry.facts else ""
    rows = "".join(
        f"<tr><td><code>{html.escape(name)}</code></td><td>{html.escape(kind)}</td></tr>"
        for name, kind in entry.rows
    )
    table = f"<table>{rows}</table>" if rows else ""
    code = f"<pre><code>{html.escape(entry.code.strip())}</code></pre>" if entry.code else ""
    heading = f'<h3 id="{entry.anchor}"><a href="#{entry.anchor}">{html.escape(entry.heading)}</a></h3>'
    return f"<article>{heading}{facts}{table}{''.join(_prose_html(entry.text))}{code}</article>"


def _prose_html(text: str) -> Iterable[str]:
    """Paragraphs; what is indented or a table stays as it is laid out."""
    for part in text.split("\n\n"):
        if not part.strip():
            continue
        if any(line.startswith((" ", "|")) for line in part.splitlines()):
            yield f"<pre>{html.escape(textwrap.dedent(part))}</pre>"
        else:
            yield f"<p>{_CODE.sub(_AS_CODE, html.escape(part))}</p>"


_CODE: Final = re.compile("`([^`]+)`")
_AS_CODE: Final = r"<code>\1</code>"
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent);
  --soft: color-mix(in srgb, currentColor 7%, transparent); }}
body {{ margin: 0; font: 16px/1.55 system-ui, sans-serif; display: grid; grid-template-columns: 16rem minmax(0, 1fr); }}
nav {{ position: sticky; top: 0; align-self: start; max-height: 100vh; overflow: auto; box-sizing: border-box;
  padding: 1.25rem; border-right: 1px solid var(--line); }}
nav h1 {{ font-size: 1.1rem; margin: 0 0 .75rem; }}
nav summary {{ cursor: pointer; padding: .15rem 0; }}
nav summary::first-letter {{ text-transform: uppercase; }}
nav ul {{ list-style: none; margin: .1rem 0 .5rem; padding-left: 1rem; font-size: .9rem; overflow-wrap: anywhere; }}
main {{ padding: 1.25rem 2rem 4rem; max-width: 52rem; }}
a {{ color: inherit; }} nav a, h3 a {{ text-decoration: none; }} a:hover {{ text-decoration: underline; }}
h2 {{ border-bottom: 1px solid var(--line); padding-bottom: .25rem; }}
h3 {{ font: 600 1.05rem/1.4 ui-monospace, monospace; margin: 2rem 0 .25rem; overflow-wrap: anywhere; }}
.facts {{ opacity: .7; margin: 0 0 .5rem; font-size: .9rem; }}
table {{ border-collapse: collapse; margin: .5rem 0; }} td {{ border: 1px solid var(--line); padding: .2rem .6rem; }}
code {{ font-family: ui-monospace, monospace; font-size: .92em; }}
pre {{ background: var(--soft); padding: .6rem .8rem; overflow: auto; border-radius: 4px; }}
@media (max-width: 48rem) {{ body {{ display: block; }} nav {{ position: static; max-height: none; border-right: 0;
  border-bottom: 1px solid var(--line); }} main {{ padding: 1rem; }} }}
</style>
</head>
<body>
<nav><h1>{title}</h1>{contents}</nav>
<main>{body}</main>
</body>
</html>
"""
