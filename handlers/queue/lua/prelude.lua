-- What all scripts here share; each script is sent to Redis with this text before it.
-- A job's hash (rq:job:<id>) and the lists and registries named rq:* are RQ's own; all other keys are ours.

local QUEUES = {'gate', 'check', 'sweep'} -- most urgent first, as handlers.queue.job_specs.Priority; a test holds them together

local LEASES = 'wharfinger:leases' -- sorted set: the job's id, until when its worker's lease lasts
local HOLDERS = 'wharfinger:holders' -- hash: the job's id -> the lease token of the worker that runs it
local AGAIN = 'wharfinger:again' -- hash: the job's id -> its fields; it was asked for again while a worker ran it
local CONCURRENCY_KEYS = 'wharfinger:concurrency-keys' -- set: concurrency keys for which a job waits
local WAKEUP = 'wharfinger:wakeup' -- list: one push wakes one idle worker; only a hint, losing it loses nothing
local WAITING_COUNT = 'wharfinger:waiting-count' -- how many jobs wait for a concurrency key; sweep.lua counts them anew
local WINDOW = 4 -- jobs of one line that stand in a queue at a time: nobody waits behind more of another's

local OWNER = 'wharfinger:app' -- string: the App and the GitHub whose jobs these are

-- Whether this Redis is the App's that asks: the first one has it, and keeps it. '' asks for nothing.
local function is_mine(app)
  if app == '' then return true end
  redis.call('SET', OWNER, app, 'NX')
  return redis.call('GET', OWNER) == app
end

local function job_key(id) return 'rq:job:' .. id end
local function queue_key(queue) return 'rq:queue:' .. queue end
local function running_key(concurrency_key) return 'wharfinger:running:' .. concurrency_key end
local function waiting_key(concurrency_key, queue) return 'wharfinger:waiting:' .. queue .. ':' .. concurrency_key end
-- An installation's jobs stand in two lines: bulk jobs, which are held while GitHub asks it for patience, and the others.
local function aside_key(queue, line) return 'wharfinger:aside:' .. queue .. ':' .. line end -- list: its further jobs
local function asides_key(queue) return 'wharfinger:asides:' .. queue end -- set: lines that have such a list
local function window_key(queue) return 'wharfinger:window:' .. queue end -- hash: line -> its jobs that stand in the queue
local function held_key(queue) return 'wharfinger:held:' .. queue end -- sorted set: line -> until when it is held
local function bulk_line(installation) return installation .. ':bulk' end

-- The line of a job; '' for the clock's jobs, which are few.
local function line_of(id)
  local fields = redis.call('HMGET', job_key(id), 'installation', 'bulk')
  if not fields[1] or fields[1] == '' then return '' end
  return fields[2] == '1' and bulk_line(fields[1]) or fields[1]
end

local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) + tonumber(time[2]) / 1000000
end

-- A worker that takes only gates waits on a list of its own, so it takes no other worker's wakeup.
local function wake_a_worker(queue)
  local lists = queue == 'gate' and {WAKEUP, WAKEUP .. ':gate'} or {WAKEUP}
  for _, list in ipairs(lists) do
    redis.call('RPUSH', list, '1')
    redis.call('LTRIM', list, -64, -1)
  end
end

local function set_aside(id, queue, line, command)
  redis.call(command, aside_key(queue, line), id)
  redis.call('SADD', asides_key(queue), line)
end

-- Put a job that has its hash into its queue: at the end, or with 'LPUSH' at its head. Jobs beyond a line's window, and those of a
-- line that is held, are set aside until it is their turn.
local function push(id, queue, command)
  local line = line_of(id)
  if line ~= '' then
    local full = (tonumber(redis.call('HGET', window_key(queue), line)) or 0) >= WINDOW
    local later = command == 'RPUSH' and (full or redis.call('EXISTS', aside_key(queue, line)) == 1)
    if later or redis.call('ZSCORE', held_key(queue), line) then
      set_aside(id, queue, line, command)
      return
    end
    redis.call('HINCRBY', window_key(queue), line, 1)
  end
  redis.call(command, queue_key(queue), id)
  wake_a_worker(queue)
end

-- Let jobs of a line that were set aside take the places that others of it left.
local function refill(queue, line)
  if redis.call('ZSCORE', held_key(queue), line) then return end
  local aside = aside_key(queue, line)
  local standing = tonumber(redis.call('HGET', window_key(queue), line)) or 0
  while standing < WINDOW do
    local id = redis.call('LPOP', aside)
    if not id then break end
    redis.call('RPUSH', queue_key(queue), id)
    standing = redis.call('HINCRBY', window_key(queue), line, 1)
    wake_a_worker(queue)
  end
  if redis.call('EXISTS', aside) == 0 then redis.call('SREM', asides_key(queue), line) end
end

-- Count anew what stands in a queue, and let those take their places who were set aside and are not held. Returns whether any did.
local function recount(queue)
  local before = redis.call('LLEN', queue_key(queue))
  redis.call('DEL', window_key(queue))
  for _, id in ipairs(redis.call('LRANGE', queue_key(queue), 0, -1)) do
    local line = line_of(id)
    if line ~= '' then redis.call('HINCRBY', window_key(queue), line, 1) end
  end
  for _, line in ipairs(redis.call('SMEMBERS', asides_key(queue))) do refill(queue, line) end
  return redis.call('LLEN', queue_key(queue)) > before
end

-- How many jobs wait in a queue, also those that were set aside.
local function queue_length(queue)
  local count = redis.call('LLEN', queue_key(queue))
  for _, line in ipairs(redis.call('SMEMBERS', asides_key(queue))) do count = count + redis.call('LLEN', aside_key(queue, line)) end
  return count
end

local function wait_for_key(id, queue, concurrency_key)
  redis.call('RPUSH', waiting_key(concurrency_key, queue), id)
  redis.call('SADD', CONCURRENCY_KEYS, concurrency_key)
  redis.call('INCR', WAITING_COUNT)
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
  push(id, fields.origin, 'RPUSH')
end

-- Put a job that has its hash back at the head of its queue.
local function requeue(id, queue)
  redis.call('HSET', job_key(id), 'status', 'queued')
  push(id, queue, 'LPUSH')
end

-- Let a job that has its hash wait until a time; take.lua puts it into its queue then.
local function schedule(id, queue, due)
  redis.call('HSET', job_key(id), 'status', 'scheduled')
  redis.call('ZADD', 'rq:scheduled:' .. queue, due, id)
end

-- The concurrency key is free: put the most urgent job that waits for it behind the first of its queue, so that a long row of
-- such jobs lets others pass; at the head where the first has the same key and came later.
local function start_next(concurrency_key)
  for _, queue in ipairs(QUEUES) do
    local id = redis.call('LPOP', waiting_key(concurrency_key, queue))
    if id then
      redis.call('DECR', WAITING_COUNT)
      local first = redis.call('LINDEX', queue_key(queue), 0)
      push(id, queue, 'LPUSH')
      local other = first and redis.call('HGET', job_key(first), 'concurrency_key') ~= concurrency_key
      if other and redis.call('LINDEX', queue_key(queue), 0) == id then
        redis.call('LPOP', queue_key(queue))
        redis.call('LINSERT', queue_key(queue), 'AFTER', first, id)
      end
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
