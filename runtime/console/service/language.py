"""What an editor asks of the language: everything a script may name, and what is wrong with a text."""

from collections.abc import Mapping
from typing import Any

from edgescript.builtins import Builtin, Registry, Variable
from edgescript.parsing.grammar import vocabulary
from edgescript.reference import examples_of, facts_of, kind_of, variable_name
from runtime.console.model.access import Actor
from runtime.console.model.names import MAX_SOURCE_BYTES, is_name, script_text
from runtime.console.model.rules import read_rule
from runtime.console.service.answers import Diagnostics, FunctionEntry, LanguageEntry, LanguageListing
from runtime.console.service.jobs import Work


class Language:
    """Operations on no domain: everybody who is somebody may ask."""

    def __init__(self, registry: Registry, work: Work) -> None:
        self._registry = registry
        self._work = work
        self._listing: LanguageListing | None = None

    def listing(self, who: Actor) -> LanguageListing:
        """Functions, variables and keywords, for completion and hover; made once."""
        del who
        if self._listing is None:
            registry = self._registry
            words, _ = vocabulary()
            variables = (*registry.variables.values(), *registry.prefixes.values())
            self._listing = LanguageListing(
                functions=tuple(_function(each) for each in registry.functions.values()),
                variables=tuple(_variable(each) for each in variables),
                keywords=tuple(sorted(word for word in words if word.isalpha())),
            )
        return self._listing

    def check(
        self, who: Actor, source: str, rule: Mapping[str, Any] | None = None, name: str = "draft"
    ) -> Diagnostics:
        """Every finding in `source`, as `edgescript check --json` has them. Raises Refused for settings that are wrong."""
        del who
        script_text(source, "source", MAX_SOURCE_BYTES)
        read_rule(rule or {})
        return self._work.findings(name if is_name(name) else "draft", source)


def _function(member: Builtin) -> FunctionEntry:
    rows = [f"| `{param.name}` | {kind_of(param)} |" for param in member.params]
    table = ["| argument | takes |", "| --- | --- |", *rows] if rows else []
    examples = [f"    {line}" for line in examples_of(member)]
    parts = [
        f"*{'; '.join(facts_of(member))}*",
        member.text,
        "\n".join(table),
        "\n".join(examples),
    ]
    return FunctionEntry(
        name=member.name,
        summary=_summary(member.text),
        page="\n\n".join(part for part in parts if part),
        signature=member.signature,
        family=member.family,
        extension=member.extension,
        stages=tuple(member.stages),
    )


def _variable(variable: Variable) -> LanguageEntry:
    return LanguageEntry(name=variable_name(variable), summary=_summary(variable.text), page=variable.text)


def _summary(text: str) -> str:
    """The first sentence, on one line."""
    return " ".join(text.split("\n\n", 1)[0].split())
