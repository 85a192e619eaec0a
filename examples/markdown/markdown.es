# position: foot
#
# Programs that prefer text get the home page as Markdown, from the same address.

if or(eq($uri, '/'), eq($uri, '/index.html')) {
    # With or without Markdown: a cache on the way has to look at Accept.
    add_rsp_header('Vary', 'Accept', true)
    if and($http_accept, match_re($http_accept, '(?:^|[, ])text/markdown(?:$|[,; ])', 'i')) {
        rewrite('/index.md', 'break')
        add_rsp_header('Content-Type', 'text/markdown; charset=utf-8')
    }
}
