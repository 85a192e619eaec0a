# position: head
#
# The smallest useful script: no playlists from here. $uri is as the client sent it, hence the decoding: the origin
# would take `index%2Em3u8` for a playlist as well.

if match_re(url_unescape($uri), '\.m3u8$') {
    add_rsp_header('Content-Type', 'text/html')
    add_rsp_header('X-DEBUG-DENY-REASON', 'block m3u8')
    exit(400)
}
