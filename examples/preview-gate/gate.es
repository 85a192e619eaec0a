# position: head
#
# A site nobody may see yet. Who sends the password to /preview/enter gets a cookie for a day; everybody else is sent
# to a page that asks for it. The cookie is signed, and holds its end, so the node has nothing to remember.

password = 'open sesame'
signing_secret = 'another secret'
day_s = 86400

def signature(ends) {
    return tohex(hmac(signing_secret, ends, 'sha256'))
}

def is_let_in(cookie) {
    parts = capture_re(cookie, '^([0-9]{1,12})\.([0-9a-f]{64})$')
    if null(parts) {
        return false
    }
    if gt(time(), tonumber(get(parts, 1))) {
        return false
    }
    return eq(get(parts, 2), signature(get(parts, 1)))
}

if eq($uri, '/preview/enter') {
    if not(req_method('POST')) {
        add_rsp_header('Allow', 'POST')
        exit(405)
    }
    # Scripts do not see the body of a request, so the page sends the password in a header.
    if not(req_header('x_preview_password', password)) {
        exit(401, 'wrong password')
    }
    ends = tostring(add(time(), day_s))
    value = concat(ends, '.', signature(ends))
    add_rsp_cookie('preview', value, ['path' = '/', 'max_age' = day_s, 'secure' = true, 'httponly' = true])
    exit(200, 'welcome')
}

if ne($uri, '/preview/login.html') {
    cookie = req_cookie('preview')
    if not(and(cookie, is_let_in(cookie))) {
        rewrite('/preview/login.html', 'enhance_redirect', 302)
    }
}
