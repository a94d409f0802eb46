/**
 * A user of an ACL file. Texts have one character for each byte (`latin1`): Redis lets names and patterns hold any
 * bytes but white space and NUL (Redis source, `ACLStringHasSpaces`), and they need not be UTF-8.
 */
export interface AclUser {
  readonly name: string;
  /** `on`, `#<SHA-256>`, `~pattern`, `+@read`, `(~other +get)`, ... in their order. */
  readonly rules: readonly string[];
  /** `user <name> <rules>`, as `ACL LIST` and an ACL file have it. */
  readonly line: string;
}

/** A line of an ACL file that will not do. */
export class AclLineError extends Error {}

/** Name of the user that belongs to the stack, with its password. */
export const ownUser = 'default';

/** White space and NUL as C's `isspace` has it: the byte A0 is none, though JavaScript's `\s` takes it for some. */
const forbidden = /[\0\t\v\f\r]/;

const flags = ['on', 'off', 'nopass', 'resetpass', 'reset', 'sanitize-payload', 'skip-sanitize-payload'];
const words = [
  'allkeys',
  'resetkeys',
  'allchannels',
  'resetchannels',
  'allcommands',
  'nocommands',
  'clearselectors',
] as const;

/** Hash of a password. The password itself stands in no ACL file that a server wrote. */
const password = /^#[0-9a-f]{64}$/;
const keyPattern = /^(?:~|%(?:r|w|rw|wr)~)/i;
const command = /^[+-](?:@[a-z_-]+|[^ ()|@+-][^ ()|]*(?:\|[^ ()|]+)?)$/;

/**
 * Reads the users of a backup, a line each: `user <name> <rules>`. Nothing else is taken, so that nothing in it can be a
 * directive of a configuration. Throws {@link AclLineError} with the line's number and the line.
 */
export function parseAclFile(bytes: Buffer): readonly AclUser[] {
  const users = new Map<string, AclUser>();
  for (const [index, line] of bytes.toString('latin1').split('\n').entries()) {
    if (line === '') continue;
    const refuse = (reason: string) => new AclLineError(`line ${index + 1} ${reason}: ${shown(line)}`);
    const user = parseLine(line, refuse);
    if (user.name === ownUser) throw refuse("is about the user default, who is the stack's own");
    if (users.has(user.name)) throw refuse('names a user for the second time');
    users.set(user.name, user);
  }
  return [...users.values()];
}

/** Reads one line, and throws what `refuse` makes of the reason. */
export function parseLine(
  line: string,
  refuse: (reason: string) => Error = (reason) => new AclLineError(`${reason}: ${shown(line)}`),
): AclUser {
  if (forbidden.test(line)) throw refuse('holds white space or NUL where there can be none');
  const [kind, name, ...tokens] = line.split(' ');
  if (kind !== 'user' || name === undefined) throw refuse('is no user');
  const rules = withSelectors(tokens);
  const unknown = rules.find((rule) => !isRule(rule));
  if (unknown !== undefined) throw refuse(`has a rule that is none, ${shown(unknown)}`);
  return { name, rules, line };
}

/**
 * A user as `ACL LIST` shows it, in rules that Redis reads as they are meant. It shows the pattern `%RW~*` as `~*`, which
 * it reads as the flag for all keys: patterns before it go, and none may follow (Redis source, `ACLSetSelector`). Beside
 * other patterns it is never the flag.
 */
export function readableAgain(user: AclUser): AclUser {
  const [root, ...selectors] = [
    user.rules.filter((rule) => !rule.startsWith('(')),
    ...user.rules.filter((rule) => rule.startsWith('(')).map(permissionsIn),
  ].map(withoutAllKeys);
  const rules = [...(root ?? []), ...selectors.map((inside) => `(${inside.join(' ')})`)];
  return isSame(rules, user.rules) ? user : { ...user, rules, line: ['user', user.name, ...rules].join(' ') };
}

function withoutAllKeys(rules: readonly string[]): readonly string[] {
  const isAlone = rules.filter((rule) => keyPattern.test(rule)).length === 1;
  return isAlone ? rules : rules.map((rule) => (rule === '~*' ? '%RW~*' : rule));
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((rule, index) => rule === others[index]);
}

/** The file that a server loads: one line each. */
export function aclFile(users: readonly AclUser[]): Buffer {
  return Buffer.from(users.map(({ line }) => `${line}\n`).join(''), 'latin1');
}

/** Permissions within the brackets of a rule. */
export function permissionsIn(selector: string): readonly string[] {
  return selector
    .slice(1, -1)
    .split(' ')
    .filter((rule) => rule !== '');
}

/** Rules in brackets hold spaces, and are one rule (Redis source, `ACLMergeSelectorArguments`). */
function withSelectors(tokens: readonly string[]): readonly string[] {
  const rules: string[] = [];
  let open: string[] | undefined;
  for (const token of tokens) {
    if (open !== undefined) open.push(token);
    else if (token.startsWith('(') && !token.endsWith(')')) open = [token];
    else rules.push(token);
    if (open !== undefined && token.endsWith(')')) {
      rules.push(open.join(' '));
      open = undefined;
    }
  }
  return open === undefined ? rules : [...rules, open.join(' ')];
}

function isRule(rule: string): boolean {
  if (!rule.startsWith('(')) return flags.includes(rule) || password.test(rule) || isPermission(rule);
  if (!rule.endsWith(')')) return false;
  return permissionsIn(rule).every(isPermission);
}

function isPermission(rule: string): boolean {
  return words.some((word) => word === rule) || keyPattern.test(rule) || rule.startsWith('&') || command.test(rule);
}

/** Bytes of somebody's for people: in quotes, what is no plain character escaped, and not endless. */
export function shown(text: string): string {
  const short = text.length > 120 ? `${text.slice(0, 120)}...` : text;
  return `"${short.replace(/[^ -~]|["\\]/g, (character) =>
    character === '"' || character === '\\'
      ? `\\${character}`
      : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )}"`;
}
