/** In which region learners are at home, in a Redis that the gateways of all regions reach: hashes alone, and which batches are under way. See ADR 0037. */
import type { Argument } from './connection.js';
import { RedisConnection } from './connection.js';
import { literally } from './keyPattern.js';
import { placeOf, type RedisOptions } from './options.js';
import { DEFAULT_PREFIX } from './redisState.js';

/** Bytes of what stands for an identity, and of what stands for a pseudonym at the beginning of an entry. */
export const MARK_BYTES = 16;

/** What all keys of a register begin with. No region is called so: its name would hold no slash. One hash tag, so that one script may use them in a cluster. */
export const homesKeys = (prefix = DEFAULT_PREFIX): string => `${prefix}:{/homes}:`;
/** A pattern for the keys of a register. */
export const homesPattern = (prefix = DEFAULT_PREFIX): string => `${literally(homesKeys(prefix))}*`;

/** A batch that a gateway makes. */
export interface HomesBatch {
  /** The gateway: another process of it takes the place of an earlier one. */
  readonly gateway: string;
  /** Another one for each batch; no space in it. */
  readonly batch: string;
  readonly region: string;
  /** Without an extension it counts as one whose gateway is gone after so long, ms. */
  readonly lastsMs: number;
}

/** A batch in which somebody is. */
export interface BatchUnderWay {
  readonly gateway: string;
  readonly batch: string;
  /** Its gateway has said nothing for longer than it said that it would. */
  readonly isOverdue: boolean;
}

/** Entries: 16 bytes for a pseudonym, then the region. By marks: 16 bytes for an identity. All calls may fail with SFS_STATE_UNAVAILABLE and SFS_STATE_REFUSED. */
export interface RedisHomes {
  /** What tells the key of the hashes from another one; that of who comes first holds. */
  keyCheck(check: string): Promise<string>;
  entries(marks: readonly Buffer[]): Promise<(Buffer | null)[]>;
  /** The entries of those in a batch. Those at home in its region, or nowhere, are under way in it. */
  begin(batch: HomesBatch, marks: readonly Buffer[]): Promise<(Buffer | null)[]>;
  /** A batch lasts longer. */
  extend(batch: Omit<HomesBatch, 'region'>): Promise<void>;
  /** A gateway has nothing under way any more; with a batch, if that is what it had last. */
  end(gateway: string, batch: string | null): Promise<void>;
  /** Puts entries where there is none, or one of the same region. @returns the entries that are there then */
  settle(region: string, residents: readonly { readonly mark: Buffer; readonly entry: Buffer }[]): Promise<Buffer[]>;
  /** Puts an entry in the place of one of another region: one write. @returns false where there is none of that region, nor this one already */
  move(mark: Buffer, from: string, entry: Buffer): Promise<boolean>;
  /** Batches of a region in which somebody is. */
  underWay(mark: Buffer, region: string): Promise<BatchUnderWay[]>;
  /** The entries of a pseudonym. Goes through all. */
  ofOwner(owner: Buffer): Promise<{ readonly mark: Buffer; readonly entry: Buffer }[]>;
  /** Deletes an entry, if it is still this one. */
  forget(mark: Buffer, entry: Buffer): Promise<boolean>;
  /** What is kept of the move of a pseudonym; `null` for nothing. @param owner - what stands for it, in hexadecimal digits: somebody may have to delete it by hand */
  moving(owner: string): Promise<string | null>;
  /** Keeps it, where nothing is kept or something of the same claim. @param claim - a word. @returns what is kept then, the claim first */
  keepMoving(owner: string, claim: string, removal: string): Promise<string>;
  /** Keeps nothing any more, where what is kept is of this claim. */
  dropMoving(owner: string, claim: string): Promise<void>;
  close(): Promise<void>;
}

const PAGE = 1_000;

/** The region of an entry. */
const REGION_OF_ENTRY = `local function regionOf(entry) return entry and entry:sub(${MARK_BYTES + 1}) end\n`;
/** Milliseconds by the clock of Redis: those of gateways may differ. */
const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;
/** In pieces: what a call takes is bounded. */
const ENTRIES_OF = `
local function entriesOf(marks)
  local entries = {}
  for at = 1, #marks, ${MARK_BYTES * PAGE} do
    local piece = {}
    for from = at, math.min(#marks, at + ${MARK_BYTES * PAGE - 1}), ${MARK_BYTES} do piece[#piece + 1] = marks:sub(from, from + ${MARK_BYTES - 1}) end
    for _, entry in ipairs(redis.call('HMGET', KEYS[1], unpack(piece))) do entries[#entries + 1] = entry end
  end
  return entries
end
`;

