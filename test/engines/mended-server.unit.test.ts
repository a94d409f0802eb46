import { expect, test } from 'vitest';
import type { RunningEngine } from '../../sandbox/engines/contract/topology.ts';
import { isMended } from '../../sandbox/engines/shared/isolation/server-pool.ts';
import { useMadeUpEngine } from '../containers/support/made-up-engine.ts';

const server = { running: { nodes: [{ containerId: 'server' }] } as unknown as RunningEngine };
let state = { Running: true, Paused: false };
useMadeUpEngine(() => ({ State: state }));

test('a server of a test that is paused, or down, is given up without being asked anything', async () => {
  const asked: object[] = [];
  const mend = async (each: object) => void asked.push(each);
  state = { Running: true, Paused: true };
  expect(await isMended(server, mend)).toBe(false);
  state = { Running: false, Paused: false };
  expect(await isMended(server, mend)).toBe(false);
  expect(asked).toEqual([]);
  state = { Running: true, Paused: false };
  expect(await isMended(server, mend)).toBe(true);
  expect(asked).toEqual([server]);
});

test('so is one that cannot be made as new', async () => {
  state = { Running: true, Paused: false };
  expect(await isMended(server, () => Promise.reject(new Error('its password is another one')))).toBe(false);
});
