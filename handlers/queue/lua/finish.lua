-- The last command of the transaction in which RQ records the end of a job: end the lease, and queue what was asked for meanwhile.
-- ARGV: id, lease token, concurrency key, the job's name, how it ended ('done', 'failed', 'retry', 'later')
-- Returns 1, or 0 when the lease was no longer ours.

local id, lease_token, concurrency_key, name, ending = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
if redis.call('HGET', HOLDERS, id) ~= lease_token then return 0 end
redis.call('HINCRBY', 'wharfinger:counts', ending .. ':' .. name, 1)
end_lease(id, lease_token, concurrency_key)
if ending == 'done' then
  local fields = redis.call('HGET', AGAIN, id)
  if fields then
    redis.call('HDEL', AGAIN, id)
    create(id, fields)
  end
end
return 1
