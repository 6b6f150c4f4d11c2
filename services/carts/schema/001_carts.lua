-- Carts expire by themselves, and Redis says nothing of it: the indexes that name them are swept. Removes at most 1,000 of each kind and
-- returns how many it has removed.
kit.transaction('sweep', function(tx)
  local count = 0
  local function sweep(by, others)
    local gone = tx.read('ZRANGEBYSCORE', tx.key(by), '-inf', tx.now_ms, 'LIMIT', '0', '1000')
    if #gone == 0 then return end
    count = count + #gone
    tx.write('ZREM', tx.key(by), unpack(gone))
    for _, other in ipairs(others) do tx.write('ZREM', tx.key(other), unpack(gone)) end
  end
  sweep('expiry', { 'created', 'valued' })
  sweep('until', { 'ids' })
  return tostring(count)
end)
