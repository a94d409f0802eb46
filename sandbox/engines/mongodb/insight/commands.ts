/** An entry of the profiler, as far as it matters here (MongoDB documentation, "Database Profiler Output"). */
export interface Profiled {
  readonly op: string;
  readonly ns: string;
  readonly command?: Readonly<Record<string, unknown>>;
  readonly millis?: number;
  readonly user?: string;
}

/** A command that can be asked for its plan, and without its values. */
export interface Asked {
  readonly statement: string;
  readonly explainable: Readonly<Record<string, unknown>>;
}

/** Parts of a command that say what is looked for, by the name of the command. */
const partsOf: Readonly<Record<string, readonly string[]>> = {
  find: ['filter', 'sort', 'skip', 'limit'],
  aggregate: ['pipeline'],
  count: ['query'],
  distinct: ['key', 'query'],
  findAndModify: ['query', 'sort', 'update'],
  insert: [],
};

/** What was asked, `undefined` where nothing was looked for or written. */
export function askedOf({ op, ns, command = {} }: Profiled): Asked | undefined {
  const collection = ns.slice(ns.indexOf('.') + 1);
  if (collection.startsWith('system.')) return undefined;
  const change = changeOf(op, collection, command);
  if (change !== undefined) return change;
  const name = Object.keys(partsOf).find((each) => each in command || each.toLowerCase() in command);
  if (name === undefined) return undefined;
  const parts = (partsOf[name] ?? []).filter((part) => command[part] !== undefined);
  const described = parts.map((part) => `${part} ${shapeOf(command[part])}`);
  const explainable: Record<string, unknown> = { [name]: collection };
  for (const part of parts) explainable[part] = command[part];
  if (name === 'aggregate') explainable.cursor = {};
  return { statement: [name, collection, ...described].join(' '), explainable };
}

/** The profiler has one entry for each update and delete of a command; some servers the whole command. */
function changeOf(op: string, collection: string, command: Profiled['command'] & object): Asked | undefined {
  const kind = op === 'update' ? 'update' : op === 'remove' || op === 'delete' ? 'delete' : undefined;
  if (kind === undefined) return undefined;
  const many = kind === 'update' ? 'updates' : 'deletes';
  const [first = command] = (Array.isArray(command[many]) ? command[many] : []) as readonly Record<string, unknown>[];
  const { q = {}, u } = first;
  const by = u === undefined ? '' : ` set ${shapeOf(u)}`;
  // What is changed is found as a query finds it, and a stand-in explains those alone.
  const explainable = { find: collection, filter: q };
  return { statement: `${kind} ${collection} ${shapeOf(q)}${by}`, explainable };
}

/** Names of fields and operators, without any value: `{user_id: ?, level: {$gt: ?}}`. */
export function shapeOf(value: unknown): string {
  if (Array.isArray(value)) {
    const shapes = [...new Set(value.map(shapeOf))];
    return `[${shapes.join(', ')}]`;
  }
  if (!isPlain(value)) return '?';
  return `{${Object.entries(value)
    .map(([name, each]) => `${name}: ${shapeOf(each)}`)
    .join(', ')}}`;
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
