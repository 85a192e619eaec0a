-- The signed-URL check of examples/auth/auth.es for OpenResty's Lua module, in its fast idioms: API functions held
-- in locals, a compiled and cached JIT regex ("jo"), one table reused for the captures, the worker's cached clock.
local md5 = ngx.md5
local re_match = ngx.re.match
local now = ngx.now
local exit = ngx.exit
local print = ngx.print
local var = ngx.var
local header = ngx.header
local sub = string.sub
local tonumber = tonumber

local SECRET = "@SECRET@"
local PAGE = '@PAGE@'
local captures = {}

local function refuse(message)
    ngx.status = 403
    header["Content-Type"] = "text/html"
    header["Content-Length"] = #PAGE
    header["X-AUTH-MSG"] = message
    print(PAGE)
    return exit(403)
end

return function()
    local uri = var.uri
    if sub(uri, -3) ~= ".ts" then
        return
    end
    local t = var.arg_t
    if not t or not var.arg_key then
        return refuse("auth failed - missing necessary arg")
    end
    t = tonumber(t)
    if not t then
        return refuse("auth failed - invalid time")
    end
    if now() > t then
        return refuse("auth failed - expired url")
    end
    if not re_match(uri, "^/([^/]+)/([^/]+)/(.+)$", "jo", nil, captures) then
        return refuse("auth failed - malformed url")
    end
    local signed = SECRET .. captures[1] .. captures[3]
    if md5(signed) ~= captures[2] then
        header["X-AUTH-DEBUG"] = "signed: " .. signed
        return refuse("auth failed - invalid digest")
    end
end
