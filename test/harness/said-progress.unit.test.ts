import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { saidProgress } from '../../sandbox/harness/vitest/said-progress.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function listen() {
  const lines: string[] = [];
  const said = saidProgress((line) => lines.push(line));
  return { said, lines, at: { atMs: 0 } };
}

test('a start that is over soon says nothing', () => {
  const { said, lines, at } = listen();
  said.listener({ kind: 'started', task: ['redis'], ...at });
  vi.advanceTimersByTime(4_000);
  said.listener({ kind: 'finished', task: ['redis'], ...at, durationMs: 4_000 });
  vi.advanceTimersByTime(60_000);
  expect(lines).toEqual([]);
});

test('one that takes long says every 5 s which steps go on, the narrowest of them', () => {
  const { said, lines, at } = listen();
  said.listener({ kind: 'started', task: ['images'], ...at });
  said.listener({ kind: 'started', task: ['images', 'neo4j'], ...at });
  said.listener({ kind: 'advanced', task: ['images', 'neo4j'], ...at, text: '\u001b[2K Step 3\nmore' });
  said.listener({ kind: 'started', task: ['images', 'redis'], ...at });
  vi.advanceTimersByTime(5_000);
  said.listener({ kind: 'failed', task: ['images', 'redis'], ...at, durationMs: 1, error: new Error('no') });
  vi.advanceTimersByTime(5_000);
  expect(lines).toEqual([
    'The stack is being started (5 s): images / neo4j: Step 3; images / redis',
    'The stack is being started (10 s): images / neo4j: Step 3',
  ]);
});

test('warnings are said at once, and nothing once it was disposed of', () => {
  const { said, lines, at } = listen();
  said.listener({ kind: 'notice', level: 'info', ...at, text: 'by the way' });
  said.listener({ kind: 'notice', level: 'warning', ...at, text: 'the disk is nearly full' });
  said.listener({ kind: 'started', task: ['redis'], ...at });
  said[Symbol.dispose]();
  vi.advanceTimersByTime(60_000);
  expect(lines).toEqual(['the disk is nearly full']);
});
