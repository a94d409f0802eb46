import { type AclUser, permissionsIn } from './acl-file.ts';

/**
 * Categories of commands that work on data alone. Every other one has commands that change the server, its users or
 * its files: `slow` has CONFIG, MODULE and ACL (Redis 8, `ACL CAT slow`).
 */
const harmlessCategories: ReadonlySet<string> = new Set([
  ...['keyspace', 'read', 'write', 'set', 'sortedset', 'list', 'hash', 'string', 'bitmap', 'hyperloglog', 'geo'],
  ...['stream', 'pubsub', 'fast', 'blocking', 'connection', 'transaction', 'scripting', 'json', 'search', 'tdigest'],
  ...['cms', 'bloom', 'cuckoo', 'topk', 'timeseries'],
]);

/** Commands of `@admin` that reach beyond the data (Redis 8, `ACL CAT admin`), without their subcommands. */
const administration: ReadonlySet<string> = new Set([
  ...['acl', 'bgrewriteaof', 'bgsave', 'cluster', 'config', 'debug', 'failover', 'migrate', 'module', 'monitor'],
  ...['pfdebug', 'psync', 'replconf', 'replicaof', 'restore-asking', 'save', 'shutdown', 'slaveof', 'sync'],
]);

/** What of a user's rules opens a door to whoever is not its owner; empty where nothing does. */
export function doorsOf({ rules }: AclUser): readonly string[] {
  if (!isOn(rules)) return [];
  const doors: string[] = [];
  if (hasNoPassword(rules)) doors.push('no password');
  const rights = [rules.filter((rule) => !rule.startsWith('(')), ...selectorsOf(rules)].map(widestOf);
  if (rights.includes('all')) doors.push('all commands');
  else if (rights.includes('administration')) doors.push('administrative commands');
  return doors;
}

function selectorsOf(rules: readonly string[]): readonly (readonly string[])[] {
  return rules.filter((rule) => rule.startsWith('(')).map(permissionsIn);
}

/** The last word counts, as in the server. */
function isOn(rules: readonly string[]): boolean {
  const last = rules.findLast((rule) => ['on', 'off', 'reset'].includes(rule));
  return last === 'on';
}

function hasNoPassword(rules: readonly string[]): boolean {
  // A hash after it takes it away (Redis documentation, "ACL rules").
  const last = rules.findLast((rule) => ['nopass', 'resetpass', 'reset'].includes(rule) || rule.startsWith('#'));
  return last === 'nopass';
}

/** The most that a list of permissions gives, reading them in their order. In doubt it is more. */
function widestOf(rules: readonly string[]): 'all' | 'administration' | 'data' {
  let widest: 'all' | 'administration' | 'data' = 'data';
  for (const rule of rules) {
    if (rule === '+@all' || rule === 'allcommands') widest = 'all';
    else if (rule === '-@all' || rule === 'nocommands' || rule === 'reset') widest = 'data';
    // Every command of `@admin` is in `@dangerous` too (Redis source, `setImplicitACLCategories`).
    else if (rule === '-@dangerous') widest = 'data';
    else if (rule === '-@admin' && widest === 'all') widest = 'administration';
    else if (widest === 'data' && isAdministration(rule)) widest = 'administration';
  }
  return widest;
}

function isAdministration(rule: string): boolean {
  if (rule.startsWith('+@')) return !harmlessCategories.has(rule.slice(2));
  if (!rule.startsWith('+')) return false;
  const [name = ''] = rule.slice(1).toLowerCase().split('|');
  return administration.has(name);
}
