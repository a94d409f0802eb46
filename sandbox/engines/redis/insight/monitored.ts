/** A command as `MONITOR` shows it. */
export interface Monitored {
  readonly database: number;
  readonly client: string;
  readonly words: readonly string[];
}

/** What the clients of one database have asked, by statement. */
export interface AskedCommands {
  readonly note: (command: Monitored) => void;
  readonly byStatement: ReadonlyMap<string, { readonly calls: number; readonly scans: readonly string[] }>;
  readonly clients: ReadonlySet<string>;
}

/**
 * Keeps no command, and nothing of other databases: `MONITOR` shows what all tests of a server do, with every value.
 * `watcher`: a client that asks for nobody.
 */
export function askedCommands(database: number, watcher: string | undefined): AskedCommands {
  const byStatement = new Map<string, { calls: number; readonly scans: readonly string[] }>();
  const clients = new Set<string>();
  return {
    note(command) {
      const { client, words } = command;
      if (command.database !== database || client === watcher || !isAsked(command)) return;
      clients.add(client);
      const statement = statementOf(words);
      const query = byStatement.get(statement) ?? { calls: 0, scans: scansOf(words) };
      query.calls += 1;
      byStatement.set(statement, query);
    },
    byStatement,
    clients,
  };
}

/** Commands that read every key, or every member of one, however few are wanted. */
const scanning = new Map([
  ['keys', 'all keys of the database'],
  ['scan', 'all keys of the database'],
]);

/** In place of a client, what a script calls: it is part of the script, and waits for no network. */
const ofScripts = 'lua';

/** What a connection says for itself. */
const notAsked = new Set([
  'auth',
  'hello',
  'select',
  'client',
  'ping',
  'info',
  'quit',
  'command',
  'readonly',
  'multi',
  'exec',
]);

export function isAsked({ client, words: [name = ''] }: Monitored): boolean {
  return client !== ofScripts && !notAsked.has(name.toLowerCase());
}

/** Commands whose first argument is a script, its hash, or the name of a function. */
const calling = new Set(['EVAL', 'EVALSHA', 'EVAL_RO', 'EVALSHA_RO', 'FCALL', 'FCALL_RO']);

/** As much of a script as says which one it is. The log of slow commands has 128 characters of an argument. */
const scriptCharacters = 60;

/** Name and key, with `*` for what tells one key from the other: `GET session:*`. */
export function statementOf([name = '', key]: readonly string[]): string {
  const command = name.toUpperCase();
  if (key === undefined) return command;
  return `${command} ${calling.has(command) ? key.slice(0, scriptCharacters) : patternOf(key)}`;
}

const uuid = /\p{AHex}{8}-(\p{AHex}{4}-){3}\p{AHex}{12}/gu;

/** Numbers, UUIDs and hashes are what differs between keys of a kind. */
function patternOf(key: string): string {
  return key
    .replaceAll(uuid, '*')
    .split(/([:/.|_-])/)
    .map((part) => (/\d/.test(part) || /^[0-9a-f]{16,}$/i.test(part) ? '*' : part))
    .join('');
}

/** What it reads from end to end. */
function scansOf([name = '']: readonly string[]): readonly string[] {
  const what = scanning.get(name.toLowerCase());
  return what === undefined ? [] : [what];
}
