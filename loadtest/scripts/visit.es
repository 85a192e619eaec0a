# position: head
# For the realistic mix: / is redirected, and whoever visits /home is given group a or b and keeps it.
if eq($uri, '/') {
    rewrite('/home', 'redirect', 302)
}
if match_re($uri, '^/home') {
    group = $cookie_group
    if not(or(eq(group, 'a'), eq(group, 'b'))) {
        group = 'b'
        if rand_hit(50) {
            group = 'a'
        }
        add_rsp_cookie('group', group, ['path' = '/'])
    }
    add_req_header('X-Group', group)
    add_rsp_header('X-Group', group)
}
