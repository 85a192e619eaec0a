# position: head
# For the realistic mix: visitors are divided into price groups by their id, and each may search so often.
visitor = $cookie_visitor
if not(visitor) {
    exit(400)
}
metric_incr('shop_requests')
add_rsp_header('X-Price', ab_group('price', visitor, ['high' = 50, 'low' = 50]))
if match_re($uri, '^/search/') {
    if not(limit_req(concat('search ', visitor), '5r/s', 5)) {
        exit(429)
    }
}
