# position: foot
#
# Browsers that say they know WebP are sent to that form of a picture, which the origin keeps beside it: /a.jpg.webp

suffix = '.webp'

if match_re($uri, '\.(?:jpe?g|png|gif)$', 'i') {
    # The same address gives two answers, so caches on the way have to look at Accept.
    add_rsp_header('Vary', 'Accept', true)
    if and($http_accept, match_re($http_accept, '(?:^|[, ])image/webp(?:$|[,; ])', 'i')) {
        # `redirect` keeps the query.
        rewrite(concat($uri, suffix), 'redirect', 301)
    }
}
