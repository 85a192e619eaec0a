// the first of Accept-Language, once
lang = 'en'
if $http_accept_language {
    all = split($http_accept_language, ',')
    first = lower(trim(get(all, 1)))
    if match_re(first,'^zh') { lang = 'cn' }
}
if and(eq($uri, '/'), not(req_cookie('lang'))) {
    add_rsp_cookie('lang', lang, [
      'path' = '/'
      , 'max_age' = 3600
    ])
    rewrite(concat('/', lang, '/'), 'redirect')
    exit(500)    # never comes here
}
