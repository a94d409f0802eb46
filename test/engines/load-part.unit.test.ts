import { describe, expect, test } from 'vitest';
import {
  beginLoad,
  type LoadMark,
  type LoadRecords,
  textRecords,
} from '../../sandbox/engines/shared/load/load-marks.ts';
import { loadPart, piecesAfter } from '../../sandbox/engines/shared/load/load-part.ts';
import { rowRandom } from '../../seeds/random/random.ts';

const seed = Number(process.env.SANDBOX_TEST_SEED ?? Date.now() % 1_000_000);
const rowsOfPart = 20_000;

/** A store whose writes take turns at random, and that is gone after so many of them. */
function store(random: () => number) {
  const held = new Map<number, number>();
  let mark: LoadMark | undefined;
  let writesLeft = Number.POSITIVE_INFINITY;
  const turn = async () => {
    for (let ticks = Math.floor(random() * 4); ticks > 0; ticks -= 1) await Promise.resolve();
    if (writesLeft-- <= 0) throw new Error('cut off');
  };
  const records: LoadRecords = {
    readFingerprint: async () => undefined,
    readMark: async () => mark,
    async writeMark(next) {
      await turn();
      mark = next;
    },
    async forget() {
      mark = undefined;
    },
    async finish() {
      mark = undefined;
    },
  };
  let most = 0;
  let underWay = 0;
  return {
    held,
    records,
    mark: () => mark,
    most: () => most,
    cutOffAfter: (writes: number) => {
      writesLeft = writes;
    },
    async load(dataset: string) {
      const marks = await beginLoad(dataset, records, async () => held.clear());
      await loadPart(
        {
          name: 'rows',
          batches: batches(),
          rowsPerWrite: 100,
          streams: 3,
          advance: () => {},
          async write(rows: readonly number[], mayBeThere: boolean) {
            underWay += 1;
            most = Math.max(most, underWay);
            try {
              await turn();
              for (const row of rows) {
                if (mayBeThere) held.delete(row);
                held.set(row, (held.get(row) ?? 0) + 1);
              }
              await turn();
            } finally {
              underWay -= 1;
            }
          },
        },
        marks,
      );
      return marks;
    },
  };
}

async function* batches(): AsyncGenerator<readonly number[]> {
  for (let first = 0; first < rowsOfPart; first += 1_000) {
    yield Array.from({ length: Math.min(1_000, rowsOfPart - first) }, (_, index) => first + index);
  }
}

describe(`a part of a load (SANDBOX_TEST_SEED=${seed})`, () => {
  test('that is cut off again and again goes on from its mark, and each row is there once', async () => {
    const random = rowRandom(seed, 'cut off')(0);
    for (let trial = 0; trial < 30; trial += 1) {
      const target = store(() => random.float());
      let resumedAt = 0;
      for (let cut = 0; cut < 3; cut += 1) {
        target.cutOffAfter(Math.floor(random.float() * 300));
        await target.load('one').catch(() => {});
        const marked = target.mark()?.rows.rows ?? 0;
        expect(marked).toBeGreaterThanOrEqual(resumedAt);
        for (let row = 0; row < marked; row += 1)
          if (target.held.get(row) !== 1) throw new Error(`row ${row} is not there`);
        resumedAt = marked;
      }
      target.cutOffAfter(Number.POSITIVE_INFINITY);
      const marks = await target.load('one');
      expect(marks.rowsBefore).toBe(resumedAt);
      expect(target.held.size).toBe(rowsOfPart);
      expect([...target.held.values()].every((times) => times === 1)).toBe(true);
      expect(target.mark()?.rows).toEqual({ rows: rowsOfPart });
    }
  });

  test('of another dataset begins anew', async () => {
    const target = store(() => 0);
    target.cutOffAfter(100);
    await target.load('one').catch(() => {});
    target.cutOffAfter(Number.POSITIVE_INFINITY);
    const marks = await target.load('other');
    expect([marks.resumed, marks.rowsBefore, target.held.size]).toEqual([false, 0, rowsOfPart]);
  });

  test('never has more writes under way than it may', async () => {
    const target = store(() => 0.9);
    await target.load('one');
    expect(target.most()).toBe(3);
  });

  test('is cut into pieces of any size, whatever the batches are', async () => {
    const pieces: (readonly number[])[] = [];
    for await (const piece of piecesAfter(batches(), 1_234, 700)) pieces.push(piece);
    expect(pieces.flat()).toEqual(Array.from({ length: rowsOfPart - 1_234 }, (_, index) => index + 1_234));
    expect(pieces.slice(0, -1).every(({ length }) => length === 700)).toBe(true);
  });

  test('is recorded in texts: the fingerprint goes first and comes first, and only a whole mark is one', async () => {
    const texts = new Map<string, string>();
    const written: string[] = [];
    const records = textRecords(
      async (name) => texts.get(name),
      async (changes) => {
        for (const [name, text] of Object.entries(changes)) {
          written.push(text === undefined ? `-${name}` : `+${name}`);
          if (text === undefined) texts.delete(name);
          else texts.set(name, text);
        }
      },
    );
    const first = await beginLoad('one', records, async () => {});
    await first.mark('rows', 3);
    const second = await beginLoad('one', records, async () => {});
    expect(await second.finish({ rows: 5 })).toEqual({ loaded: { rows: 5 }, resumedFrom: 3 });
    expect([...texts]).toEqual([['dataset', 'one']]);
    const third = await beginLoad('one', records, async () => {});
    expect(await third.finish({ rows: 5 })).toEqual({ loaded: { rows: 5 } });
    const begun = ['-dataset', '-load', '+load'];
    expect(written).toEqual([...begun, '+load', '+dataset', '-load', ...begun, '+dataset', '-load']);
    texts.set('load', '{"dataset":"one"}');
    expect(await records.readMark()).toBeUndefined();
  });
});
