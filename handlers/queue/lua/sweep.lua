-- Repair what crashed workers left behind; safe to run at any time, from anywhere.
-- ARGV: seconds a failed job is kept, then seconds until a job is tried again after the first crash of its worker, the
--       second, …; the crash after these is its last
-- Returns: jobs put back, jobs failed for good, concurrency keys freed, jobs queued again

local keep = tonumber(ARGV[1])
local time = now()
local back, failed, freed, again = 0, 0, 0, 0

for _, id in ipairs(redis.call('ZRANGEBYSCORE', LEASES, '-inf', time, 'LIMIT', 0, 100)) do
  local lease_token = redis.call('HGET', HOLDERS, id) or ''
  local fields = redis.call('HMGET', job_key(id), 'status', 'origin', 'concurrency_key', 'crashes')
  local status, queue, concurrency_key, crashes = fields[1], fields[2], fields[3], (tonumber(fields[4]) or 0) + 1
  if queue then
    redis.call('ZREM', 'rq:scheduled:' .. queue, id)
    local pause = tonumber(ARGV[1 + crashes])
    if status == 'queued' then -- taken, not begun: the crash does not count
      requeue(id, queue)
      back = back + 1
    elseif pause then
      redis.call('HSET', job_key(id), 'crashes', crashes)
      if pause > 0 then schedule(id, queue, time + pause) else requeue(id, queue) end
      back = back + 1
    else
      local reason = 'its worker crashed while running it, ' .. crashes .. ' times'
      redis.call('HSET', job_key(id), 'status', 'failed', 'reason', reason)
      redis.call('EXPIRE', job_key(id), keep)
      redis.call('ZADD', 'rq:failed:' .. queue, time + keep, id)
      failed = failed + 1
    end
  end
  end_lease(id, lease_token, concurrency_key)
end

for _, concurrency_key in ipairs(redis.call('SMEMBERS', CONCURRENCY_KEYS)) do
  local holder = redis.call('GET', running_key(concurrency_key))
  local id, lease_token = string.match(holder or '', '^(.*):(%d+)$')
  if not id or redis.call('HGET', HOLDERS, id) ~= lease_token then
    redis.call('DEL', running_key(concurrency_key))
    start_next(concurrency_key)
    freed = freed + 1
  end
end

local waiting = 0
for _, concurrency_key in ipairs(redis.call('SMEMBERS', CONCURRENCY_KEYS)) do
  for _, queue in ipairs(QUEUES) do waiting = waiting + redis.call('LLEN', waiting_key(concurrency_key, queue)) end
end
redis.call('SET', WAITING_COUNT, waiting)
for _, queue in ipairs(QUEUES) do recount(queue) end -- a job that was dropped by hand left its place and was not counted

for _, id in ipairs(redis.call('HKEYS', AGAIN)) do
  local status = redis.call('HGET', job_key(id), 'status')
  if redis.call('HEXISTS', HOLDERS, id) == 0 and (not status or status == 'failed') then
    local fields = redis.call('HGET', AGAIN, id)
    redis.call('HDEL', AGAIN, id)
    create(id, fields)
    again = again + 1
  end
end
return {back, failed, freed, again}
