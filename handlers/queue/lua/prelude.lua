-- What all scripts here share; each script is sent to Redis with this text before it.
-- A job's hash (rq:job:<id>) and the lists and registries named rq:* are RQ's own; all other keys are ours.

local QUEUES = {'gate', 'check', 'sweep'} -- most urgent first, as handlers.queue.job_specs.Priority; a test holds them together

local LEASES = 'wharfinger:leases' -- sorted set: the job's id, until when its worker's lease lasts
local HOLDERS = 'wharfinger:holders' -- hash: the job's id -> the lease token of the worker that runs it
local AGAIN = 'wharfinger:again' -- hash: the job's id -> its fields; it was asked for again while a worker ran it
local CONCURRENCY_KEYS = 'wharfinger:concurrency-keys' -- set: concurrency keys for which a job waits
local WAKEUP = 'wharfinger:wakeup' -- list: one push wakes one idle worker; only a hint, losing it loses nothing

local function job_key(id) return 'rq:job:' .. id end
local function queue_key(queue) return 'rq:queue:' .. queue end
local function running_key(concurrency_key) return 'wharfinger:running:' .. concurrency_key end
local function waiting_key(concurrency_key, queue) return 'wharfinger:waiting:' .. queue .. ':' .. concurrency_key end

local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) + tonumber(time[2]) / 1000000
end

local function wake_a_worker()
  redis.call('RPUSH', WAKEUP, '1')
  redis.call('LTRIM', WAKEUP, -64, -1)
end

-- Create the job from its hash fields (a JSON object) and put it at the end of its queue.
local function create(id, json)
  local fields = cjson.decode(json)
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
  wake_a_worker()
end

-- Put a job that has its hash back at the head of its queue.
local function requeue(id, queue)
  redis.call('HSET', job_key(id), 'status', 'queued')
  redis.call('LPUSH', queue_key(queue), id)
  wake_a_worker()
end

-- Let a job that has its hash wait until a time; take.lua puts it into its queue then.
local function schedule(id, queue, due)
  redis.call('HSET', job_key(id), 'status', 'scheduled')
  redis.call('ZADD', 'rq:scheduled:' .. queue, due, id)
end

-- The concurrency key is free: put the most urgent job that waits for it at the head of its queue.
local function start_next(concurrency_key)
  for _, queue in ipairs(QUEUES) do
    local id = redis.call('LPOP', waiting_key(concurrency_key, queue))
    if id then
      redis.call('LPUSH', queue_key(queue), id)
      wake_a_worker()
      return
    end
  end
  redis.call('SREM', CONCURRENCY_KEYS, concurrency_key)
end

-- End a lease and free the concurrency key, if it is this holder's.
local function end_lease(id, lease_token, concurrency_key)
  redis.call('HDEL', HOLDERS, id)
  redis.call('ZREM', LEASES, id)
  if not concurrency_key or concurrency_key == '' then return end
  if redis.call('GET', running_key(concurrency_key)) == id .. ':' .. lease_token then
    redis.call('DEL', running_key(concurrency_key))
    start_next(concurrency_key)
  end
end
