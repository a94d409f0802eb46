import { SaxesParser } from 'saxes';
import { describe, expect, test } from 'vitest';
import { checkHistory } from '../../scenarios/check-history.ts';
import type { HistoryEntry, HistoryEvent } from '../../scenarios/history.ts';
import { bucketsOf, outagesOf, splitOperations } from '../../scenarios/timeline/buckets.ts';
import { drawTimeline } from '../../scenarios/timeline/draw-timeline.ts';
import { ticksOf } from '../../scenarios/timeline/frame.ts';
import { faultsOf, roleSpansOf } from '../../scenarios/timeline/spans.ts';
import { formatTimelinePage } from '../../scenarios/timeline/timeline-page.ts';
import { failoverHistory } from './support/failover-history.ts';

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Throws where the text is no well-formed XML. */
function elementsOf(xml: string): readonly Element[] {
  const parser = new SaxesParser();
  const elements: { name: string; attributes: Record<string, string>; text: string }[] = [];
  const open: typeof elements = [];
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => {
    const element = { name, attributes, text: '' };
    elements.push(element);
    open.push(element);
  });
  parser.on('text', (content) => {
    for (const element of open.slice(-1)) element.text += content;
  });
  parser.on('closetag', () => open.pop());
  parser.write(xml).close();
  return elements;
}

const ofClass = (elements: readonly Element[], name: string, style: string) =>
  elements.filter((element) => element.name === name && (element.attributes.class ?? '').split(' ').includes(style));

const title = 'PostgreSQL <replicated> & "killed"';

