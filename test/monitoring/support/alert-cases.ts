import type { AlertCase, FaultySeries, SilentCase } from './situations.ts';

const jobs = {
  'postgres-exporter': { engine: 'postgresql', origin: 'built' },
  'mongodb-exporter': { engine: 'mongodb', origin: 'compatible' },
  'redis-exporter': { engine: 'redis', origin: 'built' },
  neo4j: { engine: 'neo4j', origin: 'built' },
  qdrant: { engine: 'qdrant', origin: 'compatible' },
};

type Job = keyof typeof jobs;

const ofNode = (job: Job) => ({ job, instance: 'INSTANCE', ...jobs[job] });

/** Labels that a target of a job has. */
const target = (job: Job) =>
  Object.entries(ofNode(job))
    .map(([name, value]) => `${name}="${value}"`)
    .join();
const postgres = target('postgres-exporter');
const redis = target('redis-exporter');

/** A server that refuses connections, and one that hangs: the scrape of the second gives nothing but `up`. */
function serverDown(alert: string, job: Job, metric: string): readonly AlertCase[] {
  const own = `${metric}{${target(job)}}`;
  const up = `up{${target(job)}}`;
  return [
    {
      alert,
      cause: 'refuses',
      series: [
        { series: own, healthy: 1, faulty: 0 },
        { series: up, healthy: 1 },
      ],
      labels: ofNode(job),
    },
    {
      alert,
      cause: 'hangs',
      series: [
        { series: own, healthy: 1, faulty: 'stale' },
        { series: up, healthy: 1, faulty: 0 },
      ],
      labels: ofNode(job),
    },
  ];
}

/** A job that has lost its targets, while the others have theirs. */
function targetMissing(job: string): AlertCase {
  const others = Object.entries(jobs).filter(([other]) => other !== job);
  return {
    alert: 'TargetMissing',
    cause: job,
    series: [
      { series: `up{job="${job}",instance="only"}`, healthy: 1, faulty: 'stale' },
      ...others.map(
        ([other]): FaultySeries => ({ series: `up{job="${other}",instance="only"}`, healthy: 1, stays: true }),
      ),
    ],
    labels: { job },
    firesWithoutSeries: true,
    isAboutAll: true,
  };
}

/** The reporter's own state is a label too: that of a primary is 1, of a secondary 2. */
const memberSeenBy = (metric: string, reporter: string, member: string, state: string) =>
  `${metric}{${target('mongodb-exporter').replace('INSTANCE', reporter)},rs_nm="rs0",rs_state="${reporter === 'mongodb-1' ? 1 : 2}",member_idx="${member}",member_state="${state}"}`;

const ofMember = { rs_nm: 'rs0', origin: jobs['mongodb-exporter'].origin };

const slot = 'slot_name="left_behind",slot_type="physical"';
const redisInfo = (policy: string) =>
  `redis_instance_info{${redis},maxmemory_policy="${policy}",role="master",redis_mode="standalone"}`;

/** What is published of a quality check. */
const violations = (check: string, severity: 'error' | 'warning') =>
  `taishang_quality_violations{job="sandbox",instance="taishang",source="quality",contracts="platform",engine="redis",check="${check}",severity="${severity}"}`;

/** Labels of an alert about one: its severity is the rule's own. */
const labelsOfCheck = {
  job: 'sandbox',
  instance: 'taishang',
  source: 'quality',
  contracts: 'platform',
  engine: 'redis',
  check: 'INSTANCE',
};

