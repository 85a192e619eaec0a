# position: head
#
# Arguments travel percent-encoded, and scripts see them as they came. Two ways to the raw value:
#
#   url_unescape(text)   of one value; a `+` is a space, as in forms
#   decode_args(query)   of a whole query, as a dictionary of decoded values

# /decode?text=... answers with the raw value of one argument.
if eq($uri, '/decode') {
    if not($arg_text) {
        exit(400, 'text is missing')
    }
    # What is said becomes the body of a 200, and the origin is not asked.
    say(url_unescape($arg_text))
}

# /search?q=...&lang=... tells the origin what is searched for, decoded. A value that cannot be a header field, such as
# one with a line end, is refused by add_req_header.
if and(eq($uri, '/search'), $args) {
    wanted = decode_args($args)
    q = get(wanted, 'q')
    if and(q, eq(type(q), 'string')) {
        if not(add_req_header('X-Search', q)) {
            exit(400, 'q holds control characters')
        }
    }
    if eq(get(wanted, 'lang'), 'zh-CN') {
        add_req_header('Accept-Language', 'zh-CN')
    }
}
