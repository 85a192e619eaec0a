# position: head
#
# Internal rewrites: origin and cache see another URI, the client sees nothing of it. Runs after redirects.es.

# One page under a short name. `break` keeps the query.
if eq($uri, '/hello') {
    rewrite('/index.html', 'break')
}

# ?type=T chooses the extension: /1.txt?type=html is /1.html.
if and($arg_type, match_re($uri, '\.txt$')) {
    if match_re($arg_type, '^[a-z0-9]+$') {
        rewrite(gsub_re($uri, '\.txt$', concat('.', $arg_type)), 'break')
    }
}

# Pictures have lower-case extensions at the origin: /x.JPG is /x.jpg.
picture = capture_re($uri, '^(.*)(\.(?:JPE?G|PNG|GIF))$')
if not(null(picture)) {
    rewrite(concat(get(picture, 1), lower(get(picture, 2))), 'break')
}

# Streams of a partner live in their own folder.
if match_re($uri, '^/nn_live/') {
    rewrite(concat('/3rd', $uri), 'break')
}
