import type { KnowledgeVector, UserVector } from '../../../../seeds/entities.ts';
import { uuidOf } from '../../../../seeds/random/identifiers.ts';

/** Qdrant takes UUIDs and numbers alone (its documentation, "Points"): UUIDv5 of the business id, for example `k001`. */
export function knowledgePointId({ knowledgeId }: Pick<KnowledgeVector, 'knowledgeId'>): string {
  return uuidOf('knowledge', knowledgeId);
}

/** A user's id is a UUID already. */
export function userPointId({ userId }: Pick<UserVector, 'userId'>): string {
  return userId;
}

/** A point as JSON text, as the body of an upsert has it. */
export function knowledgePoint(row: KnowledgeVector): string {
  return pointText(knowledgePointId(row), storedVector(row.vector), knowledgePayload(row));
}

export function userPoint(row: UserVector): string {
  return pointText(userPointId(row), storedVector(row.vector), userPayload(row));
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
 * How far the square of a vector's length may be from 1 for it to be taken as it is. The server leaves what is within 1e-6
 * (`cosine_preprocess` of its sources), by a sum in float32, whose error the rest of that is for.
 */
const squareTolerance = 2.5e-7;

/**
 * A vector as a collection for cosines keeps it: its direction. The server would make it so itself, in float32, where the
 * squares of what is beyond 1.8e19 are infinite and those below 1e-23 nothing: the vector would be gone. Zero has no sign,
 * which its JSON would lose. The dataset's own vectors are of length 1, and stay.
 */
export function storedVector(vector: Float32Array): Float32Array {
  const largest = vector.reduce((most, number) => Math.max(most, Math.abs(number)), 0);
  if (largest === 0) return new Float32Array(vector.length);
  const length = largest * Math.sqrt(vector.reduce((sum, number) => sum + (number / largest) ** 2, 0));
  const divisor = Math.abs(length ** 2 - 1) <= squareTolerance ? 1 : length;
  // What is too small for a float32 becomes zero only as it is rounded, with its sign: then it loses that.
  return vector.map((number) => Math.fround(number / divisor) + 0);
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
