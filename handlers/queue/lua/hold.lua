-- GitHub asked an installation for patience: hold its bulk jobs of a queue instead of taking each and putting it back.
-- ARGV: queue, installation, seconds from now. Returns how many jobs stood in the queue and were set aside.

local queue, line = ARGV[1], bulk_line(ARGV[2])
redis.call('ZADD', held_key(queue), 'GT', now() + tonumber(ARGV[3]), line)
local ids, count = redis.call('LRANGE', queue_key(queue), 0, -1), 0
for place = #ids, 1, -1 do -- from the end, so that they keep their order
  if line_of(ids[place]) == line then
    redis.call('LREM', queue_key(queue), -1, ids[place])
    set_aside(ids[place], queue, line, 'LPUSH')
    count = count + 1
  end
end
redis.call('HDEL', window_key(queue), line)
return count
