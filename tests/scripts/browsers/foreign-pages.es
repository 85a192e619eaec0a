// pages of other sites that may use the interface
allowed = ['https://a.example.com' = 1,'https://b.example.com'=1]
origin = $http_origin
if and(origin, get(allowed, origin)) {
	add_rsp_header('Access-Control-Allow-Origin', origin)
	add_rsp_header('Vary', 'Origin', true)
	if eq($request_method, 'OPTIONS') {
		add_rsp_header('Access-Control-Allow-Methods', 'GET, POST')
		exit(204)
	}
}
