"""
The vendor's own arrangement: its pages, and the functions each of them describes (reference section 7).

Where functions are listed for people, they stand as the vendor's readers know them, and what the vendor does not have
stands apart.
"""

from typing import Final

PAGES: Final[dict[str, tuple[str, ...]]] = {
    page: tuple(names.split())
    for page, names in {
        "logical": "and or not eq ne null",
        "numeric": "add sub mul div mod gt ge lt le floor ceil",
        "string": "substr concat upper lower len byte match_re capture_re gsub_re split split_as_key tohex tostring "
        "tochar reverse find format tobin trim",
        "dictionary": "set get foreach del",
        "array": "arr_concat arr_insert arr_remove arr_sort arr_len",
        "request processing": "add_req_header del_req_header add_rsp_header del_rsp_header get_rsp_header "
        "add_rsp_cookie encode_args decode_args rewrite say print exit",
        "throttling": "limit_rate_after limit_rate",
        "cache": "set_cache_ttl",
        "time": "today time now localtime utctime cookie_time http_time parse_http_time unixtime",
        "cipher algorithm": "aes_new aes_enc aes_dec sha1 sha2 hmac hmac_sha1 md5 md5_bin",
        "json": "json_enc json_dec",
        "miscellaneous": "base64_enc base64_dec base64_enc_safe base64_dec_safe url_escape url_unescape rand rand_hit "
        "randomseed rand_bytes uuid crc tonumber",
        "request logic": "server_addr server_port client_addr client_port client_country client_region client_city "
        "client_isp ip_country ip_region ip_city ip_isp req_uri req_uri_basename req_uri_ext req_uri_seg req_uri_arg "
        "req_uri_query_string req_scheme req_method req_host req_user_agent req_referer req_cookie "
        "req_first_x_forwarded req_header req_id",
        "debug": "type",
    }.items()
}
"""Functions by page, both in the vendor's order."""
