# position: head
#
# Where are these addresses? /where/192.0.2.1/2001:db8::1 is answered with a JSON object that has an object for each.

most = 10

def known(code) {
    if code {
        return code
    }
    return ''
}

def place(ip) {
    return [
        'country' = known(ip_country(ip)),
        'region' = known(ip_region(ip)),
        'city' = known(ip_city(ip)),
        'isp' = known(ip_isp(ip))
    ]
}

def collect(number, ip, places) {
    set(places, url_unescape(ip), place(url_unescape(ip)))
}

if eq(get(req_uri_seg(1), 1), 'where') {
    add_rsp_header('Content-Type', 'application/json')
    add_rsp_header('Cache-Control', 'no-store')
    ips = req_uri_seg(2)
    if get(req_uri_seg(), add(most, 2)) {
        exit(400, json_enc(['error' = concat('more than ', most, ' addresses')]))
    }
    places = []
    foreach(ips, collect, places)
    exit(200, json_enc(places))
}
