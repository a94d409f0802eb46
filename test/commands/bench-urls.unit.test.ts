import { expect, test } from 'vitest';
import { parseUrls } from '../../sandbox/commands/bench/bench-urls.ts';

test.each([
  'mongodb://127.0.0.1:27017/name',
  'mongodb://127.0.0.1:20001,127.0.0.1:20002,127.0.0.1:20003/name?replicaSet=rs',
  'mongodb://a,b',
  'mongodb+srv://cluster.example.com/name',
])('%s is an address of MongoDB', async (address) => {
  expect(await parseUrls([`mongodb=${address}`])).toMatchObject([{ url: address }]);
});

test.each([
  'mongodb://user:secret@127.0.0.1:20001,127.0.0.1:20002/name',
  'mongodb://user:sec,ret@127.0.0.1:20001/name',
  'mongodb://a,user:secret@b/name',
  'mongodb://a,b:secret@c,d',
])('%s would show its password in the process list', async (address) => {
  const parsing = parseUrls([`mongodb=${address}`]);
  await expect(parsing).rejects.toMatchObject({ code: 'BAD_OPTION', message: expect.not.stringContaining('secret') });
  await expect(parsing).rejects.toThrow('in the process list');
});

test.each(['127.0.0.1:1,127.0.0.1:2', 'http://a,b', ','])('%s is no address of MongoDB', async (address) => {
  await expect(parseUrls([`mongodb=${address}`])).rejects.toThrow('that is no address');
});
