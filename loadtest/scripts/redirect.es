# position: head
# Case 4: telephones go to the mobile site, path and query kept, unless they have asked for the full one.
if and($http_user_agent, match_re($http_user_agent, 'Mobile|Android|iPhone')) {
    if ne($cookie_view, 'desktop') {
        rewrite(concat('https://m.example.com', $request_uri), 'enhance_redirect', 302)
    }
}
