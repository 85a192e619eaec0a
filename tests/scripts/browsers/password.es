wanted = concat('Basic ', base64_enc('ann:pass'))
if ne($http_authorization, wanted) {
    add_rsp_header('WWW-Authenticate', "Basic realm=\"site\"")
    exit(401, '{"error":"who are you"}')
}
# the origin need not know
del_req_header('Authorization')
