"""`[[upstreams]]` and `[[sites]]`: what a refusal says, and what the tables become."""

import pytest

from edgescript.effects import HeaderOp
from runtime.config import Config, ConfigError, read_config
from runtime.config.sites import Policies
from runtime.config.upstreams import Upstreams
from runtime.upstreams.upstream import HealthCheck, Server, Tls

UPSTREAM = "[[upstreams]]\nname = 'web'\nservers = ['http://a']\n"
SITE = "[[sites]]\nhosts = ['a']\norigin = 'http://b'\n"
HOST = "want a host such as www.example.com, *.example.com, or * for all others"
PATH = "want a path such as /a, /img/*, *.jpg or /a/*/b, with at most 8 '*'"
FIELD = "want a field name, and none of those that frame a message or keep a connection"
REFUSALS = {
    "an upstream without a name": (
        "[[upstreams]]\nservers = ['http://a']",
        "1:3: upstreams[1]: no 'name': want letters, digits, '_', '.' or '-'",
    ),
    "an upstream without servers": (
        "[[upstreams]]\nname = 'a'\nservers = []",
        "3:11: upstreams[1].servers: is empty, want at least one entry",
    ),
    "a server that is no URL": (
        "[[upstreams]]\nname = 'a'\nservers = ['a:80']",
        "3:12: upstreams[1].servers[1]: got 'a:80', want http://host[:port] or https://host[:port]",
    ),
    "a server's weight": (
        "[[upstreams]]\nname = 'a'\nservers = [\n  'http://b',\n  { url = 'http://a', weight = 0 },\n]",
        "5:32: upstreams[1].servers[2].weight: got 0, want 1 or more",
    ),
    "a server of another type": (
        "[[upstreams]]\nname = 'a'\nservers = [1]",
        "3:12: upstreams[1].servers[1]: got 1, want http://host[:port] or https://host[:port] or a table",
    ),
    "servers of both kinds": (
        "[[upstreams]]\nname = 'a'\nservers = ['http://a', 'https://b']",
        "3:11: upstreams[1].servers: got http:// and https://, want one of them for all",
    ),
    "only backups": (
        "[[upstreams]]\nname = 'a'\nservers = [{ url = 'http://a', backup = true }]",
        "3:11: upstreams[1].servers: all are backups, want a server that is none",
    ),
    "TLS settings without TLS": (
        UPSTREAM + "tls = { verify = false }",
        "4:7: upstreams[1].tls: the servers are http://, want https://",
    ),
    "a balance nobody knows": (
        UPSTREAM + "balance = 'random'",
        "4:11: upstreams[1].balance: got 'random', want 'round_robin' or 'least_conn' or 'hash'",
    ),
    "a health check's statuses": (
        UPSTREAM + "health = { statuses = [200] }",
        "4:23: upstreams[1].health.statuses: got a list, want a list of 2 numbers",
    ),
    "a health check's statuses the wrong way round": (
        UPSTREAM + "health = { statuses = [399, 200] }",
        "4:23: upstreams[1].health.statuses: got [399, 200], want the first status before the last",
    ),
    "a health check's path": (
        UPSTREAM + "[upstreams.health]\npath = 'up'",
        "5:8: upstreams[1].health.path: got 'up', want a path that begins with '/'",
    ),
    "an upstream twice": (
        UPSTREAM + UPSTREAM,
        "5:8: upstreams[2].name: got 'web' a second time, want a name of its own",
    ),
    "a site's name twice": (
        SITE + "name = 'x'\n" + SITE.replace("'a'", "'b'") + "name = 'x'",
        "8:8: sites[2].name: 'x' is the name of another site, want a name of its own",
    ),
    "a site's name that is another's first host": (
        SITE + "name = 'b'\n" + SITE.replace("'a'", "'b'"),
        "6:10: sites[2].hosts[1]: 'b' is the name of another site, want a name of its own",
    ),
    "the name of the site for all others": (
        "origin = 'http://a'\n" + SITE + "name = 'default'",
        "5:8: sites[1].name: 'default' is the name of the site for all other hosts, want a name of its own",
    ),
    "a site without hosts": (
        "[[sites]]\norigin = 'http://a'",
        f"1:3: sites[1]: no 'hosts': want a list, each entry {HOST[5:]}",
    ),
    "a host that is none": (
        "[[sites]]\nhosts = ['a/b']\norigin = 'http://a'",
        f"2:10: sites[1].hosts[1]: got 'a/b', {HOST}",
    ),
    "a wildcard in the middle": (
        "[[sites]]\nhosts = ['a.*.b']\norigin = 'http://a'",
        f"2:10: sites[1].hosts[1]: got 'a.*.b', {HOST}",
    ),
    "a host of two sites": (
        SITE + SITE.replace("'a'", "'b', 'A'"),
        "5:15: sites[2].hosts[2]: 'A' is a host of sites[1] already",
    ),
    "the first host of two sites": (
        SITE + SITE,
        "5:10: sites[2].hosts[1]: 'a' is a host of sites[1] already",
    ),
    "two sites for all others": (
        "origin = 'http://a'\n[[sites]]\nhosts = ['*']",
        "3:10: sites[1].hosts[1]: '*' is what 'origin' and 'scripts' at the top are for, want one of them",
    ),
    "a site without an origin": (
        "[[sites]]\nhosts = ['a']",
        "1:3: sites[1]: no 'origin', here or at the top: want an upstream's name or a URL",
    ),
    "an upstream that is not there": (
        UPSTREAM + "[[sites]]\nhosts = ['a']\norigin = 'wed'",
        "6:10: sites[1].origin: no upstream 'wed', did you mean 'web'?",
    ),
    "an origin that is no URL": (
        "[[sites]]\nhosts = ['a']\norigin = 'ftp://a'",
        (
            "3:10: sites[1].origin: got 'ftp://a',"
            " want an upstream's name, or http://host[:port] or https://host[:port]"
        ),
    ),
    "an upstream for scripts that is not there": (
        SITE + "upstreams = ['x']",
        "4:14: sites[1].upstreams[1]: no upstream 'x'",
    ),
    "a script's setting": (
        SITE + "[[sites.scripts]]\nfile = 'a'\npos = 'end'",
        "6:7: sites[1].scripts[1].pos: got 'end', want 'head' or 'foot'",
    ),
    "a limit of scripts": (
        SITE + "[sites.script_limits]\nfuell = 1",
        "5:1: sites[1].script_limits.fuell: unknown key, did you mean 'fuel'?",
    ),
    "a rate below the floor": (
        SITE + "limit_rate_bytes_per_s = 10",
        "4:26: sites[1].limit_rate_bytes_per_s: got 10, want 4096 or more",
    ),
    "a path that matches nothing": (
        SITE + "[[sites.cache]]\npath = ['/a', 'img/*']",
        f"5:15: sites[1].cache[1].path[2]: got 'img/*', {PATH}",
    ),
    "a path with a query": (
        SITE + "[[sites.cache]]\npath = '/a?b'",
        f"5:8: sites[1].cache[1].path: got '/a?b', {PATH}",
    ),
    "a path of many stars": (
        SITE + "[[sites.cache]]\npath = '/*a*a*a*a*a*a*a*a*'",
        f"5:8: sites[1].cache[1].path: got '/*a*a*a*a*a*a*a*a*', {PATH}",
    ),
    "a lifetime below 0": (
        SITE + "[[sites.cache]]\nttl_s = -1",
        "5:9: sites[1].cache[1].ttl_s: got -1, want 0 or more",
    ),
    "a lifetime past what caches can count": (
        SITE + "[[sites.cache]]\nttl_s = 2147483648",
        "5:9: sites[1].cache[1].ttl_s: got 2147483648, want at most 2147483647",
    ),
    "a status that is none": (
        SITE + "[[sites.cache]]\nttl_s_by_status = { 604 = 1 }",
        "5:21: sites[1].cache[1].ttl_s_by_status.604: got '604', want a status such as 404, or a class such as 5xx",
    ),
    "ignored arguments": (
        SITE + "[[sites.cache]]\nignore_query = 'a'",
        (
            "5:16: sites[1].cache[1].ignore_query: got 'a', want true or false or a list,"
            " each entry a name, or the beginning of names with '*', such as utm_*"
        ),
    ),
    "a field of the framing": (
        SITE + "[[sites.headers]]\nresponse.set = { Content-Length = '1' }",
        f"5:18: sites[1].headers[1].response.set.Content-Length: got 'Content-Length', {FIELD}",
    ),
    "a field name with a space": (
        SITE + "[[sites.headers]]\nrequest.delete = ['X A']",
        f"5:19: sites[1].headers[1].request.delete[1]: got 'X A', {FIELD}",
    ),
    "a value of two lines": (
        SITE + '[[sites.headers]]\nrequest.set.X-A = "a\\r\\nX-B: 1"',
        r"5:19: sites[1].headers[1].request.set.X-A: got 'a\r\nX-B: 1', want a field value on one line",
    ),
    "both kinds of query list": (
        SITE + "[[sites.cache]]\nignore_query = ['a']\nkeep_query = ['b']",
        "6:14: sites[1].cache[1].keep_query: want it or 'ignore_query', not both",
    ),
}


