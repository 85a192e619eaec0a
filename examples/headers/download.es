# position: head
#
# ?filename=NAME makes the browser save the response under that name. What is under /download/ is saved in any case, by
# default under its own name.

quote = tochar(34)

asked = $arg_filename
if and(not(asked), match_re($uri, '^/download/')) {
    asked = get(capture_re($uri, '([^/]*)\z'), 1)
}
if asked {
    name = url_unescape(asked)
    # Only plain names: a path, a quote or a line end would reach further than the name. `\z` is the end; `$` would let
    # a last line end pass.
    if match_re(name, '^[A-Za-z0-9][A-Za-z0-9 ._-]*\z') {
        add_rsp_header('Content-Disposition', concat('attachment;filename=', quote, name, quote))
    } else {
        add_rsp_header('Content-Disposition', 'attachment;filename=download')
    }
}
