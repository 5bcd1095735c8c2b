-- The last command of the transaction in which RQ books the end of a job: let it go, and see to what was asked meanwhile.
-- ARGV: id, fence, lane, the job's name, how it ended ('done', 'failed', 'retry', 'later')
-- Returns 1, or 0 when the hold was no longer ours.

local id, fence, lane, name, ending = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
if redis.call('HGET', HOLDERS, id) ~= fence then return 0 end
redis.call('HINCRBY', 'wharfinger:counts', ending .. ':' .. name, 1)
let_go(id, fence, lane)
if ending == 'done' then
  local spec = redis.call('HGET', AGAIN, id)
  if spec then
    redis.call('HDEL', AGAIN, id)
    create(id, spec)
  end
end
return 1
