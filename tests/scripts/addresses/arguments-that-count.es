# position: foot
# the cache shall not see arguments that mean nothing to the origin
keep = ['id' = 1, 'page' = 1]
kept = []
for k, v in decode_args($args) {
    if get(keep, k) {
        set(kept, k, v)
    }
}
query = encode_args(kept)
if null(query) {
    rewrite($uri, 'enhance_break')
} else { rewrite(concat($uri, '?', query), 'enhance_break') }
