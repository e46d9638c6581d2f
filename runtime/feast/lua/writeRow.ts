import type { Script } from '../../redis/lua/script.js';

/**
 * Writes a row of a view unless what is there is as new. KEYS: 1 the entity. ARGV: 1 field of the event time, 2 field of the place, 3 event time
 * as stored, 4 the place, always as long; then a field and its bytes for each feature. Returns 1 where it wrote, else 0.
 *
 * A place that is followed by the very event time that is stored tells how new the row is. Else Feast wrote it last, which leaves no place: the
 * event times decide, and of equal ones the row that is there stays, as Feast has it, too.
 */
export const WRITE_ROW: Script = {
  source: `
local function instant(stored)
  local parts, at = { 0, 0 }, 1
  while at <= #stored do
    local part, value, scale = (stored:byte(at) - stored:byte(at) % 8) / 8, 0, 1
    repeat
      at = at + 1
      local byte = stored:byte(at)
      value = value + byte % 128 * scale
      scale = scale * 128
    until byte < 128
    parts[part] = value
    at = at + 1
  end
  return parts[1], parts[2]
end
local stored, place = unpack(redis.call('HMGET', KEYS[1], ARGV[1], ARGV[2]))
local width = #ARGV[4]
if stored and place and place:sub(width + 1) == stored then
  if place:sub(1, width) >= ARGV[4] then return 0 end
elseif stored then
  local seconds, nanos = instant(stored)
  local newSeconds, newNanos = instant(ARGV[3])
  if newSeconds < seconds or (newSeconds == seconds and newNanos <= nanos) then return 0 end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3], ARGV[2], ARGV[4] .. ARGV[3], unpack(ARGV, 5))
return 1
`,
  readOnly: false,
};
