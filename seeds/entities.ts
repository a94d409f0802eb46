/** Silicon, consciousness and thinking level of something, each 0 to 5. */
export interface Levels {
  readonly silicon: number;
  readonly consciousness: number;
  readonly thinking: number;
}

export interface User {
  /** UUIDv5. */
  readonly id: string;
  readonly username: string;
  readonly email: string;
  readonly passwordHash: string;
  readonly fullName: string | null;
  readonly avatarUrl: string | null;
  readonly phone: string | null;
  readonly status: 'active' | 'inactive' | 'suspended';
  readonly levels: Levels;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly lastLoginAt: Date | null;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface UserPreference {
  readonly id: string;
  readonly userId: string;
  readonly key: string;
  readonly value: unknown;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface UserSession {
  readonly id: string;
  readonly userId: string;
  readonly sessionToken: string;
  readonly deviceInfo: Readonly<Record<string, unknown>> | null;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  readonly expiresAt: Date;
  readonly createdAt: Date;
  readonly lastAccessedAt: Date;
}

export interface UserPermission {
  readonly id: string;
  readonly userId: string;
  readonly permissionName: string;
  readonly resourceType: string | null;
  readonly resourceId: string | null;
  readonly grantedAt: Date;
  readonly grantedBy: string | null;
  readonly expiresAt: Date | null;
}

/** Where a user was seen, for the geography table of `taishang_data`. */
export interface UserLocation {
  readonly id: string;
  readonly userId: string;
  readonly label: string;
  /** Degrees, WGS 84. */
  readonly longitude: number;
  readonly latitude: number;
  readonly recordedAt: Date;
}

/** What a user did on one day, for `taishang_analytics`. */
export interface DailyActivity {
  readonly userId: string;
  /** `YYYY-MM-DD`, UTC. */
  readonly day: string;
  readonly siliconLevel: number;
  readonly sessions: number;
  readonly contents: number;
  readonly messages: number;
}

export interface Content {
  /** UUIDv5; `_id` in MongoDB. */
  readonly id: string;
  readonly userId: string;
  readonly contentType: 'article' | 'note' | 'bookmark' | 'comment' | 'temp';
  readonly title: string;
  readonly content: string;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly siliconLevel: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface ConversationMessage {
  readonly role: 'user' | 'assistant' | 'system';
  readonly content: string;
  readonly timestamp: Date;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface Conversation {
  /** UUIDv5; `_id` in MongoDB. */
  readonly id: string;
  readonly userId: string;
  readonly sessionId: string;
  readonly messages: readonly ConversationMessage[];
  readonly context: Readonly<Record<string, unknown>>;
  /** `keep: true` protects an old conversation from the cleanup. */
  readonly metadata: { readonly keep: boolean };
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface Concept {
  /** Unique: the key of a concept. */
  readonly name: string;
  readonly category: string;
  readonly description: string;
  readonly siliconLevel: number;
  readonly createdAt: Date;
}

export type ConceptRelation =
  | {
      readonly kind: 'RELATES_TO' | 'INFLUENCES';
      readonly from: string;
      readonly to: string;
      /** 0 to 1. */
      readonly strength: number;
      readonly type: string;
    }
  /** `from` is a prerequisite of `to`; these edges have no cycle. */
  | { readonly kind: 'PREREQUISITE'; readonly from: string; readonly to: string };

export interface Knowledge {
  /** Business id, for example `k001`. */
  readonly id: string;
  readonly title: string;
  readonly content: string;
  readonly siliconLevel: number;
  /** `theory`, `development`, ...: `knowledge_type` in Neo4j, `category` in Qdrant and PostgreSQL. */
  readonly category: string;
  /** Concepts that it is about, with their relevance from 0 to 1. */
  readonly about: readonly { readonly concept: string; readonly relevance: number }[];
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface Learned {
  readonly userId: string;
  readonly knowledgeId: string;
  readonly learnedAt: Date;
}

export interface Interest {
  readonly userId: string;
  readonly concept: string;
  readonly since: Date;
}

export interface KnowledgeVector {
  /** UUIDv5 of the business id: what Qdrant takes as a point id. */
  readonly pointId: string;
  readonly knowledgeId: string;
  readonly title: string;
  readonly content: string;
  readonly siliconLevel: number;
  readonly category: string;
  /** Unit vector, [768]. */
  readonly vector: Float32Array;
}

export interface UserVector {
  /** UUIDv5 of the business id: what Qdrant takes as a point id. */
  readonly pointId: string;
  readonly userId: string;
  readonly siliconLevel: number;
  readonly interests: readonly string[];
  readonly learningStyle: 'visual' | 'auditory' | 'reading' | 'kinesthetic';
  /** Unit vector, [512]. */
  readonly vector: Float32Array;
}

/** A cache entry as the platform writes it: a key, a JSON value and a lifetime. */
export interface CacheEntry {
  /** `user:<id>`, `conversation:<session id>` or `knowledge_graph:<user id>`. */
  readonly key: string;
  /** JSON text. `user:` holds `{id, username, email, silicon_level, consciousness_level, thinking_level}`. */
  readonly value: string;
  /** 3,600 s for users, 1,800 s for conversations, 21,600 s for knowledge graphs (the specification's figures). */
  readonly lifetimeS: number;
}

/** Every entity of the dataset by its name. */
export interface Entities {
  readonly users: User;
  readonly userPreferences: UserPreference;
  readonly userSessions: UserSession;
  readonly userPermissions: UserPermission;
  readonly userLocations: UserLocation;
  readonly dailyActivity: DailyActivity;
  readonly contents: Content;
  readonly conversations: Conversation;
  readonly concepts: Concept;
  readonly conceptRelations: ConceptRelation;
  readonly knowledge: Knowledge;
  readonly learned: Learned;
  readonly interests: Interest;
  readonly knowledgeVectors: KnowledgeVector;
  readonly userVectors: UserVector;
  readonly cacheEntries: CacheEntry;
}

/** Name of an entity: `users`, `contents`, `knowledgeVectors` and so on. */
export type EntityName = keyof Entities;
