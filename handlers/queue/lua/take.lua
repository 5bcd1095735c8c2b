-- Take the most urgent job whose concurrency key is free, under a lease, in one step: a crash loses nothing.
-- ARGV: seconds the lease lasts without a heartbeat, the App that asks, then the queues to look at, most urgent first
-- Returns: id, queue, lease token, concurrency key; or nothing

local lease = tonumber(ARGV[1])
local time = now()
if not is_mine(ARGV[2]) then return false end

for place = 3, #ARGV do
  local queue = ARGV[place]
  local scheduled = 'rq:scheduled:' .. queue
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', scheduled, '-inf', time, 'LIMIT', 0, 32)) do
    redis.call('ZREM', scheduled, id)
    redis.call('HSET', job_key(id), 'status', 'queued')
    push(id, queue, 'RPUSH')
  end
  for _, line in ipairs(redis.call('ZRANGEBYSCORE', held_key(queue), '-inf', time, 'LIMIT', 0, 32)) do
    redis.call('ZREM', held_key(queue), line)
    refill(queue, line)
  end
  for _ = 1, 500 do -- bounded, so that many jobs with one concurrency key do not block Redis
    local id = redis.call('LPOP', queue_key(queue))
    if not id and redis.call('SCARD', asides_key(queue)) > 0 and recount(queue) then id = redis.call('LPOP', queue_key(queue)) end
    if not id then break end
    local line, concurrency_key = line_of(id), redis.call('HGET', job_key(id), 'concurrency_key') or ''
    if line ~= '' then
      redis.call('HINCRBY', window_key(queue), line, -1)
      refill(queue, line)
    end
    if redis.call('HEXISTS', job_key(id), 'data') == 0 then
      redis.call('DEL', job_key(id)) -- dropped by hand while it waited
    elseif concurrency_key ~= '' and redis.call('EXISTS', running_key(concurrency_key)) == 1 then
      wait_for_key(id, queue, concurrency_key)
    else
      local lease_token = tostring(redis.call('INCR', 'wharfinger:lease-token'))
      if concurrency_key ~= '' then redis.call('SET', running_key(concurrency_key), id .. ':' .. lease_token) end
      redis.call('ZADD', LEASES, time + lease, id)
      redis.call('HSET', HOLDERS, id, lease_token)
      redis.call('HDEL', AGAIN, id) -- this run will see whatever was asked for until now
      return {id, queue, lease_token, concurrency_key}
    end
  end
end
return false
