# position: head
#
# Header fields towards the origin and towards the client.

# The origin gets to know the client and the request, and gets no cookies for pictures, so that it cannot vary by them.
add_req_header('X-Client-Address', client_addr())
add_req_header('X-Request-Id', req_id())
if match_re($uri, '\.(?:png|jpe?g|gif|webp)$', 'i') {
    del_req_header('Cookie')
}

# The client gets less about the origin, and something to hold on to. `${...}` stands for a variable and `@{...}` for a
# response field; both are filled in when the response is made, so they speak of the origin's response.
del_rsp_header('Server')
add_rsp_header('X-Frame-Options', 'DENY')
add_rsp_header('X-Served-For', '${host}')
add_rsp_header('X-Original-Type', '@{content-type}')

# A third argument `true` adds a line instead of replacing the field.
add_rsp_header('Link', '</app.css>; rel=preload', true)
add_rsp_header('Link', '</app.js>; rel=preload', true)
