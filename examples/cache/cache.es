# position: foot
#
# How long responses may be kept, by path. Foot scripts run after the site's own cache rules and so have the last word.

# Pictures that have moved: a permanent move may be remembered longer than a temporary one.
if match_re($uri, '^/image/') {
    add_rsp_header('X-Cache-Rule', 'image')
    set_cache_ttl('code', '301=10,302=5')
}

# Films are replaced in place, so they are kept for a short time only.
if match_re($uri, '\.mp4$') {
    add_rsp_header('X-Cache-Rule', 'film')
    set_cache_ttl('path', 5)
}

if match_re($uri, '^/static/') {
    add_rsp_header('X-Cache-Rule', 'static')
    set_cache_ttl('path', 50)
}

if match_re($uri, '^/news/') {
    add_rsp_header('X-Cache-Rule', 'news')
    set_cache_ttl('path', 10)
}

# What depends on who asks is never kept, whatever the origin says.
if match_re($uri, '^/account/') {
    add_rsp_header('X-Cache-Rule', 'account')
    set_cache_ttl('path', 0)
}