@pytest.fixture
def configured(tmp_path):
    def read(text):
        path = tmp_path / "edge.toml"
        path.write_text(text)
        return read_config(path)

    return read


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal(configured, tmp_path, case):
    text, says = REFUSALS[case]
    with pytest.raises(ConfigError) as refused:
        configured(text)
    assert str(refused.value) == f"{tmp_path / 'edge.toml'}:{says}"


def test_problems_of_all_sites_are_told_in_the_order_of_the_file(configured):
    text = "".join(f"[[sites]]\nhosts = ['{name}']\norigin = '{name}'\n" for name in "abc")
    with pytest.raises(ConfigError) as refused:
        configured(text)
    assert [problem.key for problem in refused.value.problems] == [f"sites[{n}].origin" for n in (1, 2, 3)]


def test_an_upstream_has_all_it_is_given(configured, tmp_path):
    config = configured(
        """
        forwarded = "both"
        trusted_proxies = ["10.0.0.0/8"]
        [[upstreams]]
        name = "web"
        servers = ["https://a", { url = "https://b:8443", weight = 3, backup = true, max_connections = 9 }]
        balance = "hash"
        tls = { verify = false, server_name = "x", ca_file = "ca.pem" }
        host = "internal"
        retries = 0
        max_fails = 0
        fail_timeout_s = 2
        keepalive = 1
        max_waiting = 5
        wait_s = 1
        dns_refresh_s = 60
        health = { path = "/up", interval_s = 1, timeout_s = 0.5, rise = 1, fall = 2, statuses = [200, 204] }
        """
    )
    found = Upstreams(config, "n1").find("web")
    assert found.servers == (Server("a", 443), Server("b", 8443, 3, True, 9))
    assert found.tls == Tls(verify=False, server_name="x", ca_file=str(tmp_path / "ca.pem"))
    assert found.health == HealthCheck("/up", 1, 0.5, 1, 2, (200, 204))
    assert (found.name, found.balance, found.host, found.retries, found.max_fails) == (
        "web",
        "hash",
        "internal",
        0,
        0,
    )
    assert (found.fail_timeout_s, found.keepalive, found.max_waiting, found.wait_s) == (2, 1, 5, 1)
    assert (found.refresh_s, found.forwarding.told, found.forwarding.node_id) == (60, "both", "n1")
    assert found.forwarding.trusts("10.1.2.3")


