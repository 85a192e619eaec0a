# position: foot
#
# Search engines get pages that are drawn before they come: the origin is told in `?crawler=NAME` which one asks, and
# the cache keeps these pages apart, since their URI is another.

names = ['googlebot', 'bingbot', 'baiduspider', 'yandexbot']

agent = lower(req_user_agent())
crawler = ''
for _, name in names {
    if not(null(find(agent, name))) {
        crawler = name
    }
}

if not(or(null(crawler), match_re($uri, '\.[a-z0-9]+$', 'i'))) {
    query = concat('crawler=', crawler)
    if not(null($args)) {
        query = concat($args, '&', query)
    }
    rewrite(concat($uri, '?', query), 'enhance_break')
}
