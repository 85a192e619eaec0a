"""Any request line and header fields: everything scripts can ask of a request answers, alike in both tiers."""

from edgescript.context import Context
from edgescript.meter import Limits
from edgescript.request import Headers, Request
from tests.fuzz.reader import Reader
from tests.fuzz.soundness import program_of_text, runs_soundly

SCRIPT = """
names = ['a', 'a_b', 'A-b', '', 'x']
for i, name in names {
    say(concat(tostring(req_uri_arg(name)), tostring(req_cookie(name)), tostring(req_header(name))))
    say(concat(tostring(req_uri_arg(name, 're:^[a-z]+$')), tostring(req_cookie(name, 're:b')), tostring(req_header(name, 'c'))))
}
for i, at in [1, 2, 128, 129, -1] {
    say(json_enc(req_uri_seg(at)))
}
say(concat(tostring(req_uri()), tostring(req_uri('re:/')), tostring(req_uri_basename()), tostring(req_uri_ext())))
say(concat(tostring(req_uri_basename('re:a')), tostring(req_uri_ext('ts')), tostring(req_uri_query_string())))
say(concat(tostring(req_uri_query_string('re:=')), tostring(req_host()), tostring(req_host('re:a')), tostring(req_method())))
say(concat(tostring(req_user_agent()), tostring(req_referer()), tostring(req_first_x_forwarded())))
say(concat(tostring(req_user_agent('re:a')), tostring(req_referer('re:a')), tostring(req_first_x_forwarded('re:a'))))
say(concat(tostring($arg_a), tostring($arg_a_b), tostring($cookie_a), tostring($cookie_a_b), tostring($http_x), $args, $uri))
say(concat($request_uri, $host, $request_method, tostring($http_user_agent), tostring($http_a_b)))
rewrite($args, 'break')
add_rsp_header('X-Copied', $args)
add_req_header('X-Copied', tostring($http_x))
add_rsp_cookie('copied', tostring($cookie_a))
add_rsp_header('X-Filled', '${host} @{x}')
rewrite($request_uri, 'redirect')
"""
PROGRAM = program_of_text(SCRIPT)
FIELDS = ("cookie", "user-agent", "referer", "x-forwarded-for", "x", "a-b", "accept", "cookie")


def run(data: bytes) -> None:
    take = Reader(data)
    target, host = "/" + take.text(), take.text()
    fields = []
    while not take.is_empty:
        fields.append((take.pick(FIELDS), take.text()))
    request = Request(take.text() or "GET", target, host=host, headers=Headers(tuple(fields)))

    def make_context(limits: Limits) -> Context:
        return Context(request, limits=limits)

    assert PROGRAM is not None
    runs_soundly(PROGRAM, make_context)
