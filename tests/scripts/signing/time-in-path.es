# /TIME/DIGEST/FILE, the time in China's
m = capture_re($uri, '^/(\\d{12})/([0-9a-f]{32})(/.+)$')
if null(m) {
  exit(403)
}
ts = get(m, 1)
expires = add(unixtime(tonumber(substr(ts, 1, 4)), tonumber(substr(ts, 5, 6)), tonumber(substr(ts, 7, 8)),
                       tonumber(substr(ts, 9, 10)), tonumber(substr(ts, -2, -1)), 0), 1800)
if gt(time(), expires) {
    add_rsp_header('X-AUTH-MSG', concat('expired: ', http_time(expires)))
    exit(403)
}
else {
    if eq(md5(concat('aliyuncdnexp1234', ts, get(m, 3))), get(m, 2)) { rewrite(get(m, 3), 'break') } else { exit(403, 'digest') }
}
