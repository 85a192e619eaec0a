# position: head
#
# A wave of requests with three things in common. All of them together make the case; each alone is innocent.

path = get(capture_re($request_uri, '^([^?]*)'), 1)
agent = req_user_agent()

if and(eq(lower($host), 'shop.example.com'), eq(path, '/coupon/claim'), match_re(agent, '^okhttp/3\.')) {
    add_rsp_header('Content-Type', 'text/plain; charset=utf-8')
    exit(403, 'requests of this kind are not served')
}
