# The signed-URL check of examples/auth/auth.es in VCL, with the digest module (vmod-digest) for MD5. A request field is
# VCL's usual place for a value; those used here are removed before and after.
import std;
import digest;

sub vcl_recv {
    unset req.http.X-Auth-T;
    unset req.http.X-Auth-Key;
    unset req.http.X-Auth-Signed;
    if (req.url ~ "^[^?]*/[^/.?]*\.ts(?:\?|$)") {
        if (req.url !~ "\?(?:.*&)?t=" || req.url !~ "\?(?:.*&)?key=") {
            return (synth(403, "a necessary argument is missing"));
        }
        set req.http.X-Auth-T = regsub(req.url, "^[^?]*\?(?:.*?&)?t=([^&]*).*$", "\1");
        if (req.http.X-Auth-T !~ "^[0-9]+$") {
            return (synth(403, "invalid time"));
        }
        if (now > std.time(real = std.real(req.http.X-Auth-T, 0.0))) {
            return (synth(403, "expired"));
        }
        set req.http.X-Auth-Key = regsub(req.url, "^[^?]*\?(?:.*?&)?key=([^&]*).*$", "\1");
        if (req.http.X-Auth-Key == "2024") {
            set req.http.X-Auth-Key = "first-secret";
        } else if (req.http.X-Auth-Key == "2025") {
            set req.http.X-Auth-Key = "second-secret";
        } else {
            return (synth(403, "unknown key"));
        }
        if (req.url !~ "^/[^/?]+/[^/?]+/[^?]+") {
            return (synth(403, "malformed"));
        }
        set req.http.X-Auth-Signed = regsub(req.url, "^/([^/]+)/[^/]+/([^?]+).*$", "\1\2");
        if (digest.hash_md5(req.http.X-Auth-Key + req.http.X-Auth-Signed)
            != regsub(req.url, "^/[^/]+/([^/]+)/.*$", "\1")) {
            return (synth(403, "invalid digest"));
        }
        unset req.http.X-Auth-T;
        unset req.http.X-Auth-Key;
        unset req.http.X-Auth-Signed;
    }
}

sub vcl_synth {
    set resp.http.X-AUTH-MSG = resp.reason;
    set resp.reason = "Forbidden";
    if (req.http.X-Auth-Signed) {
        set resp.http.X-AUTH-DEBUG = "<secret>" + req.http.X-Auth-Signed;
    }
    set resp.http.Content-Type = "text/html";
    synthetic({"@PAGE@"});
    return (deliver);
}
