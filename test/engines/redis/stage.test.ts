import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { execInNode } from '../../../sandbox/containers/runtime/exec.ts';
import { labelNames } from '../../../sandbox/containers/runtime/labels.ts';
import { findContainers } from '../../../sandbox/containers/runtime/objects.ts';
import { ownerOfThisProcess } from '../../../sandbox/containers/runtime/owner.ts';
import { type DeadlineName, deadlineMs } from '../../../sandbox/core/deadlines.ts';
import { SandboxError } from '../../../sandbox/core/errors.ts';
import type { Engine } from '../../../sandbox/engines/contract/engine.ts';
import { firstNode, type RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { redis } from '../../../sandbox/engines/redis/engine.ts';
import { openClient } from '../../../sandbox/engines/redis/server/connection.ts';
import { createStack, type Stack } from '../../../sandbox/stack/create-stack.ts';
import { eventually } from '../../topologies/support/write-through.ts';
import { backupOf, refusalOf, type StoredBackup, takeBackup, withBelievedPart } from '../support/backups.ts';
import { type ModuleImage, moduleImage } from '../support/redis-module/image.ts';

/** Of all deadlines this one alone: the others hold for whatever else a busy machine does. */
const staged = vi.hoisted(() => ({ withinMs: undefined as number | undefined }));

vi.mock('../../../sandbox/core/deadlines.ts', async (original) => {
  const { deadlineMs, ...others } = await original<typeof import('../../../sandbox/core/deadlines.ts')>();
  const shortened = (name: DeadlineName) => (name === 'dumpStaged' ? staged.withinMs : undefined) ?? deadlineMs(name);
  return { ...others, deadlineMs: shortened };
});

const engine = redis as Engine;
const backup = backupOf(engine);
const empty = () => createStack({ engines: ['redis'], size: 'none', schema: false, connect: false });

let stack: Stack<'redis'>;
let target: RunningEngine;
let taken: StoredBackup;

beforeAll(async () => {
  stack = await empty();
  target = stack.engines.redis;
  taken = await takeBackup(engine, target);
});
afterAll(async () => {
  await taken?.[Symbol.asyncDispose]();
  await stack?.dispose();
});

/** Parts of a dump: the version that it is of, and what ends it, with a checksum of zero for none (Redis source, `rdb.c`). */
const dumpOf = (...parts: readonly Buffer[]) =>
  Buffer.concat([Buffer.from('REDIS0011'), ...parts, Buffer.from([0xff]), Buffer.alloc(8)]);

/** A length of 32 bits, as a dump has it. */
function lengthOf(number: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt8(0x80);
  bytes.writeUInt32BE(number, 1);
  return bytes;
}

/** A key whose value is `sizeBytes` zeroes, compressed by LZF 88 times: copies of 264 bytes from one byte before. */
function bomb(name: string, sizeBytes: number): Buffer {
  const copies = Math.floor((sizeBytes - 1) / 264);
  const packed = Buffer.concat([Buffer.from([0, 0]), Buffer.alloc(3 * copies, Buffer.from([0xe0, 0xff, 0]))]);
  const key = Buffer.concat([Buffer.from([name.length]), Buffer.from(name)]);
  return Buffer.concat([
    Buffer.from([0]),
    key,
    Buffer.from([0xc3]),
    lengthOf(packed.length),
    lengthOf(1 + 264 * copies),
    packed,
  ]);
}

/** A library of functions (opcode 245). */
function library(code: string): Buffer {
  return Buffer.concat([Buffer.from([0xf5]), lengthOf(code.length), Buffer.from(code)]);
}

const endless = dumpOf(library('#!lua name=endless\nwhile true do end'));
const helpers = () =>
  findContainers({
    [labelNames.purpose]: 'helper',
    [labelNames.owner]: ownerOfThisProcess(),
    [labelNames.engine]: 'redis',
  });

async function untouched(): Promise<void> {
  await using client = await openClient(firstNode(target), target.secrets);
  expect([await client.dbsize(), await client.function('LIST')]).toEqual([0, []]);
  const { output } = await execInNode(firstNode(target), ['ls', '/data']);
  expect(output.trim().split('\n')).toEqual(['appendonlydir', 'users.acl']);
  expect(await helpers()).toEqual([]);
}

describe('a dump of a stranger', () => {
  test('that unpacks to more than the server may hold is refused, however small it is', async () => {
    for (const [keys, mebibytes] of [
      [5, 64],
      [14, 64],
    ] as const) {
      const dump = dumpOf(...Array.from({ length: keys }, (_, index) => bomb(`bomb${index}`, mebibytes * 2 ** 20)));
      await using bad = await withBelievedPart(taken, 'dump.rdb', () => dump);
      expect(['RESTORE_TARGET_FULL', 'BACKUP_PART_UNREADABLE']).toContain(await refusalOf(engine, target, bad));
    }
    await untouched();
  });

  test('whose lengths are lies is refused', async () => {
    const lies = [
      Buffer.concat([Buffer.from([0, 1, 0x61, 0x81]), Buffer.from('7fffffffffffffff', 'hex')]),
      Buffer.concat([Buffer.from([1, 1, 0x61]), lengthOf(0xffffffff)]),
      Buffer.concat([Buffer.from([0, 1, 0x61, 0xc3]), lengthOf(4), lengthOf(0xffffffff), Buffer.alloc(4)]),
      Buffer.concat([
        Buffer.from([0xfb]),
        lengthOf(0xffffffff),
        lengthOf(0xffffffff),
        Buffer.from([14, 1, 0x61]),
        lengthOf(9),
      ]),
    ];
    for (const lie of lies) {
      await using bad = await withBelievedPart(taken, 'dump.rdb', () => dumpOf(lie));
      expect(['RESTORE_TARGET_FULL', 'BACKUP_PART_UNREADABLE']).toContain(await refusalOf(engine, target, bad));
    }
    await untouched();
  });

  test('that is never loaded is given up after a deadline', async () => {
    await using bad = await withBelievedPart(taken, 'dump.rdb', () => endless);
    staged.withinMs = 5_000;
    try {
      expect(await refusalOf(engine, target, bad)).toBe('BACKUP_PART_UNREADABLE');
    } finally {
      staged.withinMs = undefined;
    }
    await untouched();
  });

  test('that is never loaded ends at once where the command is interrupted', async () => {
    await using bad = await withBelievedPart(taken, 'dump.rdb', () => endless);
    const abort = new AbortController();
    const restoring = backup.restore(target, bad.directory, bad.manifest, { signal: abort.signal });
    restoring.catch(() => {});
    await eventually('the server loads it', async () => (await helpers()).some(({ running }) => running));
    const beganMs = performance.now();
    abort.abort(new SandboxError({ code: 'INTERRUPTED', message: 'Interrupted.', next: 'Nothing.' }));
    await expect(restoring).rejects.toMatchObject({ code: 'INTERRUPTED' });
    // Long before the deadline would have ended it.
    expect(performance.now() - beganMs).toBeLessThan(deadlineMs('dumpStaged') / 2);
    expect(await helpers()).toEqual([]);
  });

  test('and a good one is restored after all that', async () => {
    await backup.restore(target, taken.directory, taken.manifest);
    await untouched();
  });
});

describe('an image that loads modules', () => {
  let image: ModuleImage;
  let modules: Stack<'redis'>;
  let source: RunningEngine;

  beforeAll(async () => {
    image = await moduleImage(firstNode(target).image);
    vi.stubEnv('SANDBOX_REDIS_IMAGE', image.reference);
    modules = await empty();
    source = modules.engines.redis;
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await modules?.dispose();
    await image?.[Symbol.asyncDispose]();
  });

  test('has its dumps loaded by what its nodes run, module and arguments alike', async () => {
    await using client = await openClient(firstNode(source), source.secrets);
    // A server with 16 databases reads no dump with a key in the 21st.
    await client.select(20);
    await client.set('far', 'away');
    await client.select(0);
    if (image.hasModule) expect(await client.call('TM.SET', 'counted', 42)).toBe(1);
    const before = await redis.data.fingerprint(source);
    await using backedUp = await takeBackup(engine, source);
    await using fresh = await empty();
    await backup.restore(fresh.engines.redis, backedUp.directory, backedUp.manifest);
    expect(await redis.data.fingerprint(fresh.engines.redis)).toEqual(before);
    await using there = await openClient(firstNode(fresh.engines.redis), fresh.engines.redis.secrets);
    if (image.hasModule) expect(await there.call('TM.GET', 'counted')).toBe(42);
    // The same dump is of no use to a server without them.
    expect(await refusalOf(engine, target, backedUp)).toBe('BACKUP_PART_UNREADABLE');
  });
});
