/**
 * Turns the atlas from npm into the small piece of it that the page draws.
 *
 * The atlas is 3.6 MB of topology for the whole earth. The map only shows East Asia, so the build cuts out
 * that window, joins two levels of detail and writes the points as differences of whole numbers, which the
 * browser reads with one `JSON.parse`. The page gets it as the module `virtual:land`.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

import type { MultiLineString, MultiPolygon, Position } from 'geojson';
import { feature, mesh } from 'topojson-client';
import type { GeometryCollection, GeometryObject, Topology } from 'topojson-specification';
import type { Plugin } from 'vite';

const ID = 'virtual:land';
const RESOLVED = `\0${ID}`;

/** West, south, east, north in degrees. */
type Box = readonly [number, number, number, number];
type Atlas = Topology<{ countries: GeometryCollection; land: GeometryObject }>;

/** What the page may show at all; its outer part at the coarser level. */
const OUTER: Box = [84, -6, 176, 64];
/** What it shows up close. */
const INNER: Box = [117, 24, 146.5, 47];

/** Half the perimeter is enough to tell which edge of a box cuts a line. */
interface Edge {
  inside(point: Position): boolean;
  cut(from: Position, to: Position): Position;
}

function edges([west, south, east, north]: Box): Edge[] {
  const at = (axis: 0 | 1, value: number, from: Position, to: Position): Position => {
    const share = (value - from[axis]!) / (to[axis]! - from[axis]!);
    const other = axis === 0 ? 1 : 0;
    const across = from[other]! + share * (to[other]! - from[other]!);
    return axis === 0 ? [value, across] : [across, value];
  };
  return [
    { inside: (p) => p[0]! >= west, cut: (a, b) => at(0, west, a, b) },
    { inside: (p) => p[0]! <= east, cut: (a, b) => at(0, east, a, b) },
    { inside: (p) => p[1]! >= south, cut: (a, b) => at(1, south, a, b) },
    { inside: (p) => p[1]! <= north, cut: (a, b) => at(1, north, a, b) },
  ];
}

/** Sutherland and Hodgman: cuts a ring by one edge after the other. */
function clipRing(ring: Position[], box: Box): Position[] {
  let points = ring;
  for (const edge of edges(box)) {
    const kept: Position[] = [];
    points.forEach((point, index) => {
      const before = points[(index + points.length - 1) % points.length]!;
      if (edge.inside(point) !== edge.inside(before)) kept.push(edge.cut(before, point));
      if (edge.inside(point)) kept.push(point);
    });
    points = kept;
  }
  return points;
}

/** Cuts a line into the pieces that lie inside of the box. */
function clipLine(line: Position[], box: Box): Position[][] {
  let pieces = [line];
  for (const edge of edges(box)) {
    const kept: Position[][] = [];
    for (const piece of pieces) {
      let current: Position[] = [];
      piece.forEach((point, index) => {
        const before = piece[index - 1];
        if (before && edge.inside(point) !== edge.inside(before)) {
          current.push(edge.cut(before, point));
          if (!edge.inside(point)) {
            kept.push(current);
            current = [];
          }
        }
        if (edge.inside(point)) current.push(point);
      });
      if (current.length > 1) kept.push(current);
    }
    pieces = kept;
  }
  return pieces;
}

/** Whole numbers, each the difference to the one before: `[x, y, dx, dy, …]`. Equal neighbours fall away. */
function encode(points: Position[], scale: number): number[] {
  const numbers: number[] = [];
  let x = 0;
  let y = 0;
  for (const [lon, lat] of points) {
    const [nextX, nextY] = [Math.round(lon! * scale), Math.round(lat! * scale)];
    if (numbers.length > 0 && nextX === x && nextY === y) continue;
    numbers.push(nextX - x, nextY - y);
    [x, y] = [nextX, nextY];
  }
  return numbers;
}

function layer(atlas: Atlas, box: Box, scale: number) {
  const land = feature(atlas, atlas.objects.land);
  const shapes = 'features' in land ? land.features : [land];
  const rings = shapes
    .flatMap(({ geometry }) => (geometry as MultiPolygon).coordinates)
    .flat()
    .map((ring) => encode(clipRing(ring.slice(0, -1), box), scale))
    .filter((numbers) => numbers.length >= 6);
  const lines = (shape: MultiLineString) =>
    shape.coordinates
      .flatMap((line) => clipLine(line, box))
      .map((line) => encode(line, scale))
      .filter((numbers) => numbers.length >= 4);
  const { countries } = atlas.objects;
  return {
    box,
    scale,
    land: rings,
    coast: lines(mesh(atlas, countries, (a, b) => a === b)),
    borders: lines(mesh(atlas, countries, (a, b) => a !== b)),
  };
}

async function atlas(detail: '10m' | '50m'): Promise<Atlas> {
  const path = createRequire(import.meta.url).resolve(`world-atlas/countries-${detail}.json`);
  return JSON.parse(await readFile(path, 'utf8')) as Atlas;
}

/** The plugin that provides `virtual:land`. */
export function land(): Plugin {
  return {
    name: 'land',
    resolveId: (id) => (id === ID ? RESOLVED : undefined),
    async load(id) {
      if (id !== RESOLVED) return undefined;
      const layers = [layer(await atlas('50m'), OUTER, 200), layer(await atlas('10m'), INNER, 2000)];
      // A string parses several times faster than the same data as a literal.
      return `export default JSON.parse(${JSON.stringify(JSON.stringify(layers))});`;
    },
  };
}
