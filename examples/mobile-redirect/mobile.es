# position: head
#
# Phones are sent to the mobile site, once and for as long as they like: who chose the full one has a cookie.

mobile_host = 'm.example.com'
stays = ['full' = true, 'desktop' = true]

is_mobile = match_re(req_user_agent(), 'ShopApp/|iPhone|Android.*Mobile')
if and(is_mobile, ne($host, mobile_host)) {
    view = req_cookie('view')
    if not(and(view, get(stays, view))) {
        rewrite(concat('https://', mobile_host, $request_uri), 'enhance_redirect', 302)
    }
}
