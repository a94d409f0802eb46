import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseMachine } from '../../sandbox/containers/runtime/ssh/other-machine.ts';
import { destinationOf, parseSshTarget } from '../../sandbox/containers/runtime/ssh/ssh-target.ts';
import { SandboxError } from '../../sandbox/core/errors.ts';
import { seed, seedText } from '../support/seed.ts';

test.each([
  ['ssh://elsewhere', ['--', 'elsewhere'], undefined],
  ['ssh://me@elsewhere', ['-l', 'me', '--', 'elsewhere'], undefined],
  ['ssh://me@elsewhere.example:2222/', ['-l', 'me', '-p', '2222', '--', 'elsewhere.example'], undefined],
  ['ssh://me@[fe80::1%eth0]:22', ['-l', 'me', '-p', '22', '--', 'fe80::1%eth0'], undefined],
  ['ssh://an_alias/run/user/1000/docker.sock', ['--', 'an_alias'], '/run/user/1000/docker.sock'],
] as const)('%s', (url, destination, socketPath) => {
  const target = parseSshTarget(url, 'DOCKER_HOST');
  expect(destinationOf(target)).toEqual(destination);
  expect(target.socketPath).toBe(socketPath);
});

test.each([
  'ssh://',
  'ssh://-oProxyCommand=id',
  'ssh://-l@elsewhere',
  'ssh://me@',
  'ssh://elsewhere:0',
  'ssh://elsewhere:65536',
  'ssh://elsewhere:port',
  'ssh://elsewhere?x=y',
  'ssh://else where',
  'ssh://elsewhere/a:b',
  'ssh://elsewhere/$(id)',
])('%s is refused before ssh is asked', (url) => {
  expect(() => parseSshTarget(url, 'DOCKER_HOST')).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }));
});

test('a password in the address is refused, and not shown', () => {
  const refused = expect.objectContaining({ code: 'BAD_OPTION', message: expect.not.stringContaining('hunter2') });
  expect(() => parseSshTarget('ssh://me:hunter2@elsewhere', 'DOCKER_HOST')).toThrow(refused);
});

test(`nothing that an address says becomes an option of ssh (${seedText})`, () => {
  const parts = fc.array(fc.oneof(fc.constantFrom('-', '@', ':', '/', '[', ']', '-o', 'a', '1'), fc.string()));
  fc.assert(
    fc.property(parts, (each) => {
      try {
        const { host, user = 'x', port = 1 } = parseSshTarget(`ssh://${each.join('')}`, 'DOCKER_HOST');
        expect([host, user, String(port)].filter((part) => part.startsWith('-') || /\s/.test(part))).toEqual([]);
      } catch (thrown) {
        if (!(thrown instanceof SandboxError)) throw thrown;
      }
    }),
    { seed, numRuns: 2_000 },
  );
});

test('what another machine says of itself is read, and what it does not say is absent', () => {
  const said = 'disk_kibibytes 2\nmemory_kibibytes 3\ncores 4\navx no\nlistening 1F90\nlistening 0016\n';
  const listeningPorts = new Set([8080, 22]);
  expect(parseMachine(said)).toEqual({ diskBytes: 2048, memoryBytes: 3072, cores: 4, hasAvx: false, listeningPorts });
  expect(parseMachine('cores \nThis account is not available.\n')).toEqual({ listeningPorts: new Set() });
});
