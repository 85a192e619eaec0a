# position: head
#
# Clients that are not served, by the name they give themselves. Whoever lies about it, passes.

names = ['BadBot' = true, 'Wget' = true, '-' = true]
prefixes = ['python-requests/', 'Scrapy/', 'ApacheBench/']

def deny() {
    add_rsp_header('X-BLOCKLIST-DEBUG', 'deny')
    exit(403)
}

def deny_prefix(key, prefix, facts) {
    if eq(substr(get(facts, 'name'), 1, len(prefix)), prefix) {
        deny()
    }
}

agent = req_user_agent()
if get(names, agent) {
    deny()
}
foreach(prefixes, deny_prefix, ['name' = agent])
