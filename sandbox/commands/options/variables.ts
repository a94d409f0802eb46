/** A variable of the environment that somebody may set, and what it does. */
export interface Variable {
  /** `<ENGINE>` stands for the name of each engine in capitals. */
  readonly name: string;
  readonly meaning: string;
}

/** What settings are made from: each has an option or a key of the configuration too. */
const settings: readonly Variable[] = [
  { name: 'SANDBOX_ENGINES', meaning: 'as `--engines`' },
  { name: 'SANDBOX_TOPOLOGY', meaning: 'as `--topology`' },
  { name: 'SANDBOX_FAILOVER', meaning: '`false` as `--no-failover`; `true`' },
  { name: 'SANDBOX_SIZE', meaning: 'as `--size`' },
  { name: 'SANDBOX_IMAGES', meaning: 'as `--images`' },
  { name: 'SANDBOX_DOCKER_INSTALL', meaning: '`never` as `--no-docker-install`; `auto`' },
  { name: 'SANDBOX_NAME', meaning: 'as `--name`' },
  {
    name: 'COMPOSE_PROJECT_NAME',
    meaning: 'name of the stack where neither an option, SANDBOX_NAME nor the configuration has one',
  },
  { name: 'SANDBOX_DIRECTORY', meaning: 'as `--directory`' },
  { name: 'SANDBOX_WAIT_TIMEOUT', meaning: 'as `--wait-timeout`' },
  { name: 'SANDBOX_PROGRESS', meaning: 'as `--progress`' },
];

const images: readonly Variable[] = [
  { name: 'SANDBOX_<ENGINE>_IMAGE', meaning: 'image of the engine, before any other' },
  { name: 'SANDBOX_REGISTRY', meaning: 'mirror that the official images are pulled from' },
  { name: 'SANDBOX_CA_IN_IMAGE', meaning: '`1`: certificates of this machine stay in images that are built here' },
  { name: 'http_proxy, https_proxy, no_proxy', meaning: 'proxy of downloads and builds; in capitals too' },
  {
    name: 'SSL_CERT_FILE, NODE_EXTRA_CA_CERTS, PIP_CERT, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE',
    meaning: 'files of certificates that builds trust too',
  },
];

const backups: readonly Variable[] = [
  {
    name: 'SANDBOX_ARCHIVE_KEY, SANDBOX_ARCHIVE_KEY_FILE',
    meaning: 'keys of a team: the first private one signs archives, all are known',
  },
  { name: 'SANDBOX_WEBHOOK_SECRET, SANDBOX_WEBHOOK_SECRET_FILE', meaning: 'what `--webhook` signs its messages with' },
  { name: 'AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL', meaning: "address of an S3 server that is not Amazon's" },
  {
    name: 'AWS_REGION, AWS_DEFAULT_REGION',
    meaning: 'region of the bucket; credentials come as the SDK of AWS finds them',
  },
];

const tests: readonly Variable[] = [
  {
    name: 'SANDBOX_VERIFY_ISOLATION',
    meaning: "`1`: every reset of a test's own store is verified, all its content read",
  },
  {
    name: 'SANDBOX_QUERY_INSIGHT',
    meaning: '`1`: queries of a test that are slow, that no index helps, or that are repeated are shown when it ends',
  },
];

const machine: readonly Variable[] = [
  {
    name: 'DOCKER_HOST, DOCKER_CONTEXT, DOCKER_CONFIG, DOCKER_AUTH_CONFIG, DOCKER_TLS_VERIFY',
    meaning: 'the container engine, as for `docker`',
  },
  { name: 'XDG_DATA_HOME, XDG_STATE_HOME, XDG_RUNTIME_DIR', meaning: 'where passwords, state, backups and locks lie' },
  { name: 'NODE_USE_ENV_PROXY', meaning: '`1`: Node.js uses the proxy; what goes to this machine passes it by' },
  { name: 'NO_COLOR, FORCE_COLOR, TERM, CI', meaning: 'colours, and whether progress is drawn or printed' },
  { name: 'DISPLAY, WAYLAND_DISPLAY, WSL_DISTRO_NAME', meaning: 'whether `open` has a desktop' },
  { name: 'SANDBOX_DEBUG', meaning: '`1` or `true`: errors show their trace' },
  { name: 'SANDBOX_DEADLINE_FACTOR', meaning: 'multiplies every deadline, on a slow machine' },
  { name: 'SANDBOX_CLOCK_OFFSET', meaning: "moves the sandbox's own clock: `+1d`, units s, m, h, d, y" },
];

const compose: readonly Variable[] = [
  { name: 'SANDBOX_PASSWORD_FILE', meaning: 'file with the password of everything' },
  { name: 'SANDBOX_<ENGINE>_PORT', meaning: "port of the engine on this machine (default: the server's own)" },
];

/** What clients of this package take from the environment of an application, as `env` prints it. */
const clients: readonly Variable[] = [
  {
    name: 'REDIS_URL, REDIS_SENTINELS, REDIS_CLUSTER_NODES, REDIS_PASSWORD, REDIS_NAT_MAP, MONGODB_URI',
    meaning: 'for `redisClientFromEnvironment` and `mongoClientFromEnvironment`',
  },
];

/** Every variable that somebody may set, by what it is about. */
export const variables: Readonly<Record<string, readonly Variable[]>> = {
  Settings: settings,
  Images: images,
  Backups: backups,
  "Tests' own stores": tests,
  'This machine': machine,
  'compose.yaml': compose,
  'Clients of the package': clients,
};
