# Everything under /api/ needs a signed token (a JWT) of this service; /api/admin/ the role admin and an office address.
public_key = 'MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo='
offices = '192.0.2.0/24, 2001:db8:1::/48'

def refuse(status, message) {
    add_rsp_header('WWW-Authenticate', 'Bearer')
    exit(status, message)
}

if req_uri('re:^/api/') {
    authorization = req_header('authorization')
    if not(authorization) {
        refuse(401, 'a token is needed')
    }
    token = get(capture_re(authorization, '^Bearer ([^ ]+)$'), 1)
    if not(token) {
        refuse(401, 'a token is needed')
    }
    claims = jwt_verify(token, public_key, 'EdDSA', ['iss' = 'https://login.example.com', 'aud' = 'api'])
    if not(claims) {
        refuse(401, 'the token is not valid')
    }
    if req_uri('re:^/api/admin/') {
        if or(ne(get(claims, 'role'), 'admin'), not(ip_in(client_addr(), offices))) {
            refuse(403, 'not for you')
        }
    }
    subject = get(claims, 'sub')
    if not(subject) {
        refuse(401, 'the token names nobody')
    }
    add_req_header('X-User', tostring(subject))
    del_req_header('Authorization')
}
