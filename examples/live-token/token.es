# position: head
#
# Tokens for live streams:  /APP/STREAM.flv?expires=EXPIRES&sign=DIGEST
#
#   EXPIRES   Unix seconds until which a player may begin
#   DIGEST    md5 of the path, EXPIRES and the secret, in lower-case hexadecimal
#
# Every refusal is a 403 that says why in X-AUTH-MSG.

secret = 'stream-secret'

def deny(message) {
    add_rsp_header('X-AUTH-MSG', message)
    exit(403)
}

# $uri is as the client sent it; the origin would decode `ch1%2Eflv`.
if match_re(url_unescape($uri), '\.flv$') {
    if not($arg_sign) {
        deny('sign is missing')
    }
    if not($arg_expires) {
        deny('expires is missing')
    }
    if not(match_re($arg_expires, '^[0-9]{1,12}$')) {
        deny('expires is no time')
    }
    if gt(time(), tonumber($arg_expires)) {
        deny('expired')
    }
    if ne($arg_sign, md5(concat($uri, $arg_expires, secret))) {
        deny('wrong sign')
    }
}
