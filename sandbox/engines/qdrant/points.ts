import type { KnowledgeVector, UserVector } from '../../../seeds/entities.ts';

/** A point as JSON text, as the body of an upsert has it. */
export function knowledgePoint(row: KnowledgeVector): string {
  return pointText(row.pointId, row.vector, knowledgePayload(row));
}

export function userPoint(row: UserVector): string {
  return pointText(row.pointId, row.vector, userPayload(row));
}

export function knowledgePayload(row: KnowledgeVector): Record<string, unknown> {
  return {
    knowledge_id: row.knowledgeId,
    title: row.title,
    content: row.content,
    category: row.category,
    silicon_level: row.siliconLevel,
  };
}

export function userPayload(row: UserVector): Record<string, unknown> {
  return {
    user_id: row.userId,
    silicon_level: row.siliconLevel,
    interests: row.interests,
    learning_style: row.learningStyle,
  };
}

/**
 * Digits that tell each float32 from every other (IEEE 754: 9 for binary32). `JSON.stringify` writes the 17 of a double,
 * which takes four times as long and half as many bytes again.
 */
const float32Digits = 9;

function pointText(id: string, vector: Float32Array, payload: object): string {
  let numbers = '';
  for (const value of vector) numbers += `,${value.toPrecision(float32Digits)}`;
  return `{"id":"${id}","vector":[${numbers.slice(1)}],"payload":${JSON.stringify(payload)}}`;
}
