def f(n) {
    if gt(n, 0) {
        return f(sub(n, 1))
    }
    return n
}
say(f(5))
say(f(99))
