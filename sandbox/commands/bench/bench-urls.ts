import { readFile } from 'node:fs/promises';
import type { ExternalServer } from '../../../bench/measure/external-servers.ts';
import { messageOf } from '../../core/errors.ts';
import type { Engine } from '../../engines/contract/engine.ts';
import { type EngineName, engineNames } from '../../engines/engine-names.ts';
import { loadEngines } from '../../engines/load-engines.ts';
import { badOption } from '../options/names.ts';

const example = 'For example --url redis=env:REDIS_URL, or file:PATH.';

/**
 * Servers of `--url ENGINE=ADDRESS`, where the address is one, `env:NAME` or `file:PATH`.
 * Throws `BAD_OPTION`, also for an address with a password: arguments are in the process list, for everybody.
 */
export async function parseUrls(texts: readonly string[]): Promise<readonly ExternalServer[]> {
  const pairs = texts.map((text) => {
    const [name = '', ...rest] = text.split('=');
    if (!engineNames.includes(name as EngineName)) {
      throw badOption(`--url: \`${name}\` is no engine.`, `Use one of ${engineNames.join(', ')}. ${example}`);
    }
    return { name: name as EngineName, place: rest.join('=') };
  });
  const twice = pairs.find(({ name }, index) => pairs.findIndex((other) => other.name === name) < index);
  if (twice !== undefined)
    throw badOption(`--url: ${twice.name} is given twice.`, 'One server of each engine is measured.');
  const engines = await loadEngines(pairs.map(({ name }) => name));
  return Promise.all(
    pairs.map(async ({ name, place }) => {
      const engine = engines.find((each) => each.name === name) as Engine;
      return { engine, url: checkedUrl(engine, await addressOf(name, place), place) };
    }),
  );
}

async function addressOf(name: string, place: string): Promise<string> {
  if (place.startsWith('env:')) {
    const variable = place.slice(4);
    // As of any object, `constructor` and others are there without anybody having set them.
    const value = Object.hasOwn(process.env, variable) ? process.env[variable] : undefined;
    if (value === undefined || value === '') throw badOption(`--url ${name}: \`${variable}\` is not set.`, example);
    return value.trim();
  }
  if (!place.startsWith('file:')) return place;
  try {
    return (await readFile(place.slice(5), 'utf8')).trim();
  } catch (thrown) {
    throw badOption(`--url ${name}: ${messageOf(thrown)}.`, example);
  }
}

/** The members of a set are several hosts with ports, of which `URL` reads one: `mongodb://a:1,b:2/name`. */
function withOneHost(address: string): string {
  return address.replace(/^([a-z][a-z+]*:\/\/(?:[^@/?#]*@)?[^,@/?#]*),[^@/?#]*(?=[/?#]|$)/, '$1');
}

function checkedUrl(engine: Engine, address: string, place: string): string {
  // What is no address may hold a password all the same: it is not repeated.
  const single = withOneHost(address);
  const url = URL.canParse(single) ? new URL(single) : undefined;
  const protocols = engine.bench?.external?.protocols ?? [];
  if (url === undefined || !protocols.includes(url.protocol)) {
    throw badOption(
      `--url ${engine.name}: that is no address of ${engine.title}.`,
      `It begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}.`,
    );
  }
  if (url.password !== '' && place === address) {
    throw badOption(
      `--url ${engine.name}: an address with a password would be in the process list.`,
      'Put it into a variable or a file: --url redis=env:REDIS_URL, or file:PATH.',
    );
  }
  return address;
}
