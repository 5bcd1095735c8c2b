-- Take the most urgent piece of work whose lane is free, and hold it: nothing is ever between two places.
-- ARGV: seconds the hold lasts without a sign of life, then the queues to look at, most urgent first
-- Returns: id, queue, fence, lane; or nothing

local lease = tonumber(ARGV[1])
local time = now()

for place = 2, #ARGV do
  local queue = ARGV[place]
  local scheduled = 'rq:scheduled:' .. queue
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', scheduled, '-inf', time, 'LIMIT', 0, 32)) do
    redis.call('ZREM', scheduled, id)
    redis.call('HSET', job_key(id), 'status', 'queued')
    redis.call('RPUSH', queue_key(queue), id)
  end
  for _ = 1, 500 do -- an end, so that a long line before one lane does not hold up Redis
    local id = redis.call('LPOP', queue_key(queue))
    if not id then break end
    local lane = redis.call('HGET', job_key(id), 'lane')
    if redis.call('HEXISTS', job_key(id), 'data') == 0 then
      redis.call('DEL', job_key(id)) -- dropped by hand while it waited
    elseif lane and lane ~= '' and redis.call('EXISTS', lane_key(lane)) == 1 then
      redis.call('RPUSH', waiting_key(lane, queue), id)
      redis.call('SADD', LANES, lane)
    else
      local fence = tostring(redis.call('INCR', 'wharfinger:fence'))
      if lane and lane ~= '' then redis.call('SET', lane_key(lane), id .. ':' .. fence) end
      redis.call('ZADD', LEASES, time + lease, id)
      redis.call('HSET', HOLDERS, id, fence)
      redis.call('HDEL', AGAIN, id) -- whatever was asked for until now, this run will see
      return {id, queue, fence, lane or ''}
    end
  end
end
return false
