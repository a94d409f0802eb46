import { expect, test } from 'vitest';
import { addressOfPlace, hasLogin } from '../../../sandbox/engines/mongodb/isolation/address.ts';

const login = { password: 'p@ss/word' };

test.each([
  [
    'mongodb://u:p@127.0.0.1:1/content?authSource=admin',
    'mongodb://place:p%40ss%2Fword@127.0.0.1:1/place?authSource=admin',
  ],
  [
    'mongodb://u:p@a:1,b:2/content?authSource=x&replicaSet=s',
    'mongodb://place:p%40ss%2Fword@a:1,b:2/place?authSource=admin&replicaSet=s',
  ],
  ['mongodb+srv://u:p@cluster.example', 'mongodb+srv://place:p%40ss%2Fword@cluster.example/place?authSource=admin'],
])('the place of %s has a login of its own', (address, wanted) => {
  expect(hasLogin(address)).toBe(true);
  expect(addressOfPlace(address, 'place', login)).toBe(wanted);
});

test('a server without users has none for places either', () => {
  expect(hasLogin('mongodb://127.0.0.1:1/x')).toBe(false);
  expect(addressOfPlace('mongodb://127.0.0.1:1/x?directConnection=true', 'place')).toBe(
    'mongodb://127.0.0.1:1/place?directConnection=true',
  );
});
