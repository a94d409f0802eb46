import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatFailure } from '../../sandbox/commands/failure.ts';
import { SandboxError } from '../../sandbox/core/errors.ts';
import { colorsFor } from '../../sandbox/report/colors.ts';
import { createProgressReporter } from '../../sandbox/report/progress/progress.ts';
import { formatTable } from '../../sandbox/report/table.ts';
import { oneLineText, terminalJson, terminalOf, terminalText } from '../../sandbox/report/terminal.ts';
import { runCommand } from '../support/command.ts';
import { seed, seedText } from '../support/seed.ts';

const colors = colorsFor({}, { FORCE_COLOR: '1' });
const hostile = [
  '\u001b]0;title\u0007',
  '\u001b[2J\u001b[H',
  '\u009b2J',
  '\rok',
  '\u001b[8mhidden\u001b[0m',
  '\u202egpj.exe',
  'a\nerror [BAD_OPTION] b',
  '\u007f\b\b',
  '\u001b[31mred',
];
/** Text with many control characters in it. */
const anyText = fc
  .array(fc.oneof(fc.constantFrom(...hostile), fc.string({ unit: 'binary' })))
  .map((all) => all.join(''));

/** What is left of a text once the colours of the sandbox are taken away has no control character. */
function expectHarmless(written: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
  const withoutColors = written.replaceAll(/\u001b\[(1|2|22|31|32|33|36|39)m/g, '');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
  expect(withoutColors).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/);
}

describe(`what is printed has control characters of ours alone (${seedText})`, () => {
  const check = (property: (text: string) => void) =>
    fc.assert(fc.property(anyText, property), { seed, numRuns: 200, examples: hostile.map((text) => [text]) });

  test('in text and in documents, whose values stay what they are', () => {
    check((text) => {
      expectHarmless(terminalText(text));
      expect(oneLineText(text)).not.toContain('\n');
      const json = terminalJson({ [text]: text }, 2);
      expectHarmless(json);
      expect(JSON.parse(json)).toEqual({ [text]: text });
    });
  });

  test('in errors, which begin no line that they do not mean to', () => {
    check((text) => {
      const error = { code: 'INTERNAL', message: text, next: text, engine: text, evidence: text } as const;
      const written = terminalText(formatFailure(error, { isTTY: true }));
      expectHarmless(written);
      const lines = terminalText(formatFailure(error, {})).split('\n');
      expect(lines.filter((line) => line.startsWith('error ['))).toHaveLength(1);
      expect(lines.filter((line) => line.startsWith('next:'))).toHaveLength(1);
    });
  });

  test('in tables, whose columns stay aligned', () => {
    check((text) => {
      const table = terminalText(formatTable([{ title: 'name' }], [[colors.red(text)], ['x']], colors));
      expectHarmless(table);
    });
    const rows = [
      [colors.green('\u001b[2Jab'), '1'],
      ['longer than that', '2'],
    ];
    const plain = terminalText(formatTable([{ title: 'name' }, { title: 'n' }], rows, colors)).split('\n');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours take no room
    const widths = plain.slice(1, 3).map((line) => line.replaceAll(/\u001b\[\d+m/g, '').length);
    expect(widths[0]).toBe(widths[1]);
  });

  test.each(['tty', 'plain', 'json'] as const)('in progress of mode %s', (mode) => {
    check((text) => {
      let written = '';
      const stream = { write: (chunk: string) => (written += chunk), isTTY: true, columns: 80, rows: 24 };
      const { listener, stop } = createProgressReporter(mode, stream, {});
      const task = ['store', text];
      listener({ kind: 'started', task, atMs: 0 });
      listener({ kind: 'advanced', task, atMs: 20_000, text });
      listener({ kind: 'notice', level: 'warning', atMs: 0, text });
      listener({ kind: 'failed', task, atMs: 1, durationMs: 1, error: new Error(text) });
      listener({ kind: 'finished', task: [text], atMs: 1, durationMs: 1, text });
      stop();
      // biome-ignore lint/suspicious/noControlCharactersInRegex: what the live display itself needs
      expectHarmless(written.replaceAll(/\u001b\[(\?25[lh]|\d+A|G|0J)/g, ''));
    });
  });

  test('while its own colours stay colours', () => {
    const written: string[] = [];
    terminalOf({ write: (text: string) => written.push(text) }).write(colors.red(`a${colors.bold('b')}`));
    expect(written).toEqual(['\u001b[31ma\u001b[1mb\u001b[22m\u001b[39m']);
    expect(terminalText('\u001b[31m')).toBe('\\x1b[31m');
  });
});

test('a name from the command line reaches the terminal harmless, with colours and without', async () => {
  const name = 'x\u001b]0;owned\u0007\u001b[2J\u009b1m.tar.gz';
  for (const env of [{ FORCE_COLOR: '1' }, { NO_COLOR: '1' }]) {
    for (const args of [['restore', name], ['restore', name, '--format', 'json'], [name]]) {
      const { stdout, stderr, exitCode } = await runCommand(args, { env });
      expect(exitCode).not.toBe(0);
      expect(stdout + stderr).toMatch(/owned/);
      expectHarmless(stdout + stderr);
    }
  }
});

test('there is one place that writes to the terminal', async () => {
  const root = join(import.meta.dirname, '../..');
  const found: string[] = [];
  for (const room of ['sandbox', 'scenarios', 'seeds', 'bench']) {
    for (const path of await readdir(join(root, room), { recursive: true })) {
      if (!path.endsWith('.ts') || (room === 'bench' && path.startsWith('proofs/'))) continue;
      if (path.startsWith('harness/vitest/')) continue;
      const text = await readFile(join(root, room, path), 'utf8');
      for (const [line] of text.matchAll(/^(?! \*).*(?:process\.std(?:out|err)\.write\(|console\.).*$/gm)) {
        // An empty write waits for what was written; terminalJson has no control character left. What a test prints is
        // shown by its runner, which takes it from the console.
        if (!line.includes("write('', ") && !line.includes('terminalJson(')) found.push(`${path}: ${line.trim()}`);
      }
    }
  }
  expect(found).toEqual([]);
});

test('an error says who failed in one line', () => {
  const thrown = new SandboxError({ code: 'BACKUP_FAILED', message: 'a\nb', next: 'c\r\nd' });
  expect(terminalText(formatFailure({ code: thrown.code, message: thrown.message, next: thrown.next }, {}))).toBe(
    'error [BACKUP_FAILED] a b\nnext: c d\n',
  );
});
