"""
The dashboards, made of tables: a row is a panel with its question.

    python deploy/monitoring/dashboards.py     # writes node.json, console.json and the rules as an object of Kubernetes

Grafana imports the JSON and asks for the data source. What is written is in the repository, so that nobody needs Python to use it.
"""

import json
from pathlib import Path
from typing import Any, Final, NamedTuple

HERE: Final = Path(__file__).parent
RULES: Final = HERE.parent / "kubernetes" / "components" / "monitoring" / "rules.yaml"
WIDTH: Final = 24
"""Of Grafana's grid."""
HEIGHT: Final = 7
STAT_HEIGHT: Final = 4
SOURCE: Final = {"type": "prometheus", "uid": "${source}"}


class Panel(NamedTuple):
    """`legend` is of the series; `kind` Grafana's, `width` in columns of its grid."""

    title: str
    text: str
    unit: str
    query: str
    legend: str = ""
    width: int = 8
    kind: str = "timeseries"


def stat(title: str, text: str, unit: str, query: str, width: int = 4) -> Panel:
    """One number, the newest."""
    return Panel(title, text, unit, query, "", width, "stat")


def node(name: str, labels: str = "") -> str:
    """A figure of the nodes that are chosen."""
    return f'edgescript_{name}{{job="edgescript-edge",instance=~"$instance"{"," if labels else ""}{labels}}}'


def console(name: str, labels: str = "") -> str:
    """A figure of the consoles."""
    return f'console_{name}{{job="edgescript-console"{"," if labels else ""}{labels}}}'


def rate(figure: str, by: str = "") -> str:
    """What a counter rises by in a second, added up."""
    return f"sum{f' by ({by})' if by else ''} (rate({figure}[$__rate_interval]))"


def share(part: str, whole: str, by: str = "") -> str:
    """Of one counter's rise in another's."""
    return f"{rate(part, by)} / {rate(whole, by)}"


def quantile(share_below: float, figure: str) -> str:
    return f"histogram_quantile({share_below}, {rate(figure, 'le, instance')})"


def nodes_in(state: str) -> str:
    """Consoles tell the same of all nodes, so the highest is taken, not the sum."""
    figure = console("nodes", f'state="{state}"')
    return f"sum(max by (environment) ({figure}))"


ANSWERS: Final = node("requests_total")
RUNS: Final = node("script_runs_total", 'state!="NonExecution"')
RAISED: Final = node("script_runs_total", 'state="Exception"')
KEPT: Final = node("requests_total", 'cache=~"HIT|STALE|REVALIDATED"')
FAILED: Final = node("requests_total", 'status="5xx"')
UP: Final = 'sum(up{job="edgescript-edge",instance=~"$instance"})'
CHANGES: Final = console("requests_total", 'method!="GET",status=~"2..",route!~"/api/v1/nodes/.*"')
EACH: Final = "{{instance}}"

NODE: Final = {
    "Now": (
        stat("Nodes that answer", "Of those asked.", "short", UP),
        stat("Requests", "Answers a second.", "reqps", rate(ANSWERS)),
        stat("From the cache", "Share of the answers.", "percentunit", share(KEPT, ANSWERS)),
        stat("5xx", "Share of the answers.", "percentunit", share(FAILED, ANSWERS)),
        stat("Follow the console", "Nodes that reach it.", "short", f"sum({node('console_reachable')})"),
        stat(
            "Trouble",
            "What keeps nodes from their full service.",
            "short",
            f"sum({node('trouble')}) or vector(0)",
        ),
    ),
    "Requests": (
        Panel("By status", "Answers a second.", "reqps", rate(ANSWERS, "status"), "{{status}}"),
        Panel("By cache", "X-Cache of the answers.", "reqps", rate(ANSWERS, "cache"), "{{cache}}"),
        Panel(
            "Refused",
            "Not accepted by the node itself.",
            "reqps",
            rate(node("refused_total"), "status"),
            "{{status}}",
        ),
        Panel("Sent", "Bytes of answers.", "Bps", rate(node("sent_bytes_total"), "instance"), EACH),
        Panel("Connections", "Clients connected.", "short", node("connections"), EACH),
        Panel(
            "Answers that waited",
            "99 of 100 of them took less.",
            "s",
            quantile(0.99, node("late_answer_seconds_bucket")),
            EACH,
        ),
    ),
    "Scripts": (
        Panel("States", "Runs a second.", "ops", rate(node("script_runs_total"), "state"), "{{state}}"),
        Panel("Errors", "Runs that raised.", "ops", rate(RAISED, "script"), "{{script}}"),
        Panel("Fuel", "Of a run.", "short", share(node("script_fuel_total"), RUNS, "script"), "{{script}}"),
        Panel("Time", "Of a run.", "s", share(node("script_seconds_total"), RUNS, "script"), "{{script}}"),
        Panel(
            "Releases",
            "Requests of the console's domains.",
            "reqps",
            rate(node("domain_requests_total"), "domain, release"),
            "{{domain}} release {{release}}",
        ),
        Panel(
            "5xx by release",
            "Of the console's domains.",
            "reqps",
            rate(node("domain_errors_5xx_total"), "domain, release"),
            "{{domain}} release {{release}}",
        ),
    ),
    "Cache": (
        Panel("Memory", "Taken by stored responses.", "bytes", node("cache_bytes"), EACH),
        Panel("Disk", "Taken by stored responses.", "bytes", node("disk_bytes"), EACH),
        Panel(
            "Evictions",
            "Dropped for lack of room.",
            "ops",
            rate(node("cache_evictions_total"), "instance"),
            EACH,
        ),
    ),
    "Origins": (
        Panel(
            "Requests", "By server.", "reqps", rate(node("upstream_requests_total"), "server"), "{{server}}"
        ),
        Panel(
            "Failures",
            "By server and kind.",
            "ops",
            rate(node("upstream_failures_total"), "server, kind"),
            "{{server}} {{kind}}",
        ),
        Panel(
            "Down",
            "Workers that take the server to be down.",
            "short",
            f"sum by (server) ({node('upstream_down')})",
            "{{server}}",
        ),
    ),
    "Configuration": (
        Panel(
            "Console's generation",
            "Lines that do not meet are nodes that are behind.",
            "none",
            node("console_generation"),
            EACH,
        ),
        Panel(
            "Domains refused",
            "Served as they were before, since the node cannot load them as they are now.",
            "short",
            node("console_domains_refused"),
            EACH,
        ),
        Panel("Since the console's last answer", "By node.", "s", node("console_contact_age_seconds"), EACH),
        Panel(
            "Workers replaced",
            "By how the old one ended.",
            "ops",
            rate(node("worker_restarts_total"), "cause"),
            "{{cause}}",
        ),
    ),
}