/** Every cause of every alert. */
export const alertCases: readonly AlertCase[] = [
  ...serverDown('PostgreSQLDown', 'postgres-exporter', 'pg_up'),
  ...serverDown('MongoDBDown', 'mongodb-exporter', 'mongodb_up'),
  ...serverDown('RedisDown', 'redis-exporter', 'redis_up'),
  ...serverDown('Neo4jDown', 'neo4j', 'neo4j_up'),
  {
    alert: 'QdrantDown',
    series: [{ series: `up{${target('qdrant')}}`, healthy: 1, faulty: 0 }],
    labels: ofNode('qdrant'),
  },
  {
    // 97 are to be had: 77 of them are 79.4 %, 79 are 81.4 %. No database has more than half.
    alert: 'PostgreSQLHighConnections',
    series: [
      { series: `pg_stat_database_numbackends{${postgres},datid="1",datname="one"}`, healthy: 3, edge: 38, faulty: 39 },
      { series: `pg_stat_database_numbackends{${postgres},datid="2",datname="two"}`, healthy: 3, edge: 39, faulty: 40 },
      { series: `pg_settings_max_connections{${postgres},server="postgresql:5432"}`, healthy: 100 },
      { series: `pg_settings_superuser_reserved_connections{${postgres},server="postgresql:5432"}`, healthy: 3 },
      { series: `pg_settings_reserved_connections{${postgres},server="postgresql:5432"}`, healthy: 0 },
    ],
    labels: ofNode('postgres-exporter'),
  },
  {
    // Before PostgreSQL 16 there are none reserved for a role.
    alert: 'PostgreSQLHighConnections',
    cause: 'without reserved_connections',
    series: [
      { series: `pg_stat_database_numbackends{${postgres},datid="1",datname="one"}`, healthy: 3, edge: 77, faulty: 79 },
      { series: `pg_settings_max_connections{${postgres},server="postgresql:5432"}`, healthy: 100 },
      { series: `pg_settings_superuser_reserved_connections{${postgres},server="postgresql:5432"}`, healthy: 3 },
    ],
    labels: ofNode('postgres-exporter'),
  },
  {
    alert: 'MongoDBReplicationLag',
    series: [
      {
        series: memberSeenBy('mongodb_rs_members_optimeDate', 'mongodb-1', 'mongodb-1:27017', 'PRIMARY'),
        healthy: 2e6,
      },
      ...['mongodb-1', 'mongodb-2'].map((reporter) => ({
        series: memberSeenBy('mongodb_rs_members_optimeDate', reporter, 'INSTANCE', 'SECONDARY'),
        healthy: 2e6,
        edge: 2e6 - 10e3,
        faulty: 2e6 - 11e3,
      })),
    ],
    labels: { ...ofMember, member_idx: 'INSTANCE' },
  },
  ...[
    { cause: 'gone', own: { healthy: 1, faulty: 'stale' } as const },
    { cause: 'cut off from the others', own: { healthy: 1 } },
  ].map(
    ({ cause, own }): AlertCase => ({
      alert: 'MongoDBMemberDown',
      cause,
      series: [
        {
          series: memberSeenBy('mongodb_rs_members_health', 'mongodb-1', 'INSTANCE', 'SECONDARY'),
          healthy: 1,
          faulty: 'stale',
        },
        {
          series: memberSeenBy('mongodb_rs_members_health', 'mongodb-1', 'INSTANCE', '(not reachable/healthy)'),
          healthy: 'stale',
          faulty: 0,
        },
        // What it says of itself.
        { series: memberSeenBy('mongodb_rs_members_health', 'INSTANCE', 'INSTANCE', 'SECONDARY'), ...own },
        { series: memberSeenBy('mongodb_rs_members_self', 'INSTANCE', 'INSTANCE', 'SECONDARY'), ...own },
      ],
      labels: { ...ofMember, member_idx: 'INSTANCE' },
    }),
  ),
  {
    alert: 'MongoDBNoPrimary',
    series: [
      {
        series: memberSeenBy('mongodb_rs_members_health', 'mongodb-2', 'mongodb-1:27017', 'PRIMARY'),
        healthy: 1,
        faulty: 'stale',
      },
      { series: memberSeenBy('mongodb_rs_members_health', 'mongodb-2', 'mongodb-2:27017', 'SECONDARY'), healthy: 1 },
    ],
    labels: ofMember,
    isAboutAll: true,
  },
  {
    alert: 'PostgreSQLReplicationLag',
    series: [
      { series: `pg_replication_lag_seconds{${postgres}}`, healthy: 0, edge: 10, faulty: 11 },
      { series: `pg_replication_is_replica{${postgres}}`, healthy: 1 },
    ],
    labels: ofNode('postgres-exporter'),
  },
  {
    alert: 'PostgreSQLReplicationSlotInactive',
    series: [{ series: `pg_replication_slot_slot_is_active{${postgres},${slot}}`, healthy: 1, faulty: 0 }],
    labels: { ...ofNode('postgres-exporter'), slot_name: 'left_behind', slot_type: 'physical' },
  },
  {
    alert: 'PostgreSQLReplicationSlotLag',
    series: [
      {
        series: `pg_replication_slots_pg_wal_lsn_diff{${postgres},database="",server="postgresql:5432",slot_name="left_behind"}`,
        healthy: 0,
        edge: 256e6,
        faulty: 256e6 + 1,
      },
      { series: `pg_settings_max_wal_size_bytes{${postgres},server="postgresql:5432"}`, healthy: 256e6 },
    ],
    labels: { ...ofNode('postgres-exporter'), server: 'postgresql:5432', slot_name: 'left_behind' },
  },
  ...['unreserved', 'lost'].map(
    (status): AlertCase => ({
      alert: 'PostgreSQLReplicationSlotLost',
      cause: status,
      series: [
        {
          series: `pg_replication_slot_wal_status{${postgres},${slot},wal_status="reserved"}`,
          healthy: 1,
          faulty: 'stale',
        },
        {
          series: `pg_replication_slot_wal_status{${postgres},${slot},wal_status="${status}"}`,
          healthy: 'stale',
          faulty: 1,
        },
      ],
      labels: {
        ...ofNode('postgres-exporter'),
        slot_name: 'left_behind',
        slot_type: 'physical',
        wal_status: status,
      },
    }),
  ),
  {
    alert: 'PostgreSQLWalGrowth',
    series: [
      { series: `pg_wal_size_bytes{${postgres}}`, healthy: 100e6, edge: 512e6, faulty: 513e6 },
      { series: `pg_settings_max_wal_size_bytes{${postgres},server="postgresql:5432"}`, healthy: 256e6 },
    ],
    labels: ofNode('postgres-exporter'),
  },
  {
    alert: 'PostgreSQLDiskGrowth',
    series: [
      // At 0.2 MB a scrape it is 24 % within an hour; at 2 MB it is more than a quarter with the thirteenth.
      {
        series: `pg_database_size_bytes{${postgres},datname="one"}`,
        healthy: 0,
        edge: 0.2e6,
        faulty: 2e6,
        isCounter: true,
      },
      { series: `pg_database_size_bytes{${postgres},datname="two"}`, healthy: 100e6 },
    ],
    labels: ofNode('postgres-exporter'),
    healthySeconds: 3_900,
    leadSeconds: 360,
    tailSeconds: 900,
    // It is pending for half an hour, and reads what was scraped an hour and a quarter of an hour before.
    bearsMissedScrapes: true,
  },
  {
    alert: 'RedisMemoryUsageHigh',
    series: [
      { series: `redis_memory_used_bytes{${redis}}`, healthy: 10, edge: 90, faulty: 91 },
      { series: `redis_memory_max_bytes{${redis}}`, healthy: 100 },
      { series: redisInfo('noeviction'), healthy: 1 },
    ],
    labels: ofNode('redis-exporter'),
  },
  {
    alert: 'RedisMemoryUnlimited',
    series: [
      { series: `redis_memory_used_bytes{${redis}}`, healthy: 10, edge: 80, faulty: 81 },
      { series: `redis_memory_max_bytes{${redis}}`, healthy: 0 },
      { series: `redis_total_system_memory_bytes{${redis}}`, healthy: 100 },
    ],
    labels: ofNode('redis-exporter'),
  },
  {
    // Of the last 5 minutes' reads 90 s and more are bad when the rate is below four fifths of 90 %.
    alert: 'RedisEvictionsHurt',
    series: [
      { series: `redis_evicted_keys_total{${redis}}`, healthy: 0, edge: 50, faulty: 50, isCounter: true },
      { series: `redis_keyspace_hits_total{${redis}}`, healthy: 90, edge: 85, faulty: 40, isCounter: true },
      { series: `redis_keyspace_misses_total{${redis}}`, healthy: 10, edge: 15, faulty: 60, isCounter: true },
    ],
    labels: ofNode('redis-exporter'),
    healthySeconds: 3_900,
    leadSeconds: 90,
    tailSeconds: 300,
  },
  {
    alert: 'ExporterDown',
    series: [{ series: `up{${redis}}`, healthy: 1, faulty: 0 }],
    labels: ofNode('redis-exporter'),
  },
  ...Object.keys(jobs).map(targetMissing),
  {
    // Time begins at 0 here.
    alert: 'BackupTooOld',
    series: [
      {
        series:
          'taishang_backup_last_success_timestamp_seconds{job="sandbox",instance="INSTANCE",source="backup",engine="redis"}',
        healthy: 0,
        edge: -26 * 3_600 + 1_500,
        faulty: -27 * 3_600,
      },
    ],
    labels: { job: 'sandbox', instance: 'INSTANCE', source: 'backup', engine: 'redis' },
  },
  {
    alert: 'BackupTooOld',
    cause: 'of a clock that was ahead',
    series: [
      {
        series:
          'taishang_backup_last_success_timestamp_seconds{job="sandbox",instance="INSTANCE",source="backup",engine="redis"}',
        healthy: 0,
        edge: 600,
        faulty: 30 * 86_400,
      },
    ],
    labels: { job: 'sandbox', instance: 'INSTANCE', source: 'backup', engine: 'redis' },
  },
  {
    alert: 'QualityCheckFailed',
    series: [{ series: violations('INSTANCE', 'error'), healthy: 0, faulty: 1 }],
    labels: labelsOfCheck,
  },
  {
    alert: 'QualityCheckWarns',
    series: [{ series: violations('INSTANCE', 'warning'), healthy: 0, faulty: 1 }],
    labels: labelsOfCheck,
  },
  {
    alert: 'QualityCheckSilent',
    series: [
      {
        series:
          'taishang_quality_last_success_timestamp_seconds{job="sandbox",instance="taishang",source="quality",contracts="platform",engine="redis",check="INSTANCE",severity="error"}',
        healthy: 0,
        edge: -2 * 3_600 + 1_500,
        faulty: -3 * 3_600,
      },
    ],
    labels: labelsOfCheck,
  },
  {
    alert: 'QualityCheckSilent',
    cause: 'of a clock that was ahead',
    series: [
      {
        series:
          'taishang_quality_last_success_timestamp_seconds{job="sandbox",instance="taishang",source="quality",contracts="platform",engine="redis",check="INSTANCE",severity="error"}',
        healthy: 0,
        edge: 600,
        faulty: 30 * 86_400,
      },
    ],
    labels: labelsOfCheck,
  },
];

