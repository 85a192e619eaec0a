# position: head
#
# Redirects: the client is sent elsewhere, and the request ends.

# One name for the site. `$request_uri` is path and query as the client sent them, so `enhance_redirect`, which takes
# the query from its target, keeps both.
if req_host('example.com') {
    rewrite(concat('https://www.example.com', $request_uri), 'enhance_redirect', 301)
}

# Visitors who say which language they want (in From) go to its pages. Only known values: a redirect to whatever a
# request says would send people anywhere.
languages = ['en' = true, 'zh' = true]
if and(eq($uri, '/'), $http_from) {
    if get(languages, $http_from) {
        rewrite(concat('http://www.example.com/home/', $http_from), 'redirect')
    }
}

# A short name in print has nothing but its root: a fixed page over https, whichever way it was asked for.
if and(eq($uri, '/'), req_host('go.example.com')) {
    rewrite('https://www.example.com/start/welcome.html', 'enhance_redirect')
}

# The root is the start page. `redirect` keeps the query.
if eq($uri, '/') {
    rewrite('/start/index.html', 'redirect')
}
