// signed addresses:  ?auth_key=TIME-RANDOM-USER-DIGEST
key='aliyuncdnexp1234'
given=$arg_auth_key
if not(given) { 
exit(403) }
    m=capture_re(given,'^(\d+)-([^-]+)-([^-]+)-([0-9a-f]{32})$')
if null(m) {
	add_rsp_header('X-AUTH-MSG','malformed')
	exit(403)
}
ts = tonumber(get(m,1))
if lt(add(ts, 1800), time()) { exit(403, 'expired') }
signed = concat($uri,'-', get(m,1),'-', get(m,2),
    '-', get(m,3), '-', key)
if ne(md5(signed), get(m,4)) {
  add_rsp_header('X-AUTH-DEBUG', signed)
  exit(403)
}
return true
