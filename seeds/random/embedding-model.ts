import type { Levels } from '../entities.ts';
import { cellOfLevels, levelCount } from './cells.ts';
import { type Random, rowRandom } from './random.ts';

/**
 * How a unit vector is made of its cluster, that is its cell and its category:
 *
 *     centre = sqrt(0.15) S(s) + sqrt(0.15) C(c) + sqrt(0.15) T(t) + sqrt(0.20) category + sqrt(0.35) cluster
 *     vector = sqrt(0.85) centre + sqrt(0.15) noise
 *
 * Every term is a unit vector. S, C, T and the categories are orthogonal to each other and to the clusters' own
 * directions. Levels that differ by d have a cosine of max(0, 1 - d / 4), so near cells are near. Noise is orthogonal
 * to its centre. It follows, up to some 0.05 by chance in these dimensions, that the cosine is
 * 0.92 of a centre with a vector of its cluster (exactly the square root of 0.85), 0.85 between two vectors of a
 * cluster, at most 0.57 of a centre with a vector of the nearest other cell, and 0.42 with the other categories of its
 * own cell: 0.7 separates a cluster from all others.
 *
 * Only + - * / and the square root are used, which IEEE 754 fixes, so the bytes are the same on every machine.
 */
const weights = { axis: 0.15, category: 0.2, cluster: 0.35 } as const;
const noiseShare = 0.15;

/** Levels share this many directions with themselves; with each further level one fewer. */
const levelWindow = 4;

/** The model is not part of the world: like a real embedding model it is the same for each seed of the dataset. */
const modelSeed = 768_512;

export interface EmbeddingModel {
  readonly dimension: number;
  /** The centre of a cluster: a query for it. Unit vector. */
  readonly centre: (levels: Levels, category: number) => Float32Array;
  /** A member of a cluster. Unit vector. */
  readonly member: (levels: Levels, category: number, random: Random) => Float32Array;
}

/** Dimension 768 for knowledge, 512 for users; `categories` is how many categories there are. */
export function createEmbeddingModel(name: string, dimension: number, categories: number): EmbeddingModel {
  const directionOf = rowRandom(modelSeed, `${name}-directions`);
  const clusterOf = rowRandom(modelSeed, `${name}-clusters`);
  const perAxis = levelCount + levelWindow - 1;
  const base: Float64Array[] = [];
  for (let index = 0; index < 3 * perAxis + categories; index += 1) {
    base.push(orthogonalTo(randomDirection(dimension, directionOf(index)), base));
  }
  const centres = new Map<number, Float64Array>();

  const makeCentre = (levels: Levels, category: number): Float64Array => {
    const centre = new Float64Array(dimension);
    [levels.silicon, levels.consciousness, levels.thinking].forEach((level, axis) => {
      for (let offset = 0; offset < levelWindow; offset += 1) {
        // The window's directions are orthonormal: their sum has the square root of the window as its length.
        addScaled(centre, base[axis * perAxis + level + offset], Math.sqrt(weights.axis / levelWindow));
      }
    });
    addScaled(centre, base[3 * perAxis + category], Math.sqrt(weights.category));
    const own = randomDirection(dimension, clusterOf(cellOfLevels(levels) * categories + category));
    addScaled(centre, orthogonalTo(own, base), Math.sqrt(weights.cluster));
    return normalised(centre);
  };
  const centreOf = (levels: Levels, category: number): Float64Array => {
    const key = cellOfLevels(levels) * categories + category;
    let centre = centres.get(key);
    if (centre === undefined) {
      centre = makeCentre(levels, category);
      centres.set(key, centre);
    }
    return centre;
  };

  return {
    dimension,
    centre: (levels, category) => Float32Array.from(centreOf(levels, category)),
    member: (levels, category, random) => {
      const centre = centreOf(levels, category);
      const vector = orthogonalTo(randomDirection(dimension, random), [centre]);
      const centreShare = Math.sqrt(1 - noiseShare);
      const ownShare = Math.sqrt(noiseShare);
      const result = new Float32Array(dimension);
      for (let index = 0; index < result.length; index += 1) {
        result[index] = centreShare * (centre[index] as number) + ownShare * (vector[index] as number);
      }
      return result;
    },
  };
}

/** Cosine of two unit vectors. */
export function cosine(left: ArrayLike<number>, right: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < left.length; index += 1) sum += (left[index] as number) * (right[index] as number);
  return sum;
}

/** Uniform in a cube: in hundreds of dimensions its directions are as even as a Gaussian's, without logarithms. */
function randomDirection(dimension: number, random: Random): Float64Array {
  const direction = random.fill(new Float64Array(dimension));
  for (let index = 0; index < dimension; index += 1) direction[index] = (direction[index] as number) * 2 - 1;
  return direction;
}

/** Unit vector of what is left of `direction` without its parts along these unit vectors. Changes `direction`. */
function orthogonalTo(direction: Float64Array, others: readonly Float64Array[]): Float64Array {
  for (const other of others) addScaled(direction, other, -dot(direction, other));
  return normalised(direction);
}

/** {@link cosine} of the one type that the model works with: compiled for it, it is several times as fast. */
function dot(left: Float64Array, right: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < left.length; index += 1) sum += (left[index] as number) * (right[index] as number);
  return sum;
}

function addScaled(target: Float64Array, source: Float64Array | undefined, scale: number): void {
  if (source === undefined) throw new RangeError('There is no such level or category.');
  for (let index = 0; index < target.length; index += 1) {
    target[index] = (target[index] as number) + scale * (source[index] as number);
  }
}

function normalised(vector: Float64Array): Float64Array {
  const length = Math.sqrt(dot(vector, vector));
  for (let index = 0; index < vector.length; index += 1) vector[index] = (vector[index] as number) / length;
  return vector;
}
