-- A heartbeat. ARGV: id, lease token, seconds the lease lasts from now. Returns 1 while the lease is ours, else 0.

if redis.call('HGET', HOLDERS, ARGV[1]) ~= ARGV[2] then return 0 end
if tonumber(ARGV[3]) > 0 then redis.call('ZADD', LEASES, now() + tonumber(ARGV[3]), ARGV[1]) end
return 1
