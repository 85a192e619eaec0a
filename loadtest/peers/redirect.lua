-- scripts/redirect.es for OpenResty's Lua module.
local re_find = ngx.re.find
local var = ngx.var
local header = ngx.header
local print = ngx.print
local exit = ngx.exit

local PAGE = '@PAGE@'

return function()
    local agent = var.http_user_agent
    if agent and re_find(agent, "Mobile|Android|iPhone", "jo") and var.cookie_view ~= "desktop" then
        ngx.status = 302
        header["Content-Type"] = "text/html"
        header["Content-Length"] = #PAGE
        header["Location"] = "https://m.example.com" .. var.request_uri
        print(PAGE)
        return exit(302)
    end
end
