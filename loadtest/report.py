"""What a benchmark says: the same facts as a table of 80 columns, as Markdown and as JSON."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Final

from loadtest.cases import Case
from loadtest.stats import BUSY, Comparison, Sample, Summary, compare, summarise
from loadtest.tables import Table

_WIDTH: Final = 80
_NAMES: Final = 28


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


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds from a server's start to its first answer, and the memory of all its processes then."""

    first_answer_s: float
    memory_mib: float


@dataclass(slots=True)
class CaseResult:
    """
    The samples of a case, one a round, by entrant: a server's name, with the label of its mode if that has one.

    `cannot` says why a server has none; `aborted` why nobody has; `notes` what a reader of the figures should know.
    """

    case: Case
    samples: dict[str, list[Sample]] = field(default_factory=dict)
    starts: dict[str, Start] = field(default_factory=dict)
    cannot: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    aborted: str | None = None

    @property
    def is_good(self) -> bool:
        """Measured, and every answer was right."""
        return self.aborted is None and not any(
            one.errors for samples in self.samples.values() for one in samples
        )

    def ratios(self, ours: str) -> Iterator[tuple[str, Comparison]]:
        """`ours` against each other server in the same mode; then each server against itself in the first mode."""
        samples = self.samples
        _, *others = self.case.modes
        labelled = tuple(f", {mode.label}" for mode in others)
        servers = [name for name in samples if not name.endswith(labelled)]
        for mode in self.case.modes if ours in servers else ():
            mine = samples[mode.entrant(ours)]
            for server in servers:
                if server != ours:
                    yield mode.entrant(f"{ours} / {server}"), compare(mine, samples[mode.entrant(server)])
        for server in servers:
            for mode in others:
                entrant = mode.entrant(server)
                yield f"{entrant} / {server}", compare(samples[entrant], samples[server])


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
    lines = [
        "",
        head,
        "-" * _WIDTH,
        f"{'':<{_NAMES}}" + "".join(f"{one.heading:>{one.width}}" for one in COLUMNS),
    ]
    if result.aborted:
        return "\n".join([*lines[:3], *(f"ABORTED  {line}" for line in result.aborted.splitlines())])
    for name, samples in result.samples.items():
        summary = summarise(samples)
        lines.append(f"{name:<{_NAMES}}" + "".join(f"{one.cell(summary):>{one.width}}" for one in COLUMNS))
    lines += [f"{name:<{_NAMES}}NOT MEASURED  {reason}" for name, reason in result.cannot.items()]
    for title, ratio in result.ratios(ours):
        lines.append(f"{title}: {_rounds(ratio)}, median {ratio.rate:.2f}; by CPU {ratio.cpu:.2f}")
    for name, start in result.starts.items():
        lines.append(
            f"{name}: first answer {start.first_answer_s:.1f} s after its start, {start.memory_mib:.0f} MiB"
        )
    lines += _notes(result)
    return "\n".join(lines)


def _rounds(ratio: Comparison) -> str:
    return " ".join(f"{one:.2f}" for one in ratio.by_rate)


def _notes(result: CaseResult) -> list[str]:
    held = [name for name, samples in result.samples.items() if summarise(samples).was_held_back]
    if not held:
        return result.notes
    said = f"less than {BUSY:.0%} of a core, so not at its limit: {', '.join(held)}; compare by CPU"
    return [said, *result.notes]


