# position: foot
#
# Addresses that exist in the browser only: the origin has files, the application has routes. A path that ends in an
# extension of a file is a file; anything else is a route, also /users/jane.doe.

files = '\.(?:html|css|js|mjs|map|json|png|jpe?g|svg|ico|webp|woff2?|txt|xml)$'

if not(or(match_re($uri, files, 'i'), match_re($uri, '^/api/'))) {
    if match_re($uri, '^/docs/.*[^/]$') {
        # Pages that were built one by one: /docs/setup is /docs/setup.html
        rewrite(concat($uri, '.html'), 'break')
    } else {
        if match_re($uri, '^/account(?:/|$)') {
            # This part is drawn by the server, at the root.
            rewrite('/', 'break')
        } else {
            rewrite('/index.html', 'break')
        }
    }
}
