import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import type { Leak, Place } from '../../contract/isolation.ts';
import { readCollectionSchema } from '../schema/collections.ts';

interface Asked {
  readonly method?: 'POST' | 'PUT' | 'DELETE';
  readonly body?: unknown;
  /** Default: that of the place that is asked. */
  readonly apiKey?: string;
}

function keyOf({ environment: variables }: Place): string {
  return variables.QDRANT_API_KEY ?? '';
}

/** Asks a place's server by a path that is sent as it is written: other clients make `..` and `//` into something else. */
function ask(place: Place, path: string, asked: Asked = {}): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(place.uri);
  const { method = 'GET', body, apiKey = keyOf(place) } = asked;
  const headers = { 'api-key': apiKey, 'content-type': 'application/json', connection: 'close' };
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (piece) => {
        text += piece;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Changes something that has to be possible. */
async function change(place: Place, path: string, asked: Asked): Promise<string> {
  const { status, text } = await ask(place, path, asked);
  if (status !== 200) throw new Error(`${path} answered ${status}: ${text}`);
  return text;
}

const vectors = '/collections/user_vectors';
const notServed = (what: string) => ({ notRunOn: { compatible: `the stand-in does not serve ${what}` } }) as const;

/** What a path of the victim shows of a text that the attacker has brought into its own server. */
function seenAt(path: string, make: (attacker: Place, name: string) => Promise<unknown>): Leak['attempt'] {
  return async (attacker, victim) => {
    const name = `leak_${randomUUID()}`;
    await make(attacker, name);
    const { text } = await ask(victim, path);
    return text.includes(name) ? [`${name} at ${path}`] : [];
  };
}

/** Ways of writing a path that a server, or something in front of it, may read as another one. */
const oddPaths = [
  vectors,
  '//collections/user_vectors',
  '/./collections/user_vectors',
  '/healthz/../collections/user_vectors',
  '/healthz/%2e%2e/collections/user_vectors',
  '/healthz%2f..%2fcollections/user_vectors',
  '/%63ollections/user_vectors',
  '/collections/%75ser_vectors',
  '/collections/x%2f..%2fuser_vectors',
  '/collections/user_vectors%00',
  '/collections/user_vectors/snapshots/..%2f..%2f..%2fconfig%2flocal.yaml',
] as const;

/** Every way out of a server that a test has for itself. */
export const leaks: readonly Leak[] = [
  {
    name: 'points',
    verdict: 'isolated',
    async attempt(attacker, victim) {
      const { vectors: wanted } = await readCollectionSchema('user_vectors');
      const id = randomUUID();
      const vector = Array.from({ length: wanted.size }, (_, index) => (index === 0 ? 1 : 0));
      await change(attacker, `${vectors}/points?wait=true`, {
        method: 'PUT',
        body: { points: [{ id, vector, payload: {} }] },
      });
      const { status } = await ask(victim, `${vectors}/points/${id}`);
      return status === 200 ? [`point ${id}`] : [];
    },
  },
  {
    name: 'collections',
    verdict: 'isolated',
    attempt: seenAt('/collections', (attacker, name) =>
      change(attacker, `/collections/${name}`, { method: 'PUT', body: { vectors: { size: 4, distance: 'Dot' } } }),
    ),
  },
  {
    name: 'payload indexes',
    verdict: 'isolated',
    attempt: seenAt(vectors, (attacker, name) =>
      change(attacker, `${vectors}/index?wait=true`, {
        method: 'PUT',
        body: { field_name: name, field_schema: 'keyword' },
      }),
    ),
  },
  {
    name: 'aliases',
    verdict: 'isolated',
    attempt: seenAt('/aliases', (attacker, name) => {
      const actions = [{ create_alias: { alias_name: name, collection_name: 'user_vectors' } }];
      return change(attacker, '/collections/aliases', { method: 'POST', body: { actions } });
    }),
  },
  {
    name: 'snapshots of a collection',
    verdict: 'isolated',
    async attempt(attacker, victim) {
      const made = JSON.parse(await change(attacker, `${vectors}/snapshots`, { method: 'POST' }));
      const { text } = await ask(victim, `${vectors}/snapshots`);
      return text.includes(made.result.name) ? [`snapshot ${made.result.name}`] : [];
    },
  },
  {
    name: 'snapshots of the whole server',
    verdict: 'isolated',
    ...notServed('snapshots of the whole server'),
    async attempt(attacker, victim) {
      const made = JSON.parse(await change(attacker, '/snapshots', { method: 'POST' }));
      const { text } = await ask(victim, '/snapshots');
      return text.includes(made.result.name) ? [`snapshot ${made.result.name}`] : [];
    },
  },
  {
    name: 'recovery from the snapshot of another place',
    verdict: 'isolated',
    ...notServed('recovery from a location'),
    async attempt(attacker, victim) {
      const made = JSON.parse(await change(victim, `${vectors}/snapshots`, { method: 'POST' }));
      const location = `http://${victim.id}:6333${vectors}/snapshots/${made.result.name}`;
      const { status } = await ask(attacker, `${vectors}/snapshots/recover`, { method: 'PUT', body: { location } });
      return status === 200 ? ['its snapshot was taken'] : [];
    },
  },
  {
    name: 'API key',
    verdict: 'isolated',
    async attempt(attacker, victim) {
      const apiKey = keyOf(attacker);
      const { status } = await ask(victim, '/collections', { apiKey });
      return status === 200 ? ["the attacker's key opens it"] : [];
    },
  },
  {
    name: 'odd paths',
    verdict: 'isolated',
    async attempt(attacker, victim) {
      const apiKey = keyOf(attacker);
      const answers = oddPaths.map(async (path) => ({ path, ...(await ask(victim, path, { apiKey })) }));
      const seen = (await Promise.all(answers)).filter(({ text }) => /payload_schema|points_count|api_key/.test(text));
      return seen.map(({ path, status }) => `${path} answered ${status}`);
    },
  },
  {
    name: 'telemetry',
    verdict: 'isolated',
    ...notServed('telemetry'),
    attempt: seenAt('/telemetry?details_level=10', (attacker, name) =>
      change(attacker, `/collections/${name}`, { method: 'PUT', body: { vectors: { size: 4, distance: 'Dot' } } }),
    ),
  },
  {
    name: 'locks',
    verdict: 'isolated',
    ...notServed('locks'),
    async attempt(attacker, victim) {
      await ask(attacker, '/locks', { method: 'POST', body: { write: true, error_message: 'leak' } });
      const { status } = await ask(victim, `${vectors}/points/delete?wait=true`, {
        method: 'POST',
        body: { points: [randomUUID()] },
      });
      await ask(attacker, '/locks', { method: 'POST', body: { write: false } });
      return status === 200 ? [] : [`a write was answered ${status}`];
    },
  },
  {
    name: 'peers of a cluster',
    verdict: 'isolated',
    ...notServed('what a cluster is asked'),
    async attempt(attacker, victim) {
      const { text } = await ask(attacker, '/cluster');
      return text.includes(victim.id) ? ['it is a peer'] : [];
    },
  },
];
