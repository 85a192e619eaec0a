# position: head
#
# Signed URLs for .ts files:  /FIRST/DIGEST/REST.ts?key=NAME&t=EXPIRES
#
#   NAME      which secret was used, so that secrets can be replaced one by one
#   EXPIRES   Unix seconds until which the URL is good
#   DIGEST    md5 of the secret, FIRST and REST, in lower-case hexadecimal
#
# Every refusal is a 403 that says why in X-AUTH-MSG.

secrets = ['2024' = 'first-secret', '2025' = 'second-secret']

def deny(message) {
    add_rsp_header('X-AUTH-MSG', message)
    exit(403)
}

def check() {
    if not(and($arg_t, $arg_key)) {
        deny('a necessary argument is missing')
    }
    if not(match_re($arg_t, '^[0-9]+$')) {
        deny('invalid time')
    }
    # The client's clock plays no part: both times are the server's.
    if gt(now(), tonumber($arg_t)) {
        deny('expired')
    }
    secret = get(secrets, $arg_key)
    if not(secret) {
        deny('unknown key')
    }
    parts = capture_re($uri, '^/([^/]+)/([^/]+)/(.+)$')
    if null(parts) {
        deny('malformed')
    }
    first = get(parts, 1)
    rest = get(parts, 3)
    if ne(get(parts, 2), md5(concat(secret, first, rest))) {
        # What was hashed, so that a signer can be put right; never the secret itself.
        add_rsp_header('X-AUTH-DEBUG', concat('<secret>', first, rest))
        deny('invalid digest')
    }
}

# $uri is as the client sent it; the origin will decode it, so `0001%2Ets` is a .ts file as well.
if match_re(url_unescape($uri), '\.ts$') {
    check()
}
