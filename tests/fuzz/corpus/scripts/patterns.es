m = capture_re($uri, '^/([a-z]+)/([0-9]{1,3})?')
if get(m, 1) {
    say(gsub_re($uri, '(a|b)+/', '<$1>', 'i'))
    say(tostring(match_re('a\nb', '^b$', 'm')))
}
if req_user_agent('re:^curl') { rewrite('/x?y=1', 'redirect', 302) }