describe('the picture of a failover', () => {
  const events = failoverHistory({ operations: 100_000, endMs: 20_000 });
  const picture = drawTimeline(events, { title });
  const elements = elementsOf(picture);
  const labels = elements.filter(({ name }) => name === 'text').map(({ text }) => text);

  test('is of a history that can have happened', () => {
    expect(() => checkHistory(events)).not.toThrow();
  });

  test('names the run, the faults, the nodes and their roles', () => {
    expect(labels).toContain(title);
    expect(labels).toEqual(
      expect.arrayContaining(['kill primary', 'promote standby-1', 'isolate standby-2', 'detected']),
    );
    expect(labels.filter((label) => label === 'standby-2')).toHaveLength(1);
    expect(labels).toEqual(expect.arrayContaining(['faults', 'writes', 'reads', 'slowest', '0 s', '2 s']));
  });

  test('says for how long no write was acknowledged', () => {
    expect(labels.filter((label) => /^no write for 1\.[78]\d* s$/.test(label))).toHaveLength(1);
    expect(ofClass(elements, 'rect', 'outage')).toHaveLength(1);
  });

  test('has a bar for each role and fault, with a hint, and a colour for each outcome', () => {
    const hints = (style: string) => {
      const bars = ofClass(elements, 'rect', style).map((bar) => elements[elements.indexOf(bar) + 1]?.text ?? '');
      return bars.filter((hint) => hint.includes(' from '));
    };
    expect(hints('primary').map((hint) => hint.split(' from ')[0])).toEqual(['primary: primary', 'standby-1: primary']);
    expect(hints('replica')).toHaveLength(3);
    expect(hints('down')).toHaveLength(1);
    expect(hints('fault').map((hint) => hint.split(':')[0])).toEqual(['kill primary', 'isolate standby-2']);
    for (const outcome of ['ok', 'info', 'fail']) expect(ofClass(elements, 'path', outcome).length).toBeGreaterThan(0);
    expect(ofClass(elements, 'polygon', 'mark')).toHaveLength(4);
  });

  test('stays small however many operations there are, and keeps within its frame', () => {
    expect(events.length).toBeGreaterThan(190_000);
    expect(picture.length).toBeLessThan(200_000);
    for (const { attributes } of elements.filter(({ name }) => name === 'rect')) {
      expect(Number(attributes.x) + Number(attributes.width)).toBeLessThanOrEqual(1_200);
      expect(
        Math.min(Number(attributes.x), Number(attributes.width), Number(attributes.height)),
      ).toBeGreaterThanOrEqual(0);
    }
  });

  test('follows light and dark, and loads nothing', () => {
    expect(picture).toContain('prefers-color-scheme:dark');
    const page = formatTimelinePage(events, { title, measures: { 'time to first write': '1.84 s' } });
    expect(page.replaceAll('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(
      /https?:|src=|href=|url\(|@import|<script/,
    );
    expect(page).toContain(picture.trim());
    expect(page).toContain('<td>time to first write</td><td>1.84 s</td>');
    expect(page).toContain('<td>kill has taken effect</td><td>primary</td>');
    expect(page.length).toBeLessThan(1_000_000);
  });
});

test.each([
  ['no events', []],
  ['one event', [{ index: 0, timeMs: 0, process: 0, type: 'invoke', operation: 'add', value: 1 }]],
] satisfies [string, HistoryEvent[]][])('a history of %s is drawn all the same', (_, events) => {
  const picture = drawTimeline(events, { title });
  expect(() => elementsOf(picture)).not.toThrow();
  expect(picture).not.toMatch(/NaN|Infinity|undefined/);
});

test('roles can be given', () => {
  const picture = drawTimeline([], { title, roles: [{ timeMs: 0, node: 'a\u0001', role: 'leader' }] });
  expect(elementsOf(picture).map(({ text }) => text)).toEqual(expect.arrayContaining(['a', 'leader']));
});

const at = (timeMs: number, entry: HistoryEntry, index = 0): HistoryEvent => ({ index, timeMs, ...entry });
const nemesis = (timeMs: number, operation: string, rest: { node?: string; ends?: readonly string[] } = {}) =>
  at(timeMs, { process: 'nemesis', type: 'info', operation, ...rest });

describe('a fault', () => {
  const spans = (...events: readonly HistoryEvent[]) =>
    faultsOf(events, 100).faults.map(({ name, fromMs, toMs, open }) => [name, fromMs, toMs, open]);

  test('lasts until it is ended on its node', () => {
    const [a, b] = [{ node: 'a' }, { node: 'b' }];
    const events = [nemesis(1, 'pause', a), nemesis(2, 'pause', b), nemesis(5, 'resume', b), nemesis(9, 'resume', a)];
    expect(spans(...events)).toEqual([
      ['pause', 1, 9, false],
      ['pause', 2, 5, false],
    ]);
  });

  test('lasts until everything is healed, or for good', () => {
    const events = [
      nemesis(1, 'isolate', { node: 'a' }),
      nemesis(2, 'partition'),
      nemesis(7, 'heal'),
      nemesis(8, 'kill'),
    ];
    expect(spans(...events)).toEqual([
      ['isolate', 1, 7, false],
      ['partition', 2, 7, false],
      ['kill', 8, 100, true],
    ]);
  });

  test('is ended by whatever says that it ends it', () => {
    const events = [nemesis(1, 'fill-disk'), nemesis(2, 'kill'), nemesis(3, 'empty-disk', { ends: ['fill-disk'] })];
    expect(spans(...events)).toEqual([
      ['fill-disk', 1, 3, false],
      ['kill', 2, 100, true],
    ]);
  });
});

test('a role lasts until the next one, and is not begun twice', () => {
  const change = (timeMs: number, role: string) => ({ timeMs, node: 'a', role });
  expect(roleSpansOf([change(0, 'primary'), change(3, 'primary'), change(5, 'down')], 9)).toEqual([
    { node: 'a', role: 'primary', fromMs: 0, toMs: 5 },
    { node: 'a', role: 'down', fromMs: 5, toMs: 9 },
  ]);
});

describe('writes', () => {
  const add = (process: number, fromMs: number, toMs: number, type: 'ok' | 'fail' | 'info') => [
    at(fromMs, { process, type: 'invoke', operation: 'add', value: process }, fromMs),
    at(toMs, { process, type, operation: 'add', value: process }, toMs),
  ];
  const steady = (fromMs: number, toMs: number) =>
    Array.from({ length: (toMs - fromMs) / 10 }, (_, each) =>
      add(fromMs + each, fromMs + each * 10, fromMs + each * 10 + 5, 'ok'),
    ).flat();
  const outages = (...events: readonly HistoryEvent[]) => outagesOf(splitOperations(events).writes);

  test('are counted when they ended, and those that never did at the end', () => {
    const open = at(15, { process: 9, type: 'invoke', operation: 'add', value: 9 }, 15);
    const { writes } = splitOperations([
      ...add(1, 0, 5, 'ok'),
      ...add(2, 6, 55, 'fail'),
      ...add(3, 7, 56, 'info'),
      open,
    ]);
    const buckets = bucketsOf(writes, { endMs: 100, count: 10 });
    expect(buckets[0]).toEqual({ ok: 1, fail: 0, info: 0, slowestMs: 5 });
    expect(buckets[5]).toEqual({ ok: 0, fail: 1, info: 1, slowestMs: 49 });
    expect(buckets[9]).toEqual({ ok: 0, fail: 0, info: 1, slowestMs: 85 });
  });

  test('have stopped from the last acknowledgement to the next one, if somebody tried', () => {
    const failed = add(5_000, 400, 410, 'fail');
    expect(outages(...steady(0, 300), ...failed, ...steady(800, 900))).toEqual([{ fromMs: 295, toMs: 805 }]);
    expect(outages(...steady(0, 300))).toEqual([]);
  });

  test('that never come back have stopped until the last attempt', () => {
    expect(outages(...steady(0, 300), ...add(5_000, 900, 950, 'info'))).toEqual([{ fromMs: 295, toMs: 950 }]);
  });

  test('of slow clients have not stopped between two of them', () => {
    expect(outages(...[0, 300, 600, 900, 1_200].flatMap((timeMs) => add(timeMs, timeMs, timeMs + 9, 'ok')))).toEqual(
      [],
    );
  });
});

test('the axis has a few round times', () => {
  expect(ticksOf(2_110).slice(0, 3)).toEqual([0, 200, 400]);
  for (const endMs of [1, 7, 99, 1_234, 60_000, 3_600_000]) {
    expect(ticksOf(endMs).length).toBeLessThanOrEqual(13);
    expect(ticksOf(endMs).length).toBeGreaterThan(4);
  }
});
