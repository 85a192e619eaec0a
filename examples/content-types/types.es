# position: foot
#
# An origin that says application/octet-stream of everything: the type is taken from the extension.

types = [
    'css' = 'text/css; charset=utf-8',
    'js' = 'text/javascript; charset=utf-8',
    'json' = 'application/json',
    'm3u8' = 'application/vnd.apple.mpegurl',
    'svg' = 'image/svg+xml',
    'wasm' = 'application/wasm'
]

# The last extension; req_uri_ext() begins at the first dot, so that of /app.min.js would be `.min.js`.
extension = get(capture_re($uri, '\.([A-Za-z0-9]+)$'), 1)
if extension {
    type_of_file = get(types, lower(extension))
    if type_of_file {
        add_rsp_header('Content-Type', type_of_file)
    }
}