METHOD: Final = """\
1. Each server has one worker pinned to core {cores[0]}; wrk ({connections} connections kept alive, one thread) and the
   origin (nginx) are on core {cores[1]}. 16 URLs are asked for in turn; the body is 1 KiB unless a case says otherwise.
   With two workers (HAProxy: threads; Varnish: thread pools) a server may use both cores, and shares the second one with
   wrk and the origin: it cannot become twice as fast.
2. All servers have to give the same status, body and headers for a case, or it is not measured; during a cached or
   refused case the origin must hear nothing, during a miss every request.
3. {rounds} rounds, the servers in turn in each; a measurement is {seconds} s. Before the first one a server has
   {warm_up} s of the same load.
4. Figures are medians over the rounds; a ratio is taken within a round, its median quoted. Above 1 the first is faster.
5. `CPU µs/req` is processor time of all the server's processes per request by the kernel's account (ms per 1,000
   requests), our supervisor and the program that writes Varnish's log among them: other work on the machine disturbs it
   less than requests per second. `core` is that time as a share of one core.
6. Access logs go to files on tmpfs, each in its server's usual form: our node's is JSON with the request's id, trace and
   scripts, nginx's `combined` in a buffer of 64 KiB, HAProxy's `httplog` on its standard output, Varnish's by varnishncsa."""
"""Of RESULTS.md."""

_SCRIPTED: Final = {"2": "signed-URL check", "5": "limit by address"}
"""Cases that are case 1 with a script."""


def added(results: Sequence[CaseResult]) -> Table | None:
    """What scripts add to a cached hit, in every server; None where the cases are missing."""
    by_number = {one.case.number: one for one in results}
    columns = [number for number in _SCRIPTED if number in by_number]
    plain = by_number.get("1")
    if plain is None or not plain.samples or not columns:
        return None
    rows = tuple(
        (name, *(_difference(by_number[number].samples.get(name), samples) for number in columns))
        for name, samples in plain.samples.items()
    )
    headings = ("server", *(f"{_SCRIPTED[number]}, µs" for number in columns))
    note = "The difference of `CPU µs/req` between cases 2 and 1, and 5 and 1: a few tenths are noise."
    return Table("Added latency: what a script adds to a cached hit", headings, rows, (note,))


def _difference(with_script: Sequence[Sample] | None, without: Sequence[Sample]) -> str:
    if not with_script:
        return "-"
    return f"{summarise(with_script).cpu_us_per_request - summarise(without).cpu_us_per_request:+.1f}"


def markdown(setting: Setting, results: Sequence[CaseResult], tables: Sequence[Table], ours: str) -> str:
    """The whole of RESULTS.md."""
    shown = [one for one in (added(results), *tables) if one is not None]
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
    for table in shown:
        lines += table.markdown()
    return "\n".join(lines) + "\n"


def _markdown_case(result: CaseResult, ours: str) -> Iterator[str]:
    yield from ("", f"## {_heading(result.case)}", "")
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
        for title, ratio in ratios:
            yield f"| {title} | {_rounds(ratio)} | **{ratio.rate:.2f}** | {ratio.cpu:.2f} |"
    if result.starts:
        yield from ("", "| start | first answer after s | memory MiB |", "| --- | ---: | ---: |")
        for name, start in result.starts.items():
            yield f"| {name} | {start.first_answer_s:.1f} | {start.memory_mib:.0f} |"
    for note in _notes(result):
        yield from ("", note[0].upper() + note[1:] + ".")


def _heading(case: Case) -> str:
    return f"{case.number}. {case.title}" if case.number.isdigit() else case.title[0].upper() + case.title[1:]


def as_json(setting: Setting, results: Sequence[CaseResult], tables: Sequence[Table], ours: str) -> str:
    """Every sample and the medians, for programs."""
    cases = [_json_case(one, ours) for one in results]
    return json.dumps(
        {"setting": asdict(setting), "cases": cases, "tables": [asdict(one) for one in tables]}, indent=2
    )


def _json_case(result: CaseResult, ours: str) -> dict[str, object]:
    return {
        "number": result.case.number,
        "title": result.case.title,
        "aborted": result.aborted,
        "cannot": result.cannot,
        "notes": result.notes,
        "starts": {name: asdict(start) for name, start in result.starts.items()},
        "servers": {
            name: {"median": asdict(summarise(samples)), "samples": [asdict(one) for one in samples]}
            for name, samples in result.samples.items()
        },
        "ratios": {
            name: {"by_rate": ratio.by_rate, "median": ratio.rate, "by_cpu": ratio.cpu}
            for name, ratio in result.ratios(ours)
        },
    }
