/** A fenced block of a document that holds commands of a shell. */
export interface CommandBlock {
  readonly document: string;
  /** Line of its fence. */
  readonly line: number;
  readonly commands: readonly string[];
  /** `slow`: for `npm run test:soak` alone. */
  readonly when: 'always' | 'slow' | 'never';
  /** Why it is not run always. */
  readonly reason: string;
}

/** What a command of these documents begins with; other blocks without a language hold files, trees and output. */
const commandStart = /^(?:npm|npx|for|set|export|openssl|docker|iconv|git) /;
const shellLanguages = ['sh', 'bash', 'console'];

/**
 * The blocks of commands of a document, in their order. A comment right before a block, `<!-- not run: reason -->` or
 * `<!-- slow: reason -->`, says why it is not run, or not always.
 */
export function commandBlocksOf(document: string, text: string): readonly CommandBlock[] {
  const lines = text.split('\n');
  const blocks: CommandBlock[] = [];
  for (let index = 0; index < lines.length; index += 1) {
    const [fence, language = ''] = /^```(\w*)$/.exec(lines[index] ?? '') ?? [];
    if (fence === undefined) continue;
    const end = lines.indexOf('```', index + 1);
    if (end < 0) throw new Error(`${document}:${index + 1}: the block has no end`);
    const content = lines.slice(index + 1, end);
    const isShell = shellLanguages.includes(language) || (language === '' && commandStart.test(content[0] ?? ''));
    if (isShell) blocks.push({ document, line: index + 1, commands: joined(content), ...mark(lines[index - 1] ?? '') });
    index = end;
  }
  return blocks;
}

function mark(line: string): Pick<CommandBlock, 'when' | 'reason'> {
  const [, word, reason = ''] = /^<!-- (not run|slow):(.*)-->$/.exec(line) ?? [];
  if (word === undefined) return { when: 'always', reason: '' };
  return { when: word === 'slow' ? 'slow' : 'never', reason: reason.trim() };
}

/** Lines that go on after a backslash are one command. */
function joined(lines: readonly string[]): readonly string[] {
  return lines
    .join('\n')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));
}
