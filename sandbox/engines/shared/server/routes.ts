import type { ReachableEngine } from '../../contract/topology.ts';

/** Puts the nodes of an engine into the order of now: the one that takes writes comes first. */
export type Order = <Running extends ReachableEngine>(running: Running) => Promise<Running>;

/** How a member of a capability comes to the nodes in that order. */
export type Route<Member> = (member: Member, ordered: Order) => Member;

/** A route for every member, the optional ones too: a member that is new does not compile without one. */
export type Routes<Owner> = { readonly [Name in keyof Owner]-?: Route<NonNullable<Owner[Name]>> };

/** For what has nothing to do with an order: it asks no node, a node that has just been started, or all of them. */
export const asItIs = <Member>(member: Member): Member => member;

/** For a call that asks the node which takes writes when it begins. */
export function toPrimary<Running extends ReachableEngine, Rest extends readonly unknown[], Answer>(
  call: (running: Running, ...rest: Rest) => Promise<Answer>,
  ordered: Order,
): (running: Running, ...rest: Rest) => Promise<Answer> {
  return async (running, ...rest) => call(await ordered(running), ...rest);
}

/** The same, and where nobody takes writes the nodes as they are: what it asks for is there without them. */
export function toPrimaryIfAny<Running extends ReachableEngine, Rest extends readonly unknown[], Answer>(
  call: (running: Running, ...rest: Rest) => Promise<Answer>,
  ordered: Order,
): (running: Running, ...rest: Rest) => Promise<Answer> {
  return toPrimary(call, (running) => ordered(running).catch(() => running));
}

/** For what is read from the node that takes writes when the first of it is asked for. */
export function rowsOfPrimary<Running extends ReachableEngine, Row>(
  read: (running: Running) => AsyncIterable<Row>,
  ordered: Order,
): (running: Running) => AsyncIterable<Row> {
  return async function* (running) {
    yield* read(await ordered(running));
  };
}

/** For an object, by the routes of its members. */
export function byMember<Owner extends object>(routes: Routes<Owner>): Route<Owner> {
  return (owner, ordered) => {
    const members = Object.entries(owner).map(([name, member]) => {
      const route = routes[name as keyof Owner] as Route<unknown>;
      return [name, member === undefined ? member : route(member, ordered)];
    });
    return Object.fromEntries(members) as Owner;
  };
}

/** For a list, each of which has the same route. */
export function byItem<Item>(route: Route<Item>): Route<readonly Item[]> {
  return (items, ordered) => items.map((item) => route(item, ordered));
}
