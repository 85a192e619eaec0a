def visit(key, value, data) {
    set(data, key, concat(value, 'x'))
    return lt(len(value), 9)
}
out = []
for k, v in ['a' = 'b', 'c' = $arg_x, 'n' = -1.5] {
    if and(v, or(eq(k, 'a'), $arg_y)) {
        set(out, k, upper(tostring(v)))
    } else {
        say(k)
    }
}
foreach(out, visit, out)
arr_sort(split('b,a,c', ','))
say(json_enc(out))
return false