def test_one_url_is_one_upstream():
    upstreams = Upstreams(Config())
    assert upstreams.find("http://a") is upstreams.find("http://a")


def policy_of(configured, rules):
    config = configured(SITE + rules)
    return Policies().of(config.sites[0])


def test_a_site_without_rules_has_no_policy(configured):
    assert policy_of(configured, "max_body_bytes = 10\n") is None


def test_sites_with_equal_rules_share_a_policy(configured):
    rules = "[[sites.cache]]\nttl_s = 10\n"
    config = configured(SITE + rules + SITE.replace("'a'", "'b'") + rules + SITE.replace("'a'", "'c'"))
    policies = Policies()
    first, second, third = map(policies.of, config.sites)
    assert first is second
    assert third is None


RULES = {
    "a status goes before its class, a class before negative answers": (
        "[[sites.cache]]\nttl_s_by_status = { 5xx = 7, 503 = 1 }\nnegative_ttl_s = 3\n",
        {"ttl_s_by_status": {404: 3, 405: 3, 410: 3, 414: 3} | dict.fromkeys(range(500, 600), 7) | {503: 1}},
    ),
    "the origin's word first": (
        "[[sites.cache]]\nttl_s = 5\nhonor_origin = true\nttl_s_by_status = { 404 = 1 }\n",
        {"default_ttl_s": 5, "default_ttl_s_by_status": {404: 1}},
    ),
    "grace and bypass": (
        "[[sites.cache]]\nstale_while_revalidate_s = 1\nstale_if_error_s = 2\nbypass = true\n",
        {"stale_while_revalidate_s": 1, "stale_if_error_s": 2, "bypass": True},
    ),
    "a rate": (
        "limit_rate_bytes_per_s = 8192\nlimit_rate_after_bytes = 0\n",
        {"rate_bytes_per_s": 8192, "rate_after_bytes": 0},
    ),
}


@pytest.mark.parametrize("case", RULES)
def test_settings_of_rules(configured, case):
    rules, settings = RULES[case]
    assert policy_of(configured, rules).find("/").settings == settings


def test_header_operations_in_their_order(configured):
    ruling = policy_of(
        configured,
        "[[sites.headers]]\n"
        "request = { add = { X-A = ['1', '2'] }, set = { X-B = 'é ${host}' }, delete = ['X-C'] }\n"
        "response.set = { X-D = '${host}' }\n",
    ).find("/")
    assert ruling.request_headers == (
        HeaderOp("delete", "X-C"),
        HeaderOp("set", "X-B", "\xc3\xa9 ${host}"),
        HeaderOp("add", "X-A", "1"),
        HeaderOp("add", "X-A", "2"),
    )
    assert ruling.response_headers == (HeaderOp("set", "X-D", "${host}", template=True),)


@pytest.mark.parametrize(
    ("rules", "query", "key"),
    [
        ("ignore_query = true", "a=1", ""),
        ("ignore_query = ['utm_*', 'b']", "utm_x=1&a=1&b=2&bc=3", "a=1&bc=3"),
        ("keep_query = ['id', 'p*']", "utm_x=1&id=7&page=2", "id=7&page=2"),
        ("sort_query = true", "b=2&a=1&b=1", "a=1&b=2&b=1"),
        ("ignore_query = ['x']\nsort_query = true", "b=2&x=1&a=1", "a=1&b=2"),
        ("ignore_query = false\nsort_query = false", "b=2&a=1", "b=2&a=1"),
    ],
)
def test_the_part_of_a_query_that_counts(configured, rules, query, key):
    assert policy_of(configured, f"[[sites.cache]]\n{rules}\n").find("/").query.of(query) == key
