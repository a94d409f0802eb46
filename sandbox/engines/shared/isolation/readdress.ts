import { SandboxError } from '../../../core/errors.ts';
import type { Place, Through } from '../../contract/isolation.ts';

/** What comes before the host of an address, host and port, and the rest of it. */
const address = /^([a-z][a-z0-9+.-]*:\/\/(?:[^@/?#]*@)?)(\[[0-9a-f:.]+\]|[^:/?#,[\]]+):(\d+)((?:[/?#].*)?)$/i;

/** A place whose addresses, each of one host and port, are led elsewhere. Logins, databases and options stay as they are. */
export async function readdress(place: Place, through: Through): Promise<Place> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(place.environment)) {
    environment[name] = value.includes('://') ? await readdressed(value, through) : value;
  }
  return { ...place, uri: await readdressed(place.uri, through), environment };
}

async function readdressed(value: string, through: Through): Promise<string> {
  const found = address.exec(value);
  if (found === null) throw goesRound('its address has other hosts than one, or no port');
  const [, before = '', host = '', port = '', rest = ''] = found;
  const other = await through({ host: host.replace(/^\[|\]$/g, ''), port: Number(port) });
  return `${before}${other.host}:${other.port}${rest}`;
}

/** `NOT_SUPPORTED`: a driver would not keep to the address that it is given. */
export function goesRound(why: string): SandboxError {
  return new SandboxError({
    code: 'NOT_SUPPORTED',
    message: `A store cannot have faults of its own: ${why}, so that its driver would go round them.`,
    next: 'Leave its engine out of `faults`, or start it as standalone: npm run sandbox -- up --topology ENGINE=standalone',
  });
}
