-- Decides over one request and takes its places, in one step.
--
-- KEYS[1] holds the places of one identifier: a sorted set whose scores are times in microseconds.
--   A request of cost 3 has the places `id`, `id.1` and `id.2`. Where throttles of different
--   settings share the set, its members `w` and `r` hold the longest window and the largest
--   number of places that any of them asks for, as scores below zero.
-- ARGV: 1 whether this was asked before and may have been done, `1` or nothing
--       2 the time, or nothing where Redis tells it
--       3 the id
--       4 `take`, `look` (change nothing) or `add` (do not ask)
--       5 the cost
--       6 for how many milliseconds the set is remembered
--       7 the longest window, 8 how many places are remembered, 9 whether the set is shared
--      10 whether to tell where the identifier stands
--      11 for `add`: the time of the places, below zero how long ago it was, or nothing for now
--      12 for `add`: the number of the first place
--      13... of each limit how many places it has, and the length of its window
-- Lengths are in microseconds.
-- Returns how long to wait, or -1; the time; and for each limit, where that is to be told, how
-- many places of it are taken, for how long they all will be, and how long to wait, or -1.

local key = KEYS[1]
local again, id, what, cost = ARGV[1] ~= '', ARGV[3], ARGV[4], tonumber(ARGV[5])
local ttl, longest, ring = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local shared, told = ARGV[9] ~= '', ARGV[10] ~= ''

local now = tonumber(ARGV[2])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end

local function after(time)
  return string.format('(%.0f', time)
end

local newest = redis.call('ZREVRANGE', key, 0, 0, 'WITHSCORES')[2]
if newest and tonumber(newest) > now then
  -- The clock was set back. What seems to be yet to come counts from now on.
  for _, place in ipairs(redis.call('ZRANGEBYSCORE', key, after(now), '+inf')) do
    redis.call('ZADD', key, now, place)
  end
end

-- How long a request of so many places must wait for a limit, or -1.
local function wait_for(throttle_at, window, places)
  if places == 0 or not newest then
    return -1
  end
  local nth = throttle_at - places + 1
  local time = redis.call('ZRANGE', key, -nth, -nth, 'WITHSCORES')[2]
  time = time and tonumber(time)
  if time and time > 0 and time + window > now then
    return math.min(time + window - now, window)
  end
  return -1
end

local wait, has_it = -1, again and redis.call('ZSCORE', key, id)
if what ~= 'add' and not has_it then
  for limit = 13, #ARGV, 2 do
    wait = math.max(wait, wait_for(tonumber(ARGV[limit]), tonumber(ARGV[limit + 1]), cost))
  end
end

-- Remembers the set for at least so long.
local function remember()
  if not shared or redis.call('PTTL', key) < ttl then
    redis.call('PEXPIRE', key, ttl)
  end
end

local at, first = has_it and tonumber(has_it) or now, 0
if what == 'add' then
  at, first = tonumber(ARGV[11]) or now, tonumber(ARGV[12])
  if at < 0 then
    at = now + at
  end
  at = math.min(at, now)
end
if shared and what ~= 'look' then
  -- The longest and the largest of all that share the set.
  longest = math.max(longest, -(tonumber(redis.call('ZSCORE', key, 'w') or 0)))
  ring = math.max(ring, -(tonumber(redis.call('ZSCORE', key, 'r') or 0)))
end

if wait < 0 and what ~= 'look' and cost > 0 and not has_it and at + longest > now then
  local places = {}
  for number = first, first + cost - 1 do
    places[#places + 1] = at
    places[#places + 1] = number == 0 and id or id .. '.' .. number
    if #places == 2000 or number == first + cost - 1 then
      redis.call('ZADD', key, unpack(places))
      places = {}
    end
  end
  if shared then
    redis.call('ZADD', key, -longest, 'w', -ring, 'r')
  end
  redis.call('ZREMRANGEBYSCORE', key, 0, string.format('%.0f', now - longest))
  if what == 'add' then
    -- More than this no limit asks for, though as many as are kept be given back.
    local surplus = redis.call('ZCOUNT', key, 0, '+inf') - 2 * ring
    if surplus > 0 then
      local oldest = redis.call('ZCARD', key) - 2 * ring - surplus
      redis.call('ZREMRANGEBYRANK', key, oldest, oldest + surplus - 1)
    end
  end
  newest = true
  remember()
elseif newest and ttl * 1000 < longest then
  remember()
end

local reply = { wait, at }
if told then
  for limit = 13, #ARGV, 2 do
    local window = tonumber(ARGV[limit + 1])
    local own = -1
    if wait >= 0 then
      own = wait_for(tonumber(ARGV[limit]), window, cost)
    end
    local since = after(now - window)
    local taken = redis.call('ZCOUNT', key, since, '+inf')
    local reset = own
    if reset < 0 and taken >= tonumber(ARGV[limit]) then
      reset = wait_for(tonumber(ARGV[limit]), window, 1)
    elseif reset < 0 and taken > 0 then
      local oldest = redis.call('ZRANGEBYSCORE', key, since, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
      reset = math.min(tonumber(oldest) + window - now, window)
    end
    reply[#reply + 1] = taken
    reply[#reply + 1] = reset
    reply[#reply + 1] = own
  end
end
return reply