/** KEYS: 1 entries. ARGV: 1 marks. */
const ENTRIES = `${ENTRIES_OF}return entriesOf(ARGV[1])`;

/** KEYS: 1 entries, 2 under way. ARGV: 1 marks, 2 gateway, 3 batch, 4 region, 5 lasts, ms. Of a gateway there are two fields: what is under way, and until when. */
const BEGIN = `${REGION_OF_ENTRY}${NOW}${ENTRIES_OF}
local entries = entriesOf(ARGV[1])
local here = {}
for at, entry in ipairs(entries) do
  if not entry or regionOf(entry) == ARGV[4] then here[#here + 1] = ARGV[1]:sub((at - 1) * ${MARK_BYTES} + 1, at * ${MARK_BYTES}) end
end
redis.call('HSET', KEYS[2], 'in ' .. ARGV[2], ARGV[3] .. ' ' .. ARGV[4] .. '\\n' .. table.concat(here), 'until ' .. ARGV[2], ARGV[3] .. ' ' .. (now + ARGV[5]))
return entries
`;

/** KEYS: 1 under way. ARGV: 1 gateway, 2 batch, 3 lasts, ms. */
const EXTEND = `${NOW}
local field = 'until ' .. ARGV[1]
if ((redis.call('HGET', KEYS[1], field) or ''):match('^[^ ]+')) == ARGV[2] then redis.call('HSET', KEYS[1], field, ARGV[2] .. ' ' .. (now + ARGV[3])) end
return 1
`;

/** KEYS: 1 under way. ARGV: 1 gateway, 2 batch, empty for whatever it is. */
const END = `
local field = 'until ' .. ARGV[1]
if ARGV[2] == '' or ((redis.call('HGET', KEYS[1], field) or ''):match('^[^ ]+')) == ARGV[2] then redis.call('HDEL', KEYS[1], field, 'in ' .. ARGV[1]) end
return 1
`;

/** KEYS: 1 entries. ARGV: 1 region, then mark and entry of each. */
const SETTLE = `${REGION_OF_ENTRY}
local settled = {}
for at = 2, #ARGV, 2 do
  local there = redis.call('HGET', KEYS[1], ARGV[at])
  if not there or (regionOf(there) == ARGV[1] and there ~= ARGV[at + 1]) then
    redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1])
    there = ARGV[at + 1]
  end
  settled[#settled + 1] = there
end
return settled
`;

/** KEYS: 1 entries. ARGV: 1 mark, 2 the region that is left, 3 entry. Answers 1 or 0; run twice it answers the same, since it is sent again where its answer is lost. */
const MOVE = `${REGION_OF_ENTRY}
local there = redis.call('HGET', KEYS[1], ARGV[1])
if there == ARGV[3] then return 1 end
if regionOf(there) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
`;

/** KEYS: 1 under way. ARGV: 1 mark, 2 region. Answers gateway, batch and whether it is overdue, one after the other. */
const UNDER_WAY = `${NOW}
local found = {}
local all = redis.call('HGETALL', KEYS[1])
for at = 1, #all, 2 do
  local gateway = all[at]:match('^in (.*)$')
  local batch, region, marks = all[at + 1]:match('^([^ ]+) ([^\\n]*)\\n(.*)$')
  if gateway and region == ARGV[2] then
    local place = 1
    repeat
      place = marks:find(ARGV[1], place, true)
      -- Of two that stand side by side the end of one and the beginning of the other may look so.
      local isOne = place and (place - 1) % ${MARK_BYTES} == 0
      if isOne then
        local untilMs = (redis.call('HGET', KEYS[1], 'until ' .. gateway) or ''):match(' (%d+)$')
        for _, one in ipairs({ gateway, batch, (tonumber(untilMs or 0) < now) and 1 or 0 }) do found[#found + 1] = one end
      end
      place = place and place + 1
    until not place or isOne
  end
end
return found
`;

/** KEYS: 1 entries. ARGV: 1 mark, 2 entry. Answers 1 or 0. */
const FORGET = `
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('HDEL', KEYS[1], ARGV[1])
`;

/** KEYS: 1 who is being moved. ARGV: 1 owner. */
const MOVING = `return redis.call('HGET', KEYS[1], ARGV[1])`;

/** What an earlier version kept has no claim: two words. It is anybody's. */
const IS_OTHERS = `
local function isOthers(kept, claim)
  local found = kept and kept:match('^([^ ]*) [^ ]* [^ ]*$')
  return found and found ~= claim
end
`;
/** KEYS: 1 who is being moved. ARGV: 1 owner, 2 claim, 3 what is kept, with the claim. */
const KEEP_MOVING = `${IS_OTHERS}
local kept = redis.call('HGET', KEYS[1], ARGV[1])
if isOthers(kept, ARGV[2]) then return kept end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return ARGV[3]
`;

