import neo4j, { type Driver } from 'neo4j-driver';
import { type LeaseBench, type OtherWay, timed } from '../../contract/bench/lease-bench.ts';
import { cypher, readGraph, seedOf } from '../isolation/graph.ts';
import { fillGraph } from '../isolation/mend-graph.ts';

/** What a fixture of a test does with a server that is there: the whole graph out, the whole graph in. */
const deleteAndCreate: OtherWay<Driver> = {
  name: 'DETACH DELETE of all nodes, CREATE of all',
  kind: 'as new',
  role: 'bare',
  async prepare({ place: { uri, environment } }) {
    const login = neo4j.auth.basic(environment.NEO4J_USERNAME ?? '', environment.NEO4J_PASSWORD ?? '');
    const driver = neo4j.driver(uri, login, { telemetryDisabled: true });
    const seed = seedOf(await readGraph(driver));
    const statement = await cypher('delete-all-nodes');
    const refill = async () => {
      const session = driver.session();
      await session.run(statement).finally(() => session.close());
      await fillGraph(driver, seed);
    };
    return { run: () => timed(refill), [Symbol.asyncDispose]: () => driver.close() };
  },
};

export const leases: LeaseBench<Driver> = {
  write: (client) => client.executeQuery("CREATE (:User {id: randomUUID(), name: 'of a test'})"),
  others: [deleteAndCreate],
};
