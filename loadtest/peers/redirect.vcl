# scripts/redirect.es in VCL.
sub vcl_recv {
    if (req.http.User-Agent ~ "Mobile|Android|iPhone" && req.http.Cookie !~ "(?:^|; *)view=desktop(?:;|$)") {
        return (synth(302, "https://m.example.com" + req.url));
    }
}

sub vcl_synth {
    set resp.http.Location = resp.reason;
    set resp.reason = "Found";
    set resp.http.Content-Type = "text/html";
    synthetic({"@PAGE@"});
    return (deliver);
}
