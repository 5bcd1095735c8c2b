-- Queue a failed job again with all its attempts. ARGV: queue, id, attempts. Returns 1, or 0 when there is no such failed job.

local queue, id, attempts = ARGV[1], ARGV[2], ARGV[3]
if redis.call('ZREM', 'rq:failed:' .. queue, id) == 0 then return 0 end
if redis.call('HEXISTS', job_key(id), 'data') == 0 then return 0 end
redis.call('PERSIST', job_key(id))
redis.call('HDEL', job_key(id), 'reason', 'crashes')
redis.call('HSET', job_key(id), 'status', 'queued', 'retries_left', attempts)
push(id, queue, 'RPUSH')
return 1
