import type { Content, Conversation } from '../../../../seeds/entities.ts';
import { keyOrderOf } from '../../../core/rows/key-order.ts';

/** A document of `user_contents`. */
export interface ContentDocument {
  readonly _id: string;
  readonly user_id: string;
  readonly content_type: string;
  readonly title: string;
  readonly content: string;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly silicon_level: number;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** A document of `ai_conversations`. */
export interface ConversationDocument {
  readonly _id: string;
  readonly user_id: string;
  readonly session_id: string;
  readonly messages: Conversation['messages'];
  readonly context: Readonly<Record<string, unknown>>;
  readonly metadata: { readonly keep: boolean };
  readonly created_at: Date;
  readonly updated_at: Date;
}

export function contentDocument(content: Content): ContentDocument {
  return {
    _id: content.id,
    user_id: content.userId,
    content_type: content.contentType,
    title: content.title,
    content: content.content,
    tags: content.tags,
    metadata: asWritten(content.metadata),
    silicon_level: content.siliconLevel,
    created_at: content.createdAt,
    updated_at: content.updatedAt,
  };
}

export function conversationDocument(conversation: Conversation): ConversationDocument {
  return {
    _id: conversation.id,
    user_id: conversation.userId,
    session_id: conversation.sessionId,
    messages: conversation.messages.map((message) => ({ ...message, metadata: asWritten(message.metadata) })),
    context: asWritten(conversation.context),
    metadata: asWritten(conversation.metadata),
    created_at: conversation.createdAt,
    updated_at: conversation.updatedAt,
  };
}

// Part of ECMAScript since 2025, and not yet of TypeScript's own declarations.
const isRaw = (JSON as unknown as { readonly isRawJSON: (value: unknown) => value is { readonly rawJSON: string } })
  .isRawJSON;

/**
 * Integers that no double has, which rows keep as they were written, as 64 bits, and objects whose keys JavaScript would
 * move as maps, which the driver writes in their order; everything else as it is.
 */
function asWritten<Value>(value: Value): Value {
  if (!needsMapping(value)) return value;
  return mapped(value) as Value;
}

function needsMapping(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return isRaw(value) || keyOrderOf(value) !== undefined || Object.values(value).some(needsMapping);
}

function mapped(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (isRaw(value)) return BigInt(value.rawJSON);
  if (Array.isArray(value)) return value.map(mapped);
  const written = keyOrderOf(value);
  if (written !== undefined)
    return new Map(written.map((key) => [key, mapped((value as Record<string, unknown>)[key])]));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, mapped(inner)]));
}
