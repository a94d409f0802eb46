import type { Content, Conversation } from '../../../seeds/entities.ts';

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
    metadata: content.metadata,
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
    messages: conversation.messages,
    context: conversation.context,
    metadata: conversation.metadata,
    created_at: conversation.createdAt,
    updated_at: conversation.updatedAt,
  };
}
