# position: foot
#
# Shows a new shop page to a fifth of the visitors. `ab_group` is an extension: the vendor's language has no stable
# hash, so there this script needs a group from a cookie, or rand_hit for the first visit.

groups = ['control' = 80, 'new' = 20]

# Testers ask for a group by argument; who came before stays in the group of the cookie.
def chosen() {
    asked = req_uri_arg('ab')
    if and(asked, get(groups, asked)) {
        return asked
    }
    kept = req_cookie('ab_shop')
    if and(kept, get(groups, kept)) {
        return kept
    }
    return ab_group('shop', client_addr(), groups)
}

if match_re($uri, '^/shop/') {
    group = chosen()
    add_req_header('X-Group', group)
    if ne(req_cookie('ab_shop'), group) {
        add_rsp_cookie('ab_shop', group, ['path' = '/shop/', 'max_age' = 2592000, 'samesite' = 'Lax'])
    }
    # Another URI for the new page, so that the cache keeps the two apart.
    if eq(group, 'new') {
        rewrite(concat('/new', $uri), 'break')
    }
}
