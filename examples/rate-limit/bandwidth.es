# position: head
#
# ?sp=NUMBER&unit=k or m sets the speed of a download, in units of 1024 or 1024*1024 bytes a second.
#
# The script says what it did in X-LIMIT-DEBUG, and counts as a hit only when it set a speed.

if not($arg_sp) {
    return false
}
if not(match_re($arg_sp, '^[0-9]+$')) {
    add_rsp_header('X-LIMIT-DEBUG', 'sp is no number')
    return false
}
if not(and($arg_unit, match_re($arg_unit, '^[km]$', 'i'))) {
    add_rsp_header('X-LIMIT-DEBUG', 'unit is neither k nor m')
    return false
}
if not(limit_rate(tonumber($arg_sp), $arg_unit)) {
    add_rsp_header('X-LIMIT-DEBUG', 'sp must be above 0')
    return false
}
# Small files and the beginning of large ones come at full speed, so that players start at once.
limit_rate_after(64, 'k')
add_rsp_header('X-LIMIT-DEBUG', concat('set on: ', $arg_sp, $arg_unit))
return true
