import type { Dataset } from '../../../../../seeds/dataset.ts';
import type { User } from '../../../../../seeds/entities.ts';
import { absentIds, perDataset, rowsOf, rowsWhere, usersByActivity } from '../../../contract/bench/path-parameters.ts';
import { type QueryPath, usualShares } from '../../../contract/bench/query-path.ts';
import { userByEmailReference } from '../pgbench.ts';
import { lines, sqlPath } from './sql-path.ts';

const usersDatabase = { database: 'taishang_users', role: 'taishang_user' } as const;

/** The busiest users first. */
const rankedUsers = perDataset(async (dataset): Promise<readonly User[]> => {
  const users = new Map<string, User>();
  for await (const user of rowsOf(dataset, 'users')) users.set(user.id, user);
  return (await usersByActivity(dataset)).flatMap((id) => users.get(id) ?? []);
});

interface Email {
  readonly email: string;
}

interface Username {
  readonly username: string;
}

interface Token {
  readonly token: string;
}

interface UserId {
  readonly userId: string;
}

const absentNames = Array.from({ length: 50 }, (_, index) => `nobody-of-that-name-${index}`);

/** The user that a login by this name finds, for each parameter. `nameOf` reads parameters and users alike. */
function usersByName<Parameter>(nameOf: (named: Parameter | User) => string) {
  return async (dataset: Dataset, parameters: readonly Parameter[]): Promise<readonly string[]> => {
    const asked = new Set(parameters.map(nameOf));
    const users = await rowsWhere(dataset, 'users', (user) => asked.has(nameOf(user)));
    const known = new Map(
      users.map((user) => {
        const { silicon, consciousness, thinking } = user.levels;
        const row = [user.id, user.username, user.email, user.status, silicon, consciousness, thinking];
        return [nameOf(user), lines([row])];
      }),
    );
    return parameters.map((parameter) => known.get(nameOf(parameter)) ?? '');
  };
}

const userByEmail = sqlPath<Email>(
  {
    ...usersDatabase,
    name: 'user by e-mail',
    description: 'What a login does: one row of users by its unique e-mail.',
    shares: usualShares,
    objective: { p99Ms: 5 },
    tables: ['users'],
    file: 'user-by-email',
    uses: { indexes: [['idx_users_email']] },
    ranked: rankedUsers,
    sample: 'SELECT email FROM users ORDER BY last_login_at DESC NULLS LAST LIMIT 1000',
    absent: absentNames.map((name) => ({ email: `${name}@sandbox-bench.invalid` })),
    values: ({ email }) => [email],
    known: usersByName<Email>(({ email }) => email),
  },
  userByEmailReference,
);

const userByUsername = sqlPath<Username>({
  ...usersDatabase,
  name: 'user by user name',
  description: 'The other login: one row of users by its unique user name.',
  shares: usualShares,
  objective: { p99Ms: 5 },
  tables: ['users'],
  file: 'user-by-username',
  uses: { indexes: [['idx_users_username', 'users_username_key']] },
  ranked: rankedUsers,
  sample: 'SELECT username FROM users ORDER BY last_login_at DESC NULLS LAST LIMIT 1000',
  absent: absentNames.map((username) => ({ username })),
  values: ({ username }) => [username],
  known: usersByName<Username>(({ username }) => username),
});

const sessionByToken = sqlPath<Token>({
  ...usersDatabase,
  name: 'session by token',
  description: 'What each request of a user does: a session that has not expired, and its user, by the token.',
  shares: usualShares,
  objective: { p99Ms: 5 },
  tables: ['user_sessions', 'users'],
  file: 'session-by-token',
  uses: { indexes: [['idx_user_sessions_token', 'user_sessions_session_token_key'], ['users_pkey']] },
  // Sessions that live, the busiest users' first; then those that have expired, whose tokens still come now and then.
  ranked: perDataset(async (dataset) => {
    const rank = new Map((await usersByActivity(dataset)).map((id, index) => [id, index]));
    const sessions: { token: string; expired: number; rank: number }[] = [];
    for await (const { userId, sessionToken, expiresAt } of rowsOf(dataset, 'userSessions')) {
      const expired = expiresAt <= dataset.referenceTime ? 1 : 0;
      sessions.push({ token: sessionToken, expired, rank: rank.get(userId) ?? rank.size });
    }
    return sessions.toSorted((left, right) => left.expired - right.expired || left.rank - right.rank);
  }),
  sample: 'SELECT session_token AS token FROM user_sessions ORDER BY expires_at DESC LIMIT 1000',
  absent: absentNames.map((token) => ({ token })),
  values: ({ token }) => [token],
  known: async (dataset, parameters, now) => {
    const asked = new Set(parameters.map(({ token }) => token));
    const live = await rowsWhere(
      dataset,
      'userSessions',
      ({ sessionToken, expiresAt }) => asked.has(sessionToken) && expiresAt > now,
    );
    const owners = new Set(live.map(({ userId }) => userId));
    const users = await rowsWhere(dataset, 'users', ({ id }) => owners.has(id));
    return parameters.map(({ token }) => {
      const session = live.find(({ sessionToken }) => sessionToken === token);
      const user = users.find(({ id }) => id === session?.userId);
      return session === undefined ? '' : lines([[session.id, session.userId, user?.username, user?.status]]);
    });
  },
});

const permissionsOfUser = sqlPath<UserId>({
  ...usersDatabase,
  name: 'permissions of a user',
  description: 'What a user may do now: permissions that have not expired.',
  shares: usualShares,
  objective: { p99Ms: 5 },
  tables: ['user_permissions'],
  file: 'permissions-of-user',
  uses: {
    indexes: [
      [
        'idx_user_permissions_user_id',
        // The unique constraint begins with the user too.
        'user_permissions_user_id_permission_name_resource_type_reso_key',
      ],
    ],
  },
  ranked: async (dataset) => (await usersByActivity(dataset)).map((userId) => ({ userId })),
  sample:
    'SELECT user_id AS "userId" FROM user_permissions GROUP BY user_id ORDER BY count(*) DESC, user_id LIMIT 1000',
  absent: absentIds().map((userId) => ({ userId })),
  values: ({ userId }) => [userId],
  known: async (dataset, parameters, now) => {
    const asked = new Set(parameters.map(({ userId }) => userId));
    const valid = await rowsWhere(
      dataset,
      'userPermissions',
      ({ userId, expiresAt }) => asked.has(userId) && (expiresAt === null || expiresAt > now),
    );
    return parameters.map(({ userId }) =>
      lines(
        valid
          .filter((permission) => permission.userId === userId)
          .map(({ permissionName, resourceType, resourceId }) => [permissionName, resourceType, resourceId]),
      ),
    );
  },
});

/** Who somebody is, and what he may do. */
export const loginPaths: readonly QueryPath[] = [userByEmail, userByUsername, sessionByToken, permissionsOfUser];