CONSOLE: Final = {
    "Now": (
        stat("Consoles that answer", "Of those asked.", "short", 'sum(up{job="edgescript-console"})', 3),
        stat("Nodes current", "They serve the newest.", "short", nodes_in("current"), 3),
        stat("Nodes partly", "They serve a domain as it was before.", "short", nodes_in("partly"), 3),
        stat("Nodes behind", "They serve an older one.", "short", nodes_in("behind"), 3),
        stat("Nodes failed", "They could not take the newest.", "short", nodes_in("failed"), 3),
        stat("Nodes offline", "They do not report.", "short", nodes_in("offline"), 3),
        stat(
            "Duties that fail", "Of those in the background.", "short", f"sum({console('duties_failing')})", 3
        ),
    ),
    "Nodes": (
        Panel(
            "States",
            "By environment.",
            "short",
            f"max by (environment, state) ({console('nodes')})",
            "{{environment}} {{state}}",
            12,
        ),
        Panel(
            "Waiting", "Nodes that wait for the next manifest.", "short", console("nodes_waiting"), EACH, 12
        ),
    ),
    "Requests": (
        Panel(
            "By status", "Answers a second.", "reqps", rate(console("requests_total"), "status"), "{{status}}"
        ),
        Panel(
            "Duration",
            "19 of 20 took less. What waits on purpose is not in it.",
            "s",
            quantile(0.95, console("request_duration_seconds_bucket")),
            EACH,
        ),
        Panel("Under way", "Calls of the service.", "short", console("calls"), EACH),
        Panel("Changes", "Carried out.", "reqps", rate(CHANGES, "method"), "{{method}}"),
        Panel(
            "Refused",
            "By status.",
            "reqps",
            rate(console("requests_total", 'status=~"4.."'), "status"),
            "{{status}}",
        ),
        Panel(
            "Left out",
            "Counters of nodes for which there was no room.",
            "short",
            console("figures_left_out"),
            EACH,
        ),
    ),
}


def panel_of(number: int, panel: Panel, x: int, y: int) -> dict[str, Any]:
    """As Grafana has it."""
    height = STAT_HEIGHT if panel.kind == "stat" else HEIGHT
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.text,
        "datasource": SOURCE,
        "gridPos": {"x": x, "y": y, "w": panel.width, "h": height},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [{"refId": "A", "datasource": SOURCE, "expr": panel.query, "legendFormat": panel.legend}],
    }


def dashboard(uid: str, title: str, rows: dict[str, tuple[Panel, ...]], *, instances: bool) -> dict[str, Any]:
    """All of it, rows from top to bottom."""
    panels: list[dict[str, Any]] = []
    y = 0
    for name, row in rows.items():
        head = {"type": "row", "title": name, "collapsed": False, "panels": []}
        panels.append({"id": len(panels) + 1, **head, "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1}})
        y, x = y + 1, 0
        for panel in row:
            if x + panel.width > WIDTH:
                x, y = 0, y + HEIGHT
            panels.append(panel_of(len(panels) + 1, panel, x, y))
            x += panel.width
        y += panels[-1]["gridPos"]["h"]
    variables: list[dict[str, Any]] = [
        {"name": "source", "label": "Data source", "type": "datasource", "query": "prometheus"}
    ]
    if instances:
        question = 'label_values(up{job="edgescript-edge"}, instance)'
        many = {"multi": True, "includeAll": True, "allValue": ".*", "refresh": 2}
        variables.append(
            {
                "name": "instance",
                "label": "Node",
                "type": "query",
                "datasource": SOURCE,
                "query": question,
                **many,
            }
        )
    return {
        "uid": uid,
        "title": title,
        "tags": ["edgescript"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "",
        "templating": {"list": variables},
        "panels": panels,
    }


def rules_object(rules: str) -> str:
    """The alert rules as Prometheus' operator takes them."""
    body = rules[rules.index("groups:") :]
    head = (
        "# Written by deploy/monitoring/dashboards.py from deploy/monitoring/alerts.yaml.\n"
        "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata:\n  name: edgescript\nspec:\n"
    )
    return head + "".join(f"  {line}" if line.strip() else line for line in body.splitlines(keepends=True))


def written() -> dict[Path, str]:
    """What each file is to have."""
    boards = {
        "node.json": dashboard("edgescript-node", "EdgeScript nodes", NODE, instances=True),
        "console.json": dashboard("edgescript-console", "EdgeScript console", CONSOLE, instances=False),
    }
    texts = {HERE / name: json.dumps(board, indent=1) + "\n" for name, board in boards.items()}
    return texts | {RULES: rules_object((HERE / "alerts.yaml").read_text(encoding="utf-8"))}


if __name__ == "__main__":
    for path, text in written().items():
        path.write_text(text, encoding="utf-8")
