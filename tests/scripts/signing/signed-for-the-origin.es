# position: foot
# what is asked of a private bucket is signed on the way
secret = 'secret'
date = http_time(time())
lf = tochar(10)
text = concat($request_method, lf, lf, lf, date, lf, '/bucket', $uri)
add_req_header('Date', date)
add_req_header('Authorization', concat('OSS id:', base64_enc(hmac_sha1(secret, text))))
del_req_header('Cookie')
