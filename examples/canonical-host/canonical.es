# position: head
#
# One address for the site: https and one host. Other names of it and plain http are redirected, path and query kept.
# For anything but GET and HEAD the status is one that makes clients repeat method and body.

canonical = 'www.example.com'
# Names that moved for good; any other is away for a while.
for_good = ['example.com' = true, 'old.example.com' = true, 'www.example.com' = true]

def move(permanent) {
    reading = or(eq($request_method, 'GET'), eq($request_method, 'HEAD'))
    status = 307
    if and(permanent, reading) {
        status = 301
    }
    if and(permanent, not(reading)) {
        status = 308
    }
    if and(not(permanent), reading) {
        status = 302
    }
    # $request_uri is path and query as they came, so the query is taken from the target.
    rewrite(concat('https://', canonical, $request_uri), 'enhance_redirect', status)
}

if or(ne($host, canonical), eq($scheme, 'http')) {
    move(get(for_good, $host))
}
