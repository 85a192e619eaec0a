-- wrk's part: asks for the paths given after "--" in turn, with a new number behind each that ends in "=", and prints what it saw as one line of JSON.
-- It looks at no response itself: that would make the load generator the slow side. wrk counts statuses over 399.
local wanted, numbered, count, at, number = {}, {}, 0, 0, 0

function init(paths)
    for index = 1, #paths do
        numbered[index] = paths[index]:sub(-1) == "="
        wanted[index] = numbered[index] and paths[index] or wrk.format("GET", paths[index])
    end
    count = #paths
end

function request()
    at = at % count + 1
    if numbered[at] then
        number = number + 1
        return wrk.format("GET", wanted[at] .. number)
    end
    return wanted[at]
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '\n{"requests":%d,"duration_us":%d,"p50_us":%d,"p99_us":%d,"status_over_399":%d,"broken":%d}\n',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), errors.status,
        errors.connect + errors.read + errors.write + errors.timeout))
end
