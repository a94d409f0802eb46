import { faker as english } from '@faker-js/faker/locale/en';
import { faker as chinese } from '@faker-js/faker/locale/zh_CN';

/**
 * Names, places and sentences that rows pick from.
 * Faker is seeded once for all of them: seeding it for each row costs 23 µs, more than the row itself.
 */
export interface Pools {
  readonly chineseNames: readonly string[];
  readonly englishNames: readonly string[];
  /** Lower-case ASCII letters, digits and `._-`, at most 30 characters. */
  readonly loginNames: readonly string[];
  readonly phones: readonly string[];
  readonly cities: readonly string[];
  readonly userAgents: readonly string[];
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
  readonly englishSentences: readonly string[];
}

/** Faker takes seeds of 32 bits. */
const fakerSeedLimit = 2 ** 32;

export function createPools(seed: number): Pools {
  chinese.seed(seed % fakerSeedLimit);
  english.seed((seed + 1) % fakerSeedLimit);
  return {
    chineseNames: fill(1_000, () => chinese.person.fullName()),
    englishNames: fill(500, () => english.person.fullName()),
    loginNames: fill(1_000, () =>
      english.internet
        .username()
        .toLowerCase()
        .replace(/[^a-z0-9._-]/g, '')
        .slice(0, 30),
    ),
    phones: fill(500, () => chinese.phone.number().slice(0, 20)),
    cities: fill(200, () => chinese.location.city()),
    userAgents: fill(50, () => english.internet.userAgent()),
    ipv4: fill(300, () => english.internet.ipv4()),
    ipv6: fill(100, () => english.internet.ipv6()),
    englishSentences: fill(500, () => english.lorem.sentence()),
  };
}

function fill(length: number, make: () => string): readonly string[] {
  return Array.from({ length }, make);
}
