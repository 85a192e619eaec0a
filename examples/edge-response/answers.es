# position: head
#
# Small files that the node makes itself, so that no origin has to have them.

q = tochar(34)

if eq($uri, '/robots.txt') {
    add_rsp_header('Content-Type', 'text/plain; charset=utf-8')
    add_rsp_header('Cache-Control', 'public, max-age=86400')
    lines = ['User-agent: *', 'Disallow: /private/', concat('Sitemap: https://', $host, '/sitemap.xml'), '']
    exit(200, arr_concat(lines, tochar(10)))
}

if eq($uri, '/opensearch.xml') {
    add_rsp_header('Content-Type', 'application/opensearchdescription+xml')
    add_rsp_header('Cache-Control', 'public, max-age=604800')
    # tochar(34) is a double quote, which the text of a script may not hold.
    print(concat('<OpenSearchDescription xmlns=', q, 'http://a9.com/-/spec/opensearch/1.1/', q, '>'))
    print('<ShortName>Shop</ShortName>')
    print(concat('<Url type=', q, 'text/html', q))
    print(concat(' template=', q, 'https://', $host, '/search?q={searchTerms}', q, '/>'))
    print('</OpenSearchDescription>')
    exit(200)
}