/** What must never fire: the alert's name, and what is scraped all the time. */
export const silentCases: readonly SilentCase[] = [
  {
    alert: 'PostgreSQLDiskGrowth',
    cause: 'one load of data',
    series: [
      { series: `pg_database_size_bytes{${postgres},datname="one"}`, healthy: 8e6, faulty: 800e6 },
      { series: `pg_database_size_bytes{${postgres},datname="two"}`, healthy: 50e6 },
    ],
    course: [
      ['healthy', 130],
      ['faulty', 150],
    ],
  },
  {
    alert: 'RedisMemoryUsageHigh',
    cause: 'without a limit',
    series: [
      { series: `redis_memory_used_bytes{${redis}}`, healthy: 50 },
      { series: `redis_memory_max_bytes{${redis}}`, healthy: 0 },
      { series: redisInfo('noeviction'), healthy: 1 },
    ],
  },
  {
    alert: 'RedisMemoryUsageHigh',
    cause: 'a full cache that evicts',
    series: [
      { series: `redis_memory_used_bytes{${redis}}`, healthy: 99 },
      { series: `redis_memory_max_bytes{${redis}}`, healthy: 100 },
      { series: redisInfo('allkeys-lru'), healthy: 1 },
    ],
  },
  {
    alert: 'RedisMemoryUnlimited',
    cause: 'with a limit',
    series: [
      { series: `redis_memory_used_bytes{${redis}}`, healthy: 90 },
      { series: `redis_memory_max_bytes{${redis}}`, healthy: 100 },
      { series: `redis_total_system_memory_bytes{${redis}}`, healthy: 100 },
    ],
  },
  {
    alert: 'RedisEvictionsHurt',
    cause: 'misses without evictions',
    series: [
      { series: `redis_evicted_keys_total{${redis}}`, healthy: 0, isCounter: true },
      { series: `redis_keyspace_hits_total{${redis}}`, healthy: 10, isCounter: true },
      { series: `redis_keyspace_misses_total{${redis}}`, healthy: 90, isCounter: true },
    ],
  },
  {
    alert: 'PostgreSQLReplicationLag',
    cause: 'an idle primary',
    series: [
      { series: `pg_replication_lag_seconds{${postgres}}`, healthy: 100 },
      { series: `pg_replication_is_replica{${postgres}}`, healthy: 0 },
    ],
  },
  {
    alert: 'QualityCheckFailed',
    cause: 'a row that only one store has',
    series: [{ series: violations('cross-store.redis.user', 'warning'), healthy: 1 }],
  },
  {
    alert: 'QualityCheckWarns',
    cause: 'an error',
    series: [{ series: violations('redis.user.without-lifetime', 'error'), healthy: 1 }],
    course: [['healthy', 300]],
  },
  {
    alert: 'QualityCheckWarns',
    cause: 'what one run finds, and the next one does not',
    series: [{ series: violations('cross-store.redis.user', 'warning'), healthy: 0, faulty: 1 }],
    course: [
      ['healthy', 20],
      ['faulty', 125],
      ['healthy', 200],
    ],
  },
];
