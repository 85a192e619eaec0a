# The signed-URL check of examples/auth/auth.es in VCL, with the digest module (vmod-digest) for MD5.
# A request header is VCL's usual place for a value; they are all removed before the cache sees the request.
import std;
import digest;

sub vcl_recv {
    unset req.http.X-Auth-T;
    unset req.http.X-Auth-Signed;
    if (req.url ~ "^[^?]*\.ts(?:\?|$)") {
        if (req.url !~ "\?(?:.*&)?t=" || req.url !~ "\?(?:.*&)?key=") {
            return (synth(403, "auth failed - missing necessary arg"));
        }
        set req.http.X-Auth-T = regsub(req.url, "^[^?]*\?(?:.*?&)?t=([^&]*).*$", "\1");
        if (req.http.X-Auth-T !~ "^[0-9]+(?:\.[0-9]+)?$") {
            return (synth(403, "auth failed - invalid time"));
        }
        if (now > std.time(real = std.real(req.http.X-Auth-T, 0.0))) {
            return (synth(403, "auth failed - expired url"));
        }
        if (req.url !~ "^/[^/?]+/[^/?]+/[^?]+") {
            return (synth(403, "auth failed - malformed url"));
        }
        set req.http.X-Auth-Signed = regsub(req.url, "^/([^/]+)/[^/]+/([^?]+).*$", "@SECRET@\1\2");
        if (digest.hash_md5(req.http.X-Auth-Signed) != regsub(req.url, "^/[^/]+/([^/]+)/.*$", "\1")) {
            return (synth(403, "auth failed - invalid digest"));
        }
        unset req.http.X-Auth-T;
        unset req.http.X-Auth-Signed;
    }
}

sub vcl_synth {
    set resp.http.X-AUTH-MSG = resp.reason;
    set resp.reason = "Forbidden";
    if (req.http.X-Auth-Signed) {
        set resp.http.X-AUTH-DEBUG = "signed: " + req.http.X-Auth-Signed;
    }
    set resp.http.Content-Type = "text/html";
    synthetic({"@PAGE@"});
    return (deliver);
}
