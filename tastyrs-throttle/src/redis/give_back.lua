-- Gives places back: KEYS[1] as above, ARGV[1] their id, from number ARGV[2] to before ARGV[3].
local id, places = ARGV[1], {}
local last = tonumber(ARGV[3]) - 1
for number = tonumber(ARGV[2]), last do
  places[#places + 1] = number == 0 and id or id .. '.' .. number
  if #places == 1000 or number == last then
    redis.call('ZREM', KEYS[1], unpack(places))
    places = {}
  end
end
return 0
