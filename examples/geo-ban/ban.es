# position: head
#
# Refuses clients of a country, a region, a city and a provider; all others pass, those of unknown place among them.

countries = ['SG' = true]
# Taiwan is 710000 in most databases, TW_01 in some of the vendor's.
regions = ['710000' = true, 'TW_01' = true]
cities = ['440400' = true]
providers = ['100017' = true]

def refuse_if(list, code, what) {
    if and(code, get(list, code)) {
        add_rsp_header('X-GEO-BAN', concat(what, ' ', code))
        exit(403)
    }
}

refuse_if(countries, client_country(), 'country')
refuse_if(regions, client_region(), 'region')
refuse_if(cities, client_city(), 'city')
refuse_if(providers, client_isp(), 'isp')
