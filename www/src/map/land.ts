/**
 * The ground of the map: Leaflet tiles that are drawn here, from land data in the page, not fetched.
 *
 * Tiles instead of one big vector layer, because a pan then moves finished pictures and only draws what comes
 * into view; vehicles move above them at the rate of the screen.
 */
import L from 'leaflet';

import { theme } from './theme.ts';

/** One level of detail as `build/land.ts` writes it: degrees times `scale`, as differences. */
export interface EncodedLayer {
  readonly box: readonly [west: number, south: number, east: number, north: number];
  readonly scale: number;
  readonly land: readonly (readonly number[])[];
  readonly coast: readonly (readonly number[])[];
  readonly borders: readonly (readonly number[])[];
}

/** A line in the unit square of the Mercator projection, with its extent. */
interface Line {
  readonly xy: Float64Array;
  readonly west: number;
  readonly north: number;
  readonly east: number;
  readonly south: number;
}

interface Layer {
  readonly extent: Omit<Line, 'xy'>;
  readonly land: readonly Line[];
  readonly coast: readonly Line[];
  readonly borders: readonly Line[];
}

/** From this zoom on the finer level is drawn inside of its window. */
const DETAIL_ZOOM = 5;
/** Latitude at which the square of the Mercator projection ends. */
const MAX_LATITUDE = 85.05;

const unitX = (lon: number) => (lon + 180) / 360;
const unitY = (lat: number) => {
  const sine = Math.sin((Math.min(lat, MAX_LATITUDE) * Math.PI) / 180);
  return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
};

function decodeLine(numbers: readonly number[], scale: number): Line {
  const xy = new Float64Array(numbers.length);
  let [lon, lat] = [0, 0];
  let [west, north, east, south] = [1, 1, 0, 0];
  for (let index = 0; index + 1 < numbers.length; index += 2) {
    lon += numbers[index] ?? 0;
    lat += numbers[index + 1] ?? 0;
    const [x, y] = [unitX(lon / scale), unitY(lat / scale)];
    xy[index] = x;
    xy[index + 1] = y;
    [west, east] = [Math.min(west, x), Math.max(east, x)];
    [north, south] = [Math.min(north, y), Math.max(south, y)];
  }
  return { xy, west, north, east, south };
}

function decode(layer: EncodedLayer): Layer {
  const lines = (all: readonly (readonly number[])[]) =>
    all.map((numbers) => decodeLine(numbers, layer.scale));
  const [west, south, east, north] = layer.box;
  return {
    extent: { west: unitX(west), south: unitY(south), east: unitX(east), north: unitY(north) },
    land: lines(layer.land),
    coast: lines(layer.coast),
    borders: lines(layer.borders),
  };
}

/** The part of the unit square that a tile shows, with a margin for thick strokes. */
interface View {
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly scale: number;
}

function trace(context: CanvasRenderingContext2D, lines: readonly Line[], view: View, close: boolean) {
  const margin = 14 / view.scale;
  context.beginPath();
  for (const line of lines) {
    const apart =
      line.east < view.x - margin ||
      line.west > view.x + view.size + margin ||
      line.south < view.y - margin ||
      line.north > view.y + view.size + margin;
    if (apart) continue;
    let [lastX, lastY] = [Number.NaN, Number.NaN];
    for (let index = 0; index < line.xy.length; index += 2) {
      const x = ((line.xy[index] ?? 0) - view.x) * view.scale;
      const y = ((line.xy[index + 1] ?? 0) - view.y) * view.scale;
      // Points nearer than half a pixel add nothing but time; the last one keeps lines joined.
      const near = Math.abs(x - lastX) < 0.5 && Math.abs(y - lastY) < 0.5;
      if (near && index + 2 < line.xy.length) continue;
      if (index === 0) context.moveTo(x, y);
      else context.lineTo(x, y);
      [lastX, lastY] = [x, y];
    }
    if (close) context.closePath();
  }
}

