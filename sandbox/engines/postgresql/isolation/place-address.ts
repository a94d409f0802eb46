import type { Place, Through } from '../../contract/isolation.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';
import { readdress } from '../../shared/isolation/readdress.ts';
import { addressVariable, type DatabaseName, databases, mainDatabase } from '../server/connection.ts';
import type { PlaceLogin } from './login.ts';
import { databaseOfPlace } from './marks.ts';

/** Addresses of a place. The main database is reached without a detour; the others through the gate that makes them. */
export function placeOf(running: RunningEngine, { role, password }: PlaceLogin, gatePort: number): Place {
  const { host, port } = firstNode(running);
  const addressOf = (database: DatabaseName) => {
    const at = database === mainDatabase ? `${host}:${port}` : `127.0.0.1:${gatePort}`;
    return `postgresql://${role}:${password}@${at}/${databaseOfPlace(role, database)}`;
  };
  const others = databases.filter((database) => database !== mainDatabase);
  return {
    id: role,
    uri: addressOf(mainDatabase),
    environment: {
      DATABASE_URL: addressOf(mainDatabase),
      PGHOST: host,
      PGPORT: String(port),
      PGUSER: role,
      PGPASSWORD: password,
      PGDATABASE: databaseOfPlace(role, mainDatabase),
      ...Object.fromEntries(others.map((database) => [addressVariable(database), addressOf(database)])),
    },
  };
}

/** Besides its addresses, those of libpq's own variables. */
export async function readdressPlace(place: Place, through: Through): Promise<Place> {
  const { PGHOST = '', PGPORT = '' } = place.environment;
  const { host, port } = await through({ host: PGHOST, port: Number(PGPORT) });
  const { environment, ...rest } = await readdress(place, through);
  return { ...rest, environment: { ...environment, PGHOST: host, PGPORT: String(port) } };
}
