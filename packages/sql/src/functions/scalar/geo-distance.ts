import type { ScalarFunction } from '../function.ts'

const coordinates = [
  { name: 'latitude1', type: 'DOUBLE' },
  { name: 'longitude1', type: 'DOUBLE' },
  { name: 'latitude2', type: 'DOUBLE' },
  { name: 'longitude2', type: 'DOUBLE' },
]

type Coordinate = number | null

/** GEO_DISTANCE: on a sphere, by the haversine formula; a null unit means kilometres. */
export const geoDistance: ScalarFunction = {
  kind: 'scalar',
  name: 'GEO_DISTANCE',
  category: 'MATHEMATICAL',
  description: 'Distance of two points of the earth, in kilometres or miles.',
  overloads: [
    { parameters: coordinates, returns: 'DOUBLE', nulls: 'call', evaluate: distance },
    {
      parameters: [
        ...coordinates,
        { name: 'unit', type: 'STRING', description: 'KM (default) or MI.' },
      ],
      returns: 'DOUBLE',
      nulls: 'call',
      evaluate: distance,
    },
  ],
}

function distance(
  latitude1: Coordinate,
  longitude1: Coordinate,
  latitude2: Coordinate,
  longitude2: Coordinate,
  unit: string | null = null,
): number | null {
  const radius = radiusIn(unit)
  if (latitude1 === null || longitude1 === null || latitude2 === null || longitude2 === null) {
    return null
  }
  for (const latitude of [latitude1, latitude2]) {
    if (Math.abs(latitude) > 90) throw new RangeError(`latitude ${latitude} is beyond 90 degrees`)
  }
  for (const longitude of [longitude1, longitude2]) {
    if (Math.abs(longitude) > 180) {
      throw new RangeError(`longitude ${longitude} is beyond 180 degrees`)
    }
  }
  const haversine =
    Math.sin(radians(latitude2 - latitude1) / 2) ** 2 +
    Math.sin(radians(longitude2 - longitude1) / 2) ** 2 *
      Math.cos(radians(latitude1)) *
      Math.cos(radians(latitude2))
  return 2 * Math.asin(Math.sqrt(haversine)) * radius
}

function radians(degrees: number): number {
  return (degrees / 180) * Math.PI
}

/** Radius of the earth. @throws RangeError for an unknown unit */
function radiusIn(unit: string | null): number {
  switch (unit?.toLowerCase()) {
    case undefined:
    case 'km':
    case 'kilometer':
    case 'kilometers':
    case 'kilometre':
    case 'kilometres':
      return 6371
    case 'mi':
    case 'mile':
    case 'miles':
      return 3959
    default:
      throw new RangeError(`"${unit}" is no unit of length: KM or MI is`)
  }
}
