# position: head
#
# Only these parts of an origin are for the public; the rest is refused before the origin hears of it.

public = ['/static/', '/api/v1/', '/favicon.ico']

def is_public(path) {
    for _, prefix in public {
        if eq(substr(path, 1, len(prefix)), prefix) {
            return true
        }
    }
    return false
}

# What the origin will make of the path. A `..` would lead out of the part that was looked at.
path = url_unescape($uri)
if or(match_re(path, '(?:^|/)\.\.(?:/|$)'), not(is_public(path))) {
    exit(403, 'not public')
}
