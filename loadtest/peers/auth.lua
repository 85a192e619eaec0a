-- The signed-URL check of examples/auth/auth.es for OpenResty's Lua module, in its fast idioms: API functions held
-- in locals, compiled and cached JIT regexes ("jo"), one table reused for the captures, the worker's cached clock.
local md5 = ngx.md5
local re_find = ngx.re.find
local re_match = ngx.re.match
local now = ngx.now
local exit = ngx.exit
local print = ngx.print
local var = ngx.var
local header = ngx.header
local tonumber = tonumber

local SECRETS = { ["2024"] = "first-secret", ["2025"] = "second-secret" }
local PAGE = '@PAGE@'
local captures = {}

local function deny(message)
    ngx.status = 403
    header["Content-Type"] = "text/html"
    header["Content-Length"] = #PAGE
    header["X-AUTH-MSG"] = message
    print(PAGE)
    return exit(403)
end

return function()
    local uri = var.uri
    if not re_find(uri, [[/[^/.]*\.ts$]], "jo") then
        return
    end
    local t, key = var.arg_t, var.arg_key
    if not t or not key then
        return deny("a necessary argument is missing")
    end
    if not re_find(t, "^[0-9]+$", "jo") then
        return deny("invalid time")
    end
    if now() > tonumber(t) then
        return deny("expired")
    end
    local secret = SECRETS[key]
    if not secret then
        return deny("unknown key")
    end
    if not re_match(uri, "^/([^/]+)/([^/]+)/(.+)$", "jo", nil, captures) then
        return deny("malformed")
    end
    local signed = captures[1] .. captures[3]
    if md5(secret .. signed) ~= captures[2] then
        header["X-AUTH-DEBUG"] = "<secret>" .. signed
        return deny("invalid digest")
    end
end
