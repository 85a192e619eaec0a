"""
What a person is told about a script: the one type all passes report with, and the collector they report to.

Texts live in `catalogue.py`, forms of output in `render.py`. A pass names a code, a place and the facts; it never
words a message itself.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, get_args

from edgescript.diagnostics.catalogue import CATALOGUE, NEAR, Severity
from edgescript.source import Span, as_utf8

MAX_PER_SEVERITY: Final = 100
"""What a person reads in one go; the rest is counted, not made, so that hostile text costs no memory."""
MAX_FACT: Final = 80
"""Characters of a script's own text that a message repeats."""
MAX_REASON: Final = 160
"""Characters of the fact `reason`, which has more words of ours than of the script."""


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that matters, and why."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. `compat` marks what the vendor's documented language would refuse."""

    code: str
    severity: Severity
    message: str
    span: Span
    help: str = ""
    related: Related | None = None


class Findings:
    """Collects the diagnostics of one script; at most `MAX_PER_SEVERITY` of each severity are kept."""

    def __init__(self) -> None:
        self._kept: list[Diagnostic] = []
        self._counts: dict[Severity, int] = dict.fromkeys(get_args(Severity), 0)

    def add(
        self,
        code: str,
        span: Span,
        related: Span | None = None,
        near: Callable[[], str] | None = None,
        **facts: str | int,
    ) -> None:
        """
        Report `code` at `span`. `facts` fill the message.

        `near` finds the name the author may have meant, or ''; it is asked only when the diagnostic is kept.
        """
        entry = CATALOGUE[code]
        self._counts[entry.severity] += 1
        if self._counts[entry.severity] > MAX_PER_SEVERITY:
            return
        texts = {
            name: shown(str(fact), MAX_REASON if name == "reason" else MAX_FACT)
            for name, fact in facts.items()
        }
        meant = "" if near is None else near()
        self._kept.append(
            Diagnostic(
                code,
                entry.severity,
                entry.message.format_map(texts),
                span,
                NEAR.format(near=shown(meant)) if meant else entry.help.format_map(texts),
                None if related is None else Related(related, entry.related.format_map(texts)),
            )
        )

    @property
    def error_count(self) -> int:
        """Errors so far, those not kept included."""
        return self._counts["error"]

    def skip_error(self) -> None:
        """Count an error nobody will read."""
        self._counts["error"] += 1

    def silence(self, is_silenced: Callable[[Diagnostic], bool]) -> None:
        """Take back what the script's comments ask not to be told. Errors stay."""
        kept = []
        for diagnostic in self._kept:
            if diagnostic.severity != "error" and is_silenced(diagnostic):
                self._counts[diagnostic.severity] -= 1
            else:
                kept.append(diagnostic)
        self._kept = kept

    @property
    def is_full(self) -> bool:
        """No further error would be kept."""
        return self._counts["error"] >= MAX_PER_SEVERITY

    def finish(self, end: int) -> tuple[Diagnostic, ...]:
        """All diagnostics in source order; where some were not kept, a last one at offset `end` says how many."""
        kept = sorted(self._kept, key=lambda diagnostic: diagnostic.span)
        for severity, count in self._counts.items():
            if count > MAX_PER_SEVERITY:
                entry = CATALOGUE[f"more-{severity}"]
                message = entry.message.format(count=count - MAX_PER_SEVERITY)
                kept.append(Diagnostic(entry.code, severity, message, Span(end, end), entry.help))
        return tuple(kept)


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    return any(diagnostic.severity == "error" for diagnostic in diagnostics)


def visible(diagnostics: Iterable[Diagnostic], *, compat: bool, hints: bool = True) -> list[Diagnostic]:
    """What to show: `compat` findings only where they are asked for, hints unless they are not."""
    hidden = {"compat"} if not compat else set()
    if not hints:
        hidden.add("hint")
    return [diagnostic for diagnostic in diagnostics if diagnostic.severity not in hidden]


def shown(text: str, most: int = MAX_FACT) -> str:
    """Script text fit for a message: read as UTF-8, control characters escaped, cut at `most` characters."""
    clipped = as_utf8(text[: 4 * most + 4]) if not text.isascii() else text[: most + 1]
    if len(clipped) > most:
        clipped = clipped[: most - 1] + "…"
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in clipped)
