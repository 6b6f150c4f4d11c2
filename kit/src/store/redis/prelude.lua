-- Stands before the functions of a service in each library. A transaction reads first; its writes are kept back and run
-- at its end, because Lua does not roll back: after an error midway, the writes before it would stay.

local kit = {}

-- Redis turns a number into text with 14 digits, and a version may have 16.
function kit.text(number)
  return string.format('%.0f', number)
end

local function refuse_event(reason)
  error('an event cannot be added to the outbox: ' .. reason, 0)
end

local function is_count(text)
  return type(text) == 'string' and text:match('^%d+$') ~= nil and tonumber(text) > 0
    and tonumber(text) <= 9007199254740991
end

local function is_id(text)
  local hex = '%x%x%x%x'
  return type(text) == 'string' and text == text:lower()
    and text:match('^' .. hex .. hex .. '%-' .. hex .. '%-' .. hex .. '%-' .. hex .. '%-' .. hex .. hex .. hex .. '$') ~= nil
end

local function check_event(event)
  if not is_id(event.id) then refuse_event('its id is not a UUID in lower case') end
  if type(event.type) ~= 'string' or not event.type:match('^%l[%l%d-]*%.[%l%d_.-]+$') then
    refuse_event('its type is not like things.changed')
  end
  if not is_count(event.type_version) then refuse_event('the version of its type is not a small number') end
  if not is_count(event.aggregate_version) then
    refuse_event('the version of its aggregate is not a safe integer above zero')
  end
  if type(event.aggregate_id) ~= 'string' or event.aggregate_id == '' then
    refuse_event('the id of its aggregate is empty or too long')
  end
  if type(event.state) ~= 'string' or not pcall(cjson.decode, event.state) then
    refuse_event('it has no state')
  end
end

local function begin(prefix, operation, now_ms)
  local tx = { now_ms = now_ms }
  local writes = {}
  local events = 0

  -- The key of a part of this store: all keys of the store share one slot.
  function tx.key(...)
    return prefix .. table.concat({ ... }, ':')
  end

  -- Reads at once. It does not see what this transaction is going to write.
  function tx.read(...)
    return redis.call(...)
  end

  -- Writes at the end, in order, if no error comes before. Check the type of a key before writing to it.
  function tx.write(...)
    writes[#writes + 1] = { ... }
  end

  -- Adds a fact: type, type_version, aggregate_id, aggregate_version and state (JSON) are text; id, occurred_at_us,
  -- trace and deadline_ms may be left out. The id follows from the operation, so a repetition has the same.
  function tx.event(event)
    events = events + 1
    if not event.id then
      local hash = redis.sha1hex(operation .. '#' .. events)
      event.id = table.concat({ hash:sub(1, 8), hash:sub(9, 12), '5' .. hash:sub(14, 16), '8' .. hash:sub(18, 20), hash:sub(21, 32) }, '-')
    end
    check_event(event)
    tx.write('XADD', tx.key('outbox'), '*', 'event_id', event.id, 'type', event.type, 'type_version', event.type_version,
      'aggregate_id', event.aggregate_id, 'aggregate_version', event.aggregate_version, 'state', event.state,
      'occurred_at_us', event.occurred_at_us or (now_ms .. '000'), 'trace', event.trace or '',
      'deadline_ms', event.deadline_ms or '')
  end

  -- Whether this consumer handles the message for the first time. Remembers it at the end.
  function tx.first_time(consumer, event_id)
    local member = consumer .. ' ' .. event_id
    if redis.call('ZSCORE', tx.key('inbox'), member) then return false end
    tx.write('ZADD', tx.key('inbox'), now_ms, member)
    return true
  end

  -- Whether the version (text) is newer than all that this consumer has seen of the aggregate. Remembers it at the end.
  function tx.newer(consumer, resource, aggregate_id, version)
    local field = resource .. ' ' .. aggregate_id
    local known = redis.call('HGET', tx.key('versions', consumer), field)
    if known and tonumber(known) >= tonumber(version) then return false end
    tx.write('HSET', tx.key('versions', consumer), field, version)
    return true
  end

  return tx, function()
    for _, write in ipairs(writes) do redis.call(unpack(write)) end
    return events
  end
end

-- Registers a function of the service. It gets a transaction and its arguments, which are text, and returns text. The
-- text is kept under the id of the operation: a repetition returns it and does nothing. With a second value that is
-- true, nothing is kept: the function has done nothing, and a repetition calls it again.
function kit.transaction(name, work)
  redis.register_function(LIBRARY .. '_' .. name, function(keys, args)
    local prefix, operation, now_ms, keep_s = args[1], args[2], args[3], args[4]
    local before = redis.call('GET', keys[1])
    if before then return { 1, 0, before } end
    local tx, finish = begin(prefix, operation, now_ms)
    local result, forgotten = work(tx, { unpack(args, 5) })
    result = result or ''
    if type(result) ~= 'string' then error('a transaction returns text', 0) end
    if not forgotten then tx.write('SET', keys[1], result, 'EX', keep_s) end
    return { 0, finish(), result }
  end)
end

-- Whether a command still has the reply that it had. A number is an integer reply, and false is nil.
local function same(reply, before)
  if before == cjson.null then return reply == false end
  if type(before) ~= 'table' or type(reply) ~= 'table' then return reply == before end
  if #before ~= #reply then return false end
  for at, member in ipairs(before) do
    if not same(reply[at], member) then return false end
  end
  return true
end

-- The end of a transaction of the ledger (ledger-tx.ts). `expected`: commands with the replies that the transaction
-- built upon. `newer`: scores that must be larger than those that are there. `forgotten`: members that go if their score
-- is still this one. `events`: facts, as text. Returns 'conflict', and has done nothing, where something changed meanwhile.
kit.transaction('kit_commit', function(tx, args)
  local parts = cjson.decode(args[1])
  for _, expected in ipairs(parts.expected) do
    if not same(redis.call(unpack(expected.command)), expected.reply) then return 'conflict', true end
  end
  for _, newer in ipairs(parts.newer) do
    local known = redis.call('ZSCORE', newer.key, newer.member)
    if known and tonumber(known) >= tonumber(newer.score) then return 'conflict', true end
  end
  for _, forgotten in ipairs(parts.forgotten) do
    local known = redis.call('ZSCORE', forgotten.key, forgotten.member)
    if known and tonumber(known) == tonumber(forgotten.score) then tx.write('ZREM', forgotten.key, forgotten.member) end
  end
  for _, write in ipairs(parts.writes) do tx.write(unpack(write)) end
  for _, event in ipairs(parts.events) do tx.event(event) end
  return 'done'
end)
