-- Remember a delivery and queue its jobs, all or nothing.
-- ARGV: delivery ('' for none), seconds to remember it, installation ('' for none), the most jobs that may wait,
--       what became of the installation ('suspend', 'unsuspend' or ''), the App that asks ('': one that claimed this Redis
--       already), then for each job: id, fields
-- Returns: status ('ok', 'full', 'suspended', 'foreign'), jobs queued, jobs already waiting, jobs already done

local delivery, remember, installation, most = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local suspension = ARGV[5]
if not is_mine(ARGV[6]) then return {'foreign', 0, 0, 0} end
local key = 'wharfinger:delivery:' .. delivery
local queued, waiting, done = 0, 0, 0

if suspension == '' and installation ~= '' and redis.call('SISMEMBER', 'wharfinger:suspended', installation) == 1 then
  return {'suspended', 0, 0, 0}
end

local length = redis.call('HLEN', AGAIN) + (tonumber(redis.call('GET', WAITING_COUNT)) or 0)
for _, queue in ipairs(QUEUES) do length = length + queue_length(queue) + redis.call('ZCARD', 'rq:scheduled:' .. queue) end
if length >= most then return {'full', 0, 0, 0} end

if installation ~= '' and suspension == 'suspend' then redis.call('SADD', 'wharfinger:suspended', installation) end
if installation ~= '' and suspension == 'unsuspend' then redis.call('SREM', 'wharfinger:suspended', installation) end

local known = {}
if delivery ~= '' then
  for id in string.gmatch(redis.call('GET', key) or '', '%S+') do known[id] = true end
end

local ids = {}
for place = 7, #ARGV, 2 do
  local id, fields = ARGV[place], ARGV[place + 1]
  local status = redis.call('HGET', job_key(id), 'status')
  ids[#ids + 1] = id
  if redis.call('HEXISTS', HOLDERS, id) == 1 then
    -- A worker runs it and may have read the state already: it runs once more after that.
    if not known[id] then redis.call('HSET', AGAIN, id, fields) end
    waiting = waiting + 1
  elseif status == 'queued' or status == 'scheduled' then
    waiting = waiting + 1
  elseif known[id] and not status then
    done = done + 1 -- this delivery's job was done: the delivery is a repeat
  else
    create(id, fields) -- new, or failed for good and now asked for again
    queued = queued + 1
  end
end

if delivery ~= '' and #ids > 0 then redis.call('SET', key, table.concat(ids, ' '), 'EX', remember) end
return {'ok', queued, waiting, done}
