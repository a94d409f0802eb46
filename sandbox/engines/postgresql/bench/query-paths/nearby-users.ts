import type { Dataset } from '../../../../../seeds/dataset.ts';
import type { UserLocation } from '../../../../../seeds/entities.ts';
import { parametersPerKind, perDataset, rowsOf } from '../../../contract/bench/path-parameters.ts';
import { usualShares } from '../../../contract/bench/query-path.ts';
import { lines, sqlPath } from './sql-path.ts';

interface Place {
  /** Degrees, WGS 84. */
  readonly longitude: number;
  readonly latitude: number;
}

/** Of the statement. */
const radiusM = 1_000;

/**
 * The server measures on the spheroid, the known answer on a sphere: up to 0.56 % apart (the flattening of WGS 84 over
 * any direction). A place with somebody at a distance that could be either is not asked for.
 */
const doubtfulShare = 0.01;

const earthRadiusM = 6_371_008.8;

/** Some 11 km: places whose first decimals are equal are near. */
const gridDegrees = 0.1;

/** Where users were seen, the densest neighbourhoods first. */
const rankedPlaces = perDataset(async (dataset): Promise<readonly Place[]> => {
  const grid = await gridOf(dataset);
  const cells = [...grid.values()].toSorted((left, right) => right.length - left.length);
  const askedCells = cells.slice(0, parametersPerKind).concat(cells.slice(parametersPerKind).slice(-parametersPerKind));
  const places = askedCells.flatMap((locations) => locations.slice(0, 5));
  return places.filter((place) => !near(grid, place).some(({ distanceM }) => isDoubtful(distanceM)));
});

export const nearbyUsers = sqlPath<Place>({
  database: 'taishang_data',
  role: 'taishang_user',
  name: 'nearby users',
  description: 'Who was seen within a kilometre of a place, the nearest first.',
  shares: usualShares,
  objective: { p99Ms: 30 },
  tables: ['user_locations'],
  file: 'nearby-users',
  uses: { indexes: [['idx_user_locations_position']] },
  ranked: rankedPlaces,
  sample:
    'SELECT ST_X(position::geometry) AS longitude, ST_Y(position::geometry) AS latitude FROM user_locations ' +
    'ORDER BY recorded_at DESC LIMIT 1000',
  // The point of the sea that is farthest from all land, and its neighbourhood.
  absent: [0, 1, 2].map((degree) => ({ longitude: -123.39 + degree, latitude: -48.88 })),
  values: ({ longitude, latitude }) => [longitude, latitude],
  known: async (dataset, parameters) => {
    const grid = await gridOf(dataset);
    return parameters.map((place) =>
      lines(
        near(grid, place)
          .filter(({ distanceM }) => distanceM <= radiusM)
          .map(({ location }) => [location.userId, location.label]),
      ),
    );
  },
});

type Grid = ReadonlyMap<string, readonly UserLocation[]>;

const gridOf = perDataset(async (dataset: Dataset): Promise<Grid> => {
  const grid = new Map<string, UserLocation[]>();
  for await (const location of rowsOf(dataset, 'userLocations')) {
    const key = cellKey(location.longitude, location.latitude);
    const cell = grid.get(key);
    if (cell === undefined) grid.set(key, [location]);
    else cell.push(location);
  }
  return grid;
});

function cellKey(longitude: number, latitude: number): string {
  return `${Math.floor(longitude / gridDegrees)} ${Math.floor(latitude / gridDegrees)}`;
}

/** Locations of the place's cell and those around it, with their distances. */
function near(grid: Grid, place: Place): readonly { readonly location: UserLocation; readonly distanceM: number }[] {
  const steps = [-1, 0, 1].map((step) => step * gridDegrees);
  const locations = steps.flatMap((east) =>
    steps.flatMap((north) => grid.get(cellKey(place.longitude + east, place.latitude + north)) ?? []),
  );
  return locations.map((location) => ({ location, distanceM: haversineM(place, location) }));
}

function isDoubtful(distanceM: number): boolean {
  return Math.abs(distanceM - radiusM) < radiusM * doubtfulShare;
}

function haversineM(from: Place, to: Place): number {
  const radians = (degrees: number) => (degrees * Math.PI) / 180;
  const [north, east] = [radians(to.latitude - from.latitude), radians(to.longitude - from.longitude)];
  const share =
    Math.sin(north / 2) ** 2 +
    Math.cos(radians(from.latitude)) * Math.cos(radians(to.latitude)) * Math.sin(east / 2) ** 2;
  return 2 * earthRadiusM * Math.asin(Math.sqrt(share));
}
