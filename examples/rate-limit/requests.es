# position: head
#
# How often one client may ask. `limit_req` is an extension: the vendor's language can throttle bytes, not requests.

# Each address may ask for the API twice a second, and three times more in one go.
if match_re($uri, '^/api/') {
    if not(limit_req(concat('api ', client_addr()), '2r/s', 3)) {
        add_rsp_header('Retry-After', '1')
        add_rsp_header('Content-Type', 'text/plain')
        exit(429, 'too many requests')
    }
}

# Nobody needs to try passwords faster than this, from however many addresses.
if and(eq($uri, '/login'), req_method('POST')) {
    user = req_header('x_user')
    if and(user, not(limit_req(concat('login ', user), '6r/m'))) {
        add_rsp_header('Retry-After', '10')
        exit(429)
    }
}
