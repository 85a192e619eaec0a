d = ['a' = 1]
set(d, 'self', d)
say(tostring(json_enc(d)))
s = 'ab'
for i, v in split('1,2,3', ',') {
    s = concat(s, s, format('%9s', v))
}
say(s)
