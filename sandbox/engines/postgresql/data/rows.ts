import type { Entities, EntityName } from '../../../../seeds/entities.ts';
import type { DatabaseName } from '../server/connection.ts';

/** How an entity of the dataset becomes rows of a table: `row` gives the values of `columns`, in their order. */
export interface TableLoad<Name extends EntityName> {
  readonly database: DatabaseName;
  readonly table: string;
  readonly columns: readonly string[];
  readonly entity: Name;
  readonly row: (entity: Entities[Name]) => readonly unknown[];
  /** Whether its rows have a binary form: texts, integers and vectors alone. */
  readonly binary: boolean;
}

/** `columns` as one text; keeps the types of the entity and its row together. */
function tableLoad<Name extends EntityName>(
  database: DatabaseName,
  table: string,
  entity: Name,
  columns: string,
  row: (entity: Entities[Name]) => readonly unknown[],
  binary = false,
): TableLoad<EntityName> {
  return { database, table, entity, columns: columns.split(' '), row, binary } as unknown as TableLoad<EntityName>;
}

/** In an order that foreign keys allow. */
export const tableLoads: readonly TableLoad<EntityName>[] = [
  tableLoad(
    'taishang_users',
    'users',
    'users',
    'id username email password_hash full_name avatar_url phone status silicon_level consciousness_level thinking_level created_at updated_at last_login_at metadata',
    (user) => [
      user.id,
      user.username,
      user.email,
      user.passwordHash,
      user.fullName,
      user.avatarUrl,
      user.phone,
      user.status,
      user.levels.silicon,
      user.levels.consciousness,
      user.levels.thinking,
      user.createdAt,
      user.updatedAt,
      user.lastLoginAt,
      user.metadata,
    ],
  ),
  tableLoad(
    'taishang_users',
    'user_preferences',
    'userPreferences',
    'id user_id preference_key preference_value created_at updated_at',
    ({ id, userId, key, value, createdAt, updatedAt }) => [
      id,
      userId,
      key,
      JSON.stringify(value),
      createdAt,
      updatedAt,
    ],
  ),
  tableLoad(
    'taishang_users',
    'user_sessions',
    'userSessions',
    'id user_id session_token device_info ip_address user_agent expires_at created_at last_accessed_at',
    (session) => [
      session.id,
      session.userId,
      session.sessionToken,
      session.deviceInfo,
      session.ipAddress,
      session.userAgent,
      session.expiresAt,
      session.createdAt,
      session.lastAccessedAt,
    ],
  ),
  tableLoad(
    'taishang_users',
    'user_permissions',
    'userPermissions',
    'id user_id permission_name resource_type resource_id granted_at granted_by expires_at',
    (permission) => [
      permission.id,
      permission.userId,
      permission.permissionName,
      permission.resourceType,
      permission.resourceId,
      permission.grantedAt,
      permission.grantedBy,
      permission.expiresAt,
    ],
  ),
  tableLoad(
    'taishang_ai',
    'knowledge_embeddings',
    'knowledgeVectors',
    'knowledge_id title category silicon_level embedding',
    ({ knowledgeId, title, category, siliconLevel, vector }) => [knowledgeId, title, category, siliconLevel, vector],
    true,
  ),
  tableLoad(
    'taishang_data',
    'user_locations',
    'userLocations',
    'id user_id label position recorded_at',
    ({ id, userId, label, longitude, latitude, recordedAt }) => [
      id,
      userId,
      label,
      `SRID=4326;POINT(${longitude} ${latitude})`,
      recordedAt,
    ],
  ),
  tableLoad(
    'taishang_analytics',
    'daily_activity',
    'dailyActivity',
    'user_id day silicon_level sessions contents messages',
    ({ userId, day, siliconLevel, sessions, contents, messages }) => [
      userId,
      day,
      siliconLevel,
      sessions,
      contents,
      messages,
    ],
  ),
];
