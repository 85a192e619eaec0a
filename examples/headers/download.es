# position: head
#
# ?filename=NAME makes the browser save the response under that name.

quote = tochar(34)

if $arg_filename {
    name = url_unescape($arg_filename)
    # Only plain names: a path, a quote or a line end would reach further than the name. `\z` is the end; `$` would let
    # a last line end pass.
    if match_re(name, '^[A-Za-z0-9][A-Za-z0-9 ._-]*\z') {
        add_rsp_header('Content-Disposition', concat('attachment;filename=', quote, name, quote))
    } else {
        add_rsp_header('Content-Disposition', 'attachment;filename=download')
    }
}
