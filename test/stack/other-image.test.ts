import { Redis } from 'ioredis';
import { afterAll, expect, test } from 'vitest';
import { resolveImages } from '../../sandbox/containers/images/images.ts';
import { labelNames } from '../../sandbox/containers/runtime/labels.ts';
import { findContainers } from '../../sandbox/containers/runtime/objects.ts';
import { defaultEngines } from '../../sandbox/engines/engine-names.ts';
import { loadEngine } from '../../sandbox/engines/load-engines.ts';
import { stackIdentity } from '../../sandbox/stack/state/stack-identity.ts';
import { removeTinyEngines, tinyEngine } from '../containers/support/tiny-images.ts';
import { runForDocument, runForError, stackFolder } from '../support/command.ts';

afterAll(removeTinyEngines);

/** Version of the data, of the server, and whether that one starts on it. */
const versions: Record<(typeof defaultEngines)[number], readonly (readonly [string, string, boolean])[]> = {
  postgresql: [
    ['17.12', '17.9', true],
    ['16.4', '17.12', false],
    ['17.12', '16.4', false],
  ],
  redis: [
    ['7.4.1', '8.0.2', true],
    ['8.0.2', '7.4.1', false],
  ],
  mongodb: [
    ['8.0.4', '8.2.1', true],
    ['7.0.2', '8.0.4', true],
    ['6.0.1', '8.0.4', false],
    ['8.0.4', '7.0.2', false],
  ],
  neo4j: [
    ['2026.07.1', '2026.08.1', true],
    ['2026.08.1', '2026.07.1', false],
    ['2026.08.1', '5.26.0', false],
  ],
  qdrant: [
    ['1.17.0', '1.18.3', true],
    ['1.18.3', '1.17.0', false],
  ],
};

test.each(defaultEngines)(
  '%s: data of another version is started on where its server does, and nowhere else',
  async (name) => {
    const { dataVersions } = await loadEngine(name);
    for (const [data, server, reads] of versions[name]) {
      expect([data, server, dataVersions?.reads(data, server)]).toEqual([data, server, reads]);
      expect(dataVersions?.reads(data, data)).toBe(true);
    }
  },
);

/** Reference of an image whose server says that it is of this version, and never starts. */
async function redisOf(version: string, origin: 'built' | 'compatible' = 'built'): Promise<string> {
  const tiny = await tinyEngine(`COPY redis-server /usr/local/bin/\nRUN chmod 755 /usr/local/bin/redis-server`, {
    files: { 'redis-server': `#!/bin/sh\necho "Redis server v=${version} sha=00000000:0"\n` },
  });
  const spec = { ...tiny.spec, local: { ...tiny.spec.local, origin } };
  const images = await resolveImages([{ ...tiny, spec }], { policy: 'built', progress: () => {} });
  return images.get(tiny.engine)?.reference ?? '';
}

test('an image that would not start on the data is refused before anything stops, and the advice goes on', async () => {
  await using folder = await stackFolder();
  const here = { cwd: folder.path };
  const up = ['up', '--engines', 'redis', '--size', 'none'];
  const nodes = async () => {
    const found = await findContainers({ [labelNames.stack]: stackIdentity({ directory: folder.path }).name });
    return found.map(({ id, running }) => [id, running]);
  };
  const stored = async (work: (client: Redis) => Promise<unknown>) => {
    const { REDIS_URL = '' } = await runForDocument<Record<string, string>>(['env'], here);
    const client = new Redis(REDIS_URL);
    try {
      return await work(client);
    } finally {
      client.disconnect();
    }
  };
  await runForDocument(up, here);
  await stored((client) => client.set('written', 'by its user'));
  const before = await nodes();
  expect(before).toHaveLength(1);

  const earlier = await redisOf('6.2.1');
  const standIn = await redisOf('9.0.1', 'compatible');
  for (const [image, says] of [
    [earlier, /holds data of version \d.*version 6\.2\.1/],
    [standIn, /holds data of the engine itself .*a stand-in/],
  ] as const) {
    for (const topology of [[], ['--topology', 'redis=replicated']]) {
      const error = await runForError([...up, ...topology], { ...here, env: { SANDBOX_REDIS_IMAGE: image } });
      expect(error).toMatchObject({ exitCode: 1, code: 'IMAGE_DIFFERENT', engine: 'redis' });
      expect(error.message).toMatch(says);
      expect(error.next).toMatch(/^Nothing was stopped\. .*DELETES ALL DATA/);
      const [, made = ''] = /SANDBOX_REDIS_IMAGE=(\S+) goes on/.exec(error.next ?? '') ?? [];
      await runForDocument(up, { ...here, env: { SANDBOX_REDIS_IMAGE: made } });
      expect(await nodes()).toEqual(before);
    }
  }
  expect(await stored((client) => client.get('written'))).toBe('by its user');
});
