"""What a benchmark says: the same facts as a table of 80 columns, as Markdown and as JSON."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Final

from loadtest.cases import Case
from loadtest.stats import BUSY, Comparison, Sample, Summary, compare, summarise

_WIDTH: Final = 80


@dataclass(frozen=True, slots=True)
class Setting:
    """What every figure of a run depends on. `versions` is program to version, `absent` server to reason."""

    date: str
    machine: str
    load_average: str
    versions: Mapping[str, str]
    absent: Mapping[str, str]
    rounds: int
    seconds: int
    warm_up: int
    connections: int
    cores: tuple[int, int]


@dataclass(slots=True)
class CaseResult:
    """The samples of a case, one a round, by server; `cannot` says why a server has none; `aborted` why nobody has."""

    case: Case
    samples: dict[str, list[Sample]] = field(default_factory=dict)
    cannot: dict[str, str] = field(default_factory=dict)
    aborted: str | None = None

    def ratios(self, ours: str) -> Iterator[tuple[str, Comparison]]:
        """`ours` against each other server."""
        if ours in self.samples:
            for name, theirs in self.samples.items():
                if name != ours:
                    yield name, compare(self.samples[ours], theirs)


@dataclass(frozen=True, slots=True)
class Column:
    """One figure of a server in a case: its heading, its width and how it is written."""

    heading: str
    width: int
    text: str

    def cell(self, summary: Summary) -> str:
        return self.text.format(s=summary, p50_ms=summary.p50_us / 1000, p99_ms=summary.p99_us / 1000)


COLUMNS: Final = (
    Column("req/s", 9, "{s.rate:,.0f}"),
    Column("p50 ms", 8, "{p50_ms:.2f}"),
    Column("p99 ms", 8, "{p99_ms:.2f}"),
    Column("CPU µs/req", 12, "{s.cpu_us_per_request:.1f}"),
    Column("core", 7, "{s.busy:.0%}"),
    Column("errors", 8, "{s.errors}"),
)


def terminal_head(setting: Setting) -> str:
    """What was run, and loudly what was not."""
    lines = [f"{setting.machine}; load average {setting.load_average}"]
    lines += [f"{name} {version}" for name, version in setting.versions.items()]
    lines += [f"NOT MEASURED  {name}: {reason}" for name, reason in setting.absent.items()]
    return "\n".join(lines)


def terminal_case(result: CaseResult, ours: str) -> str:
    """A case as a block of lines, none wider than 80 columns where the names allow it."""
    head = f"{result.case.number}  {result.case.title}"
    lines = ["", head, "-" * _WIDTH, f"{'':<20}" + "".join(f"{one.heading:>{one.width}}" for one in COLUMNS)]
    if result.aborted:
        return "\n".join([*lines[:3], *(f"ABORTED  {line}" for line in result.aborted.splitlines())])
    for name, samples in result.samples.items():
        summary = summarise(samples)
        lines.append(f"{name:<20}" + "".join(f"{one.cell(summary):>{one.width}}" for one in COLUMNS))
    lines += [f"{name:<20}NOT MEASURED  {reason}" for name, reason in result.cannot.items()]
    for name, ratio in result.ratios(ours):
        lines.append(f"{ours} / {name}: {_rounds(ratio)}, median {ratio.rate:.2f}; by CPU {ratio.cpu:.2f}")
    lines += _notes(result)
    return "\n".join(lines)


def _rounds(ratio: Comparison) -> str:
    return " ".join(f"{one:.2f}" for one in ratio.by_rate)


def _notes(result: CaseResult) -> list[str]:
    held = [name for name, samples in result.samples.items() if summarise(samples).was_held_back]
    if not held:
        return []
    return [f"less than {BUSY:.0%} of a core, so not at its limit: {', '.join(held)}; compare by CPU"]


METHOD: Final = """\
1. Each server has one worker pinned to core {cores[0]}; wrk ({connections} connections kept alive, one thread) and the
   origin (nginx) are on core {cores[1]}. 16 URLs are asked for in turn; the body is 1 KiB.
2. All servers have to give the same status, body and headers for a case, or it is not measured; during a cached or
   refused case the origin must hear nothing, during a miss every request.
3. {rounds} rounds, the servers in turn in each; a measurement is {seconds} s after {warm_up} s of the same load.
4. Figures are medians over the rounds; a ratio is taken within a round, its median quoted. Above 1 the node is faster.
5. `CPU µs/req` is processor time of all the server's processes per request by the kernel's account (ms per 1,000
   requests): other work on the machine disturbs it less than requests per second. `core` is the share of its core the
   server had."""


def markdown(setting: Setting, results: Sequence[CaseResult], ours: str) -> str:
    """The whole of RESULTS.md."""
    lines = [
        "# Results of `make bench`",
        "",
        f"Written by the program on {setting.date}, load average {setting.load_average} at the start.",
        "",
        f"- {setting.machine}",
        *(f"- {name} {version}" for name, version in setting.versions.items()),
        *(f"- **not measured**: {name}: {reason}" for name, reason in setting.absent.items()),
        "",
        "## Method",
        "",
        METHOD.format_map(asdict(setting)),
    ]
    for result in results:
        lines += _markdown_case(result, ours)
    return "\n".join(lines) + "\n"


def _markdown_case(result: CaseResult, ours: str) -> Iterator[str]:
    yield from ("", f"## {result.case.number}. {result.case.title}", "")
    if result.aborted:
        yield from ("**Aborted:**", "", "```", result.aborted, "```")
        return
    yield "| server | " + " | ".join(one.heading for one in COLUMNS) + " |"
    yield "| --- |" + " ---: |" * len(COLUMNS)
    for name, samples in result.samples.items():
        summary = summarise(samples)
        yield f"| {name} | " + " | ".join(one.cell(summary) for one in COLUMNS) + " |"
    for name, reason in result.cannot.items():
        yield f"| {name} | not measured: {reason} |" + " |" * (len(COLUMNS) - 1)
    ratios = list(result.ratios(ours))
    if ratios:
        yield from ("", "| ratio | each round | median | by CPU |", "| --- | --- | ---: | ---: |")
        for name, ratio in ratios:
            yield f"| {ours} / {name} | {_rounds(ratio)} | **{ratio.rate:.2f}** | {ratio.cpu:.2f} |"
    for note in _notes(result):
        yield from ("", note[0].upper() + note[1:] + ".")


def as_json(setting: Setting, results: Sequence[CaseResult], ours: str) -> str:
    """Every sample and the medians, for programs."""
    return json.dumps(
        {"setting": asdict(setting), "cases": [_json_case(one, ours) for one in results]}, indent=2
    )


def _json_case(result: CaseResult, ours: str) -> dict[str, object]:
    return {
        "number": result.case.number,
        "title": result.case.title,
        "aborted": result.aborted,
        "cannot": result.cannot,
        "servers": {
            name: {"median": asdict(summarise(samples)), "samples": [asdict(one) for one in samples]}
            for name, samples in result.samples.items()
        },
        "ratios": {
            name: {"by_rate": ratio.by_rate, "median": ratio.rate, "by_cpu": ratio.cpu}
            for name, ratio in result.ratios(ours)
        },
    }
