# position: foot
# What kind of response it is decides how long it is kept and how fast it is sent.
kind = get_rsp_header('content-type')
if eq(type(kind), 'string') {
    if match_re(kind, '^video/', 'i') {
        set_cache_ttl('path', 3600)
        limit_rate_after(2, 'm')
        limit_rate(500, 'k')
        add_rsp_header('X-Kind', 'video')
    }
    if match_re(kind, '^text/html', 'i') {
        set_cache_ttl('path', 0)
        add_rsp_header('X-Frame-Options', 'DENY')
        add_rsp_header('X-Kind', 'page')
    }
}
if get_rsp_header('x-internal') {
    exit(404)
}
