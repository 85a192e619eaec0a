# position: head
# Cases 2 and 3: signed URLs, /first/digest/rest.ts?key=K&t=T, the digest being md5(secret + first + rest).
secret = 'b98d643a-9170-4937-8524-6c33514bbc23'

def refuse(message) {
    add_rsp_header('X-AUTH-MSG', concat('auth failed - ', message))
    exit(403)
}

if eq(substr($uri, -3, -1), '.ts') {
    if or(not($arg_t), not($arg_key)) {
        refuse('missing necessary arg')
    }
    t = tonumber($arg_t)
    if not(t) {
        refuse('invalid time')
    }
    if gt(now(), t) {
        refuse('expired url')
    }
    parts = capture_re($uri, '^/([^/]+)/([^/]+)/(.+)$')
    if null(parts) {
        refuse('malformed url')
    }
    signed = concat(secret, get(parts, 1), get(parts, 3))
    if ne(md5(signed), get(parts, 2)) {
        add_rsp_header('X-AUTH-DEBUG', concat('signed: ', signed))
        refuse('invalid digest')
    }
}
