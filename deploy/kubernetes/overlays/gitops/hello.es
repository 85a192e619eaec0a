# position: head
add_rsp_header('X-Served-By', 'edgescript')
if eq($uri, '/hello') {
    exit(200, 'hello from the edge')
}
