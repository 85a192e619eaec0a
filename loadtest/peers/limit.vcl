# scripts/limit.es in VCL, with the throttle module of varnish-modules.
import vsthrottle;

sub vcl_recv {
    if (vsthrottle.is_denied("" + client.ip, 1000000, 1s)) {
        return (synth(429));
    }
}
