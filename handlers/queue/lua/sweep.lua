-- Find what dead workers left behind and put it right; safe to run at any time, from anywhere.
-- ARGV: seconds a job that is dead for good is kept, then seconds until a job is tried again after its first death, its
--       second, …; the death after these is its last
-- Returns: pieces put back, pieces dead for good, lanes freed, pieces asked for again

local keep = tonumber(ARGV[1])
local time = now()
local back, dead, freed, again = 0, 0, 0, 0

for _, id in ipairs(redis.call('ZRANGEBYSCORE', LEASES, '-inf', time, 'LIMIT', 0, 100)) do
  local fence = redis.call('HGET', HOLDERS, id) or ''
  local fields = redis.call('HMGET', job_key(id), 'status', 'origin', 'lane', 'deaths')
  local status, queue, lane, deaths = fields[1], fields[2], fields[3], (tonumber(fields[4]) or 0) + 1
  if queue then
    redis.call('ZREM', 'rq:scheduled:' .. queue, id)
    local pause = tonumber(ARGV[1 + deaths])
    if status == 'queued' then -- taken, not begun: no death of this job's
      put_back(id, queue)
      back = back + 1
    elseif pause then
      redis.call('HSET', job_key(id), 'deaths', deaths)
      if pause > 0 then put_off(id, queue, time + pause) else put_back(id, queue) end
      back = back + 1
    else
      local why = 'its worker died while doing it, ' .. deaths .. ' times'
      redis.call('HSET', job_key(id), 'status', 'failed', 'why', why)
      redis.call('EXPIRE', job_key(id), keep)
      redis.call('ZADD', 'rq:failed:' .. queue, time + keep, id)
      dead = dead + 1
    end
  end
  let_go(id, fence, lane)
end

for _, lane in ipairs(redis.call('SMEMBERS', LANES)) do
  local holder = redis.call('GET', lane_key(lane))
  local id, fence = string.match(holder or '', '^(.*):(%d+)$')
  if not id or redis.call('HGET', HOLDERS, id) ~= fence then
    redis.call('DEL', lane_key(lane))
    wake(lane)
    freed = freed + 1
  end
end

for _, id in ipairs(redis.call('HKEYS', AGAIN)) do
  local status = redis.call('HGET', job_key(id), 'status')
  if redis.call('HEXISTS', HOLDERS, id) == 0 and (not status or status == 'failed') then
    local spec = redis.call('HGET', AGAIN, id)
    redis.call('HDEL', AGAIN, id)
    create(id, spec)
    again = again + 1
  end
end
return {back, dead, freed, again}
