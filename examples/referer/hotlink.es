# position: head
#
# Files are for our own pages: a request that another site's page made for one is refused. Requests that name no page
# pass, and so do pages themselves, whose paths have no extension.

own_hosts = ['example.com', 'www.example.com', 'shop.example.net']

# Whether a Referer is a page of ours. The host is cut out first: a search in the whole URL would be content with our
# name anywhere in it, as in https://evil.example/?www.example.com
def is_own(referer) {
    found = capture_re(referer, '^https?://([^/:?#@]+)(?::[0-9]+)?(?:[/?#]|$)')
    site = get(found, 1)
    if not(site) {
        return false
    }
    for _, own in own_hosts {
        if eq(lower(site), own) {
            return true
        }
    }
    return false
}

referer = req_referer()
if not(or(null(referer), null(req_uri_ext()))) {
    if not(is_own(referer)) {
        exit(403, 'this file is shown on our own pages only')
    }
}
