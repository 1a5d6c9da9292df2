-- A purchase from an empty basket, again and again: basket of three lines, quote, checkout. One connection a thread (wrk -tN -cN),
-- so that an answer belongs to the request before it.
local ffi = require("ffi")
ffi.cdef("typedef struct { long s; long us; } journey_time; int gettimeofday(journey_time *t, void *z);")
local clock = ffi.new("journey_time")
local function now() ffi.C.gettimeofday(clock, nil) return tonumber(clock.s) * 1000 + tonumber(clock.us) / 1000 end

local threads = 0
function setup(thread) thread:set("number", threads) threads = threads + 1 end

local offers, step, started, cart, token, count = {}, 1, 0, nil, nil, 0
local json = { ["content-type"] = "application/json" }
function init(args)
  math.randomseed(number * 7919 + 1)
  for line in io.lines(args[1]) do offers[#offers + 1] = line end
  out = io.open(args[2] .. "/" .. number, "w")
end

local function three()
  local picked, seen = {}, {}
  while #picked < 3 do
    local offer = offers[math.random(#offers)]
    if not seen[offer] then seen[offer] = true picked[#picked + 1] = '{"offer_id":"' .. offer .. '","quantity":1}' end
  end
  return table.concat(picked, ",")
end

function request()
  if step == 1 then
    started = now()
    return wrk.format("POST", "/v1/carts", json, '{"items":[' .. three() .. "]}")
  end
  local mine = { ["content-type"] = "application/json", ["x-cart-token"] = token }
  if step == 2 then
    return wrk.format("POST", "/v1/carts/" .. cart .. "/quote", mine,
      '{"address":{"recipient":"Lan","phone":"0912345678","street":"1 phố Huế","commune_code":"00256"}}')
  end
  mine["idempotency-key"] = "j" .. cart
  return wrk.format("POST", "/v1/checkouts", mine, '{"cart_id":"' .. cart .. '","quote_id":"' .. quote ..
    '","payment_method":"cash_on_delivery","contact":{"name":"Lan","phone":"0912345678"}}')
end

function response(status, headers, body)
  if status ~= 201 then
    out:write("refused ", step, " ", status, "\n") out:flush()
    step = 1
    return
  end
  if step == 1 then
    cart, token = body:match('"id":"([^"]+)"'), body:match('"token":"([^"]+)"')
  elseif step == 2 then
    quote = body:match('"id":"([^"]+)"')
  else
    count = count + 1
    out:write(string.format("%.2f\n", now() - started))
    if count % 10 == 0 then out:flush() end
  end
  step = step % 3 + 1
end
