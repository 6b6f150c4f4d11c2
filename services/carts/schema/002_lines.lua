-- Carts expire by themselves, and Redis says nothing of it: the indexes that name them and their lines are swept. Removes at most 1,000
-- of each kind and returns how many it has removed.
kit.transaction('sweep', function(tx)
  local count = 0
  local function sweep(by, sets, hashes)
    local gone = tx.read('ZRANGEBYSCORE', tx.key(by), '-inf', tx.now_ms, 'LIMIT', '0', '1000')
    if #gone == 0 then return end
    count = count + #gone
    tx.write('ZREM', tx.key(by), unpack(gone))
    for _, other in ipairs(sets) do tx.write('ZREM', tx.key(other), unpack(gone)) end
    for _, other in ipairs(hashes) do tx.write('HDEL', tx.key(other), unpack(gone)) end
  end
  sweep('expiry', { 'created', 'valued' }, {})
  sweep('until', { 'ids' }, {})
  sweep('line_until', { 'line_created' }, { 'line_cart' })
  return tostring(count)
end)

-- Enters the lines of carts into the indexes of lines: for a store from before there were any. Arguments: how long a cart lives in ms,
-- whether these are the last carts, and their ids.
kit.transaction('index_lines', function(tx, args)
  for at = 3, #args do
    local id = args[at]
    local updated_at = tx.read('HGET', tx.key('cart', id), 'updated_at')
    local lines = updated_at and tx.read('HVALS', tx.key('lines', id)) or {}
    for _, text in ipairs(lines) do
      local line = cjson.decode(text)
      tx.write('ZADD', tx.key('line_created'), kit.text(line.createdAt), line.id)
      tx.write('ZADD', tx.key('line_until'), kit.text(math.floor(tonumber(updated_at) / 1000) + tonumber(args[1])), line.id)
      tx.write('HSET', tx.key('line_cart'), line.id, id)
    end
  end
  if args[2] == 'last' then tx.write('SET', tx.key('lines_indexed'), '1') end
  return 'done'
end)
