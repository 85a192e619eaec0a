# position: head
#
# ?area=AREA sends a download to the store of that area, with a token which that store checks:
#
#   md5 of the secret, the path and the time, and the time itself, in Unix seconds

secret = 'store-secret'
stores = ['eu' = 'eu.store.example.com', 'us' = 'us.store.example.com', 'cn' = 'cn.store.example.com']

if $arg_area {
    store = get(stores, $arg_area)
    if not(store) {
        exit(400, 'unknown area')
    }
    at = time()
    token = md5(concat(secret, $uri, at))
    # 307 keeps the method; the query, with `area` in it, is replaced.
    rewrite(concat('https://', store, $uri, '?token=', token, '&t=', at), 'enhance_redirect', 307)
}
