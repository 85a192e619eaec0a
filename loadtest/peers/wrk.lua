-- wrk's part: asks for the paths given after "--" in turn and prints what it saw as one line of JSON.
-- It looks at no response itself: that would make the load generator the slow side. wrk counts statuses over 399.
local wanted, count, at = {}, 0, 0

function init(paths)
    for index = 1, #paths do
        wanted[index] = wrk.format("GET", paths[index])
    end
    count = #paths
end

function request()
    at = at % count + 1
    return wanted[at]
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '\n{"requests":%d,"duration_us":%d,"p50_us":%d,"p99_us":%d,"status_over_399":%d,"broken":%d}\n',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), errors.status,
        errors.connect + errors.read + errors.write + errors.timeout))
end
