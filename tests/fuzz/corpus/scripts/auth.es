# position: head
key = 'secret'
sign = req_uri_arg('sign')
if not(sign) {
    exit(403, 'no sign')
}
expected = md5(concat(key, $uri, tostring($arg_t)))
if and(ne(sign, expected), gt(tonumber($arg_t), now())) {
    exit(403)
} else {
    add_rsp_header('X-Ok', '1')
}
