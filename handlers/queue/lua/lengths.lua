-- Count the jobs that wait in each queue. Returns their numbers, most urgent first.

local lengths = {}
for _, queue in ipairs(QUEUES) do lengths[#lengths + 1] = queue_length(queue) end
return lengths
