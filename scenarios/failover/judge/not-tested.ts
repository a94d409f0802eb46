/** What the suites do not show, named in every report so that nobody takes it for shown. */
export const notTested: readonly string[] = [
  'power loss: kill -9 leaves the page cache, so what was written and not synced survives it',
  'disks that lie about a sync, and blocks that go bad',
  'a clock that jumps: containers share the clock of their machine',
  'members in several places: all of them share one machine and one kernel',
  'hours of load: a drill lasts seconds to minutes',
];