/** KEYS: 1 who is being moved. ARGV: 1 owner, 2 claim. */
const DROP_MOVING = `${IS_OTHERS}
if isOthers(redis.call('HGET', KEYS[1], ARGV[1]), ARGV[2]) then return 0 end
return redis.call('HDEL', KEYS[1], ARGV[1])
`;

/** KEYS: 1 the check. ARGV: 1 that of who asks. */
const KEY_CHECK = `
redis.call('SET', KEYS[1], ARGV[1], 'NX')
return redis.call('GET', KEYS[1])
`;

/** Connects to the register. @throws SFS_REDIS_OPTION, SFS_STATE_UNAVAILABLE, SFS_STATE_REFUSED */
export async function openRedisHomes(options: Omit<RedisOptions, 'region'>): Promise<RedisHomes> {
  const connection = await RedisConnection.open(placeOf({ ...options, region: 'homes' }));
  return homesOver(connection, homesKeys(options.keyPrefix));
}

function homesOver(connection: RedisConnection, at: string): RedisHomes {
  const [entries, underWay, moving, check] = [`${at}entries`, `${at}under-way`, `${at}moving`, `${at}key-check`];
  const run = (script: string, keys: readonly string[], ...args: readonly Argument[]): Promise<unknown> =>
    connection.command('EVAL', [script, keys.length, ...keys, ...args]);
  return {
    keyCheck: async (own) => String(await run(KEY_CHECK, [check], own)),
    entries: async (marks) => (marks.length === 0 ? [] : ((await run(ENTRIES, [entries], Buffer.concat(marks))) as (Buffer | null)[])),
    begin: async ({ gateway, batch, region, lastsMs }, marks) =>
      (await run(BEGIN, [entries, underWay], Buffer.concat(marks), gateway, batch, region, lastsMs)) as (Buffer | null)[],
    extend: async ({ gateway, batch, lastsMs }) => {
      await run(EXTEND, [underWay], gateway, batch, lastsMs);
    },
    end: async (gateway, batch) => {
      await run(END, [underWay], gateway, batch ?? '');
    },
    settle: async (region, residents) => {
      const settled: Buffer[] = [];
      for (let from = 0; from < residents.length; from += PAGE) {
        const pairs = residents.slice(from, from + PAGE).flatMap(({ mark, entry }) => [mark, entry]);
        settled.push(...((await run(SETTLE, [entries], region, ...pairs)) as Buffer[]));
      }
      return settled;
    },
    move: async (mark, from, entry) => (await run(MOVE, [entries], mark, from, entry)) === 1,
    underWay: async (mark, region) => {
      const found = (await run(UNDER_WAY, [underWay], mark, region)) as (Buffer | number)[];
      return Array.from({ length: found.length / 3 }, (_, nth) => {
        const [gateway, batch, isOverdue] = found.slice(3 * nth, 3 * nth + 3);
        return { gateway: String(gateway), batch: String(batch), isOverdue: isOverdue === 1 };
      });
    },
    ofOwner: (owner) => entriesOfOwner(connection, entries, owner),
    forget: async (mark, entry) => (await run(FORGET, [entries], mark, entry)) === 1,
    moving: async (owner) => ((await run(MOVING, [moving], owner)) as Buffer | null)?.toString() ?? null,
    keepMoving: async (owner, claim, removal) => String(await run(KEEP_MOVING, [moving], owner, claim, `${claim} ${removal}`)),
    dropMoving: async (owner, claim) => {
      await run(DROP_MOVING, [moving], owner, claim);
    },
    close: () => connection.close(),
  };
}

async function entriesOfOwner(connection: RedisConnection, key: string, owner: Buffer): Promise<{ readonly mark: Buffer; readonly entry: Buffer }[]> {
  const found = new Map<string, { readonly mark: Buffer; readonly entry: Buffer }>();
  let cursor = '0';
  do {
    const [next, pairs] = (await connection.command('HSCAN', [key, cursor, 'COUNT', PAGE])) as [Buffer, Buffer[]];
    for (let at = 0; at < pairs.length; at += 2) {
      const [mark, entry] = [pairs[at]!, pairs[at + 1]!];
      if (entry.subarray(0, MARK_BYTES).equals(owner)) found.set(mark.toString('latin1'), { mark, entry });
    }
    cursor = String(next);
  } while (cursor !== '0');
  return [...found.values()];
}
