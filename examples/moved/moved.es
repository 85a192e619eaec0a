# position: head
#
# Pages that have moved: from where to where stands in the dictionary `moved`, which changes without this script.

# The dictionary has paths only, so nobody is sent to another site. `redirect` keeps the query.
target = dict_get('moved', $uri)
if target {
    rewrite(target, 'redirect', 301)
}

# One switch for all nodes: while the dictionary says so, the shop answers by itself.
if eq(dict_get('switches', 'closed', 'no'), 'yes') {
    add_rsp_header('Retry-After', '600')
    exit(503, 'we are back in a few minutes')
}