function drawGrid(context: CanvasRenderingContext2D, view: View, zoom: number) {
  const step = zoom < 6 ? 5 : zoom < 8 ? 2 : zoom < 10 ? 0.5 : 0.1;
  context.strokeStyle = theme().grid;
  context.lineWidth = 1;
  context.beginPath();
  const west = view.x * 360 - 180;
  const east = (view.x + view.size) * 360 - 180;
  for (let lon = Math.ceil(west / step) * step; lon <= east; lon += step) {
    const x = (unitX(lon) - view.x) * view.scale;
    context.moveTo(x, 0);
    context.lineTo(x, view.size * view.scale);
  }
  const latitude = (y: number) => (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI;
  const [north, south] = [latitude(view.y), latitude(view.y + view.size)];
  for (let lat = Math.ceil(south / step) * step; lat <= north; lat += step) {
    const y = (unitY(lat) - view.y) * view.scale;
    context.moveTo(0, y);
    context.lineTo(view.size * view.scale, y);
  }
  context.stroke();
}

function drawLayer(context: CanvasRenderingContext2D, layer: Layer, view: View, zoom: number) {
  const colours = theme();
  context.lineJoin = 'round';
  context.lineCap = 'round';
  // Bands of lighter water along the coast, widest first.
  trace(context, layer.coast, view, false);
  colours.shelf.forEach((colour, index) => {
    context.strokeStyle = colour;
    context.lineWidth = (24 - index * 8) * Math.min(1, zoom / 8);
    context.stroke();
  });
  trace(context, layer.land, view, true);
  context.fillStyle = colours.land;
  context.fill('evenodd');
  trace(context, layer.coast, view, false);
  context.strokeStyle = colours.coast;
  context.lineWidth = zoom < 6 ? 0.7 : 1;
  context.stroke();
  trace(context, layer.borders, view, false);
  context.strokeStyle = colours.border;
  context.lineWidth = zoom < 6 ? 0.8 : 1.2;
  context.setLineDash([5, 4]);
  context.stroke();
  context.setLineDash([]);
}

function overlaps({ extent }: Layer, view: View): boolean {
  return (
    extent.west < view.x + view.size &&
    extent.east > view.x &&
    extent.north < view.y + view.size &&
    extent.south > view.y
  );
}

function drawTile(canvas: HTMLCanvasElement, layers: readonly Layer[], coords: L.Coords, edge: number) {
  const context = canvas.getContext('2d', { alpha: false });
  if (!context) return;
  const ratio = Math.min(devicePixelRatio || 1, 2);
  canvas.width = canvas.height = edge * ratio;
  context.scale(ratio, ratio);
  const size = 2 ** -coords.z;
  const view: View = { x: coords.x * size, y: coords.y * size, size, scale: edge / size };
  const [coarse, fine] = layers;
  context.fillStyle = theme().sea;
  context.fillRect(0, 0, edge, edge);
  if (coarse) drawLayer(context, coarse, view, coords.z);
  if (fine && coords.z >= DETAIL_ZOOM && overlaps(fine, view)) {
    const { west, north, east, south } = fine.extent;
    const at = (value: number, from: number) => (value - from) * view.scale;
    context.save();
    context.beginPath();
    context.rect(at(west, view.x), at(north, view.y), at(east, west), at(south, north));
    context.clip();
    context.fillStyle = theme().sea;
    context.fillRect(0, 0, edge, edge);
    drawLayer(context, fine, view, coords.z);
    context.restore();
  }
  drawGrid(context, view, coords.z);
}

class LandLayer extends L.GridLayer {
  readonly #layers: readonly Layer[];

  constructor(layers: readonly EncodedLayer[]) {
    super({ tileSize: 256, keepBuffer: 3, updateWhenZooming: false, noWrap: true });
    this.#layers = layers.map(decode);
  }

  protected override createTile(coords: L.Coords): HTMLElement {
    const canvas = document.createElement('canvas');
    drawTile(canvas, this.#layers, coords, this.getTileSize().x);
    return canvas;
  }
}

/** Makes the ground layer; `redraw()` it when the theme changes. */
export const landLayer = (layers: readonly EncodedLayer[]): L.GridLayer => new LandLayer(layers);

/** The outer edge of the data: the map must not be dragged beyond it. */
export function landBounds(layers: readonly EncodedLayer[]): L.LatLngBounds {
  const [west, south, east, north] = layers[0]?.box ?? [-180, -85, 180, 85];
  return L.latLngBounds([south, west], [north, east]);
}
