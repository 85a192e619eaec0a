# version folders, doubled and closing slashes
path = gsub_re($uri, '/{2,}', '/')
if and(ne(path, '/'), eq(substr(path, -1, -1), '/')) {
    rewrite(substr(path, 1, -2), 'redirect', 301)
}
m = capture_re(path, '^/(v[0-9]+)/(.*)$')
if and(get(m, 1), get(m, 2)) {
    add_req_header('X-Version', get(m, 1))
    rewrite(concat('/', get(m, 2)), 'break')
    return true
}
if ne(path, $uri) {
    rewrite(path, 'break')
    return true
}
return false
