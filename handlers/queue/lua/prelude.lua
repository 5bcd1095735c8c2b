-- The words every script here speaks; each script is sent to Redis with this text before it.
-- A job's hash (rq:job:<id>) and the lists and registries named rq:* are RQ's own; all other keys are ours.

local QUEUES = {'gate', 'check', 'sweep'} -- most urgent first, as handlers.queue.job_specs.Priority; a test holds them together

local LEASES = 'wharfinger:leases' -- sorted set: the job's id, until when a worker holds it
local HOLDERS = 'wharfinger:holders' -- hash: the job's id -> the fence of the worker that holds it
local AGAIN = 'wharfinger:again' -- hash: the job's id -> its spec; it was asked for again while a worker held it
local LANES = 'wharfinger:lanes' -- set: lanes in which something waits
local BELL = 'wharfinger:bell' -- list: one push wakes one idle worker; only a hint, losing it loses nothing

local function job_key(id) return 'rq:job:' .. id end
local function queue_key(queue) return 'rq:queue:' .. queue end
local function lane_key(lane) return 'wharfinger:lane:' .. lane end
local function waiting_key(lane, queue) return 'wharfinger:waiting:' .. queue .. ':' .. lane end

local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) + tonumber(time[2]) / 1000000
end

local function ring()
  redis.call('RPUSH', BELL, '1')
  redis.call('LTRIM', BELL, -64, -1)
end

-- Make the job anew from its spec (a JSON object of hash fields) and put it at the end of its queue.
local function create(id, spec)
  local fields = cjson.decode(spec)
  local key = job_key(id)
  local flat = {'status', 'queued'}
  for name, value in pairs(fields) do
    flat[#flat + 1] = name
    flat[#flat + 1] = value
  end
  redis.call('DEL', key)
  redis.call('HSET', key, unpack(flat))
  redis.call('SADD', 'rq:queues', queue_key(fields.origin))
  redis.call('ZREM', 'rq:failed:' .. fields.origin, id)
  redis.call('ZREM', 'rq:scheduled:' .. fields.origin, id)
  redis.call('RPUSH', queue_key(fields.origin), id)
  ring()
end

-- Put a job that has its hash back at the head of its queue.
local function put_back(id, queue)
  redis.call('HSET', job_key(id), 'status', 'queued')
  redis.call('LPUSH', queue_key(queue), id)
  ring()
end

-- Let a job that has its hash wait until then; take.lua puts it into its queue.
local function put_off(id, queue, due)
  redis.call('HSET', job_key(id), 'status', 'scheduled')
  redis.call('ZADD', 'rq:scheduled:' .. queue, due, id)
end

-- The lane is free: let the most urgent of those that wait for it go to the head of its queue.
local function wake(lane)
  for _, queue in ipairs(QUEUES) do
    local id = redis.call('LPOP', waiting_key(lane, queue))
    if id then
      redis.call('LPUSH', queue_key(queue), id)
      ring()
      return
    end
  end
  redis.call('SREM', LANES, lane)
end

-- End a hold: forget the lease and free the lane, if it is this holder's.
local function let_go(id, fence, lane)
  redis.call('HDEL', HOLDERS, id)
  redis.call('ZREM', LEASES, id)
  if lane and lane ~= '' and redis.call('GET', lane_key(lane)) == id .. ':' .. fence then
    redis.call('DEL', lane_key(lane))
    wake(lane)
  end
end
