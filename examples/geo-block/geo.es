# position: head
#
# Lets in clients of two regions and two providers, by the address tables of the node.
#
# Addresses change hands and providers share them, so this is a rule of thumb, not a lock. A client the tables do not
# know is refused.

regions = ['440000' = 'Guangdong', '370000' = 'Shandong']
providers = ['100017' = 'China Telecom', '100025' = 'China Mobile']

def deny(what, code) {
    text = 'unknown'
    if code {
        text = code
    }
    add_rsp_header('X-REGION-BLOCK-DEBUG', concat(what, ' ', text))
    exit(403)
}

region = client_region()
if not(and(region, get(regions, region))) {
    deny('region', region)
}

provider = client_isp()
if not(and(provider, get(providers, provider))) {
    deny('isp', provider)
}
