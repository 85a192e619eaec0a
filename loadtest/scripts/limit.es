# position: head
# Case 5: a limit by client address, so high that the load of the benchmark passes and is counted.
if not(limit_req(client_addr(), '1000000r/s', 100000)) {
    exit(429)
}
