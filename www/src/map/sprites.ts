/** Symbols of moving things, drawn once per theme and screen density and then only copied. */
import { type Kind, type MapTheme, theme } from './theme.ts';

/** Half the edge of a symbol in CSS pixels. */
const RADIUS = 14;

type Draw = (context: CanvasRenderingContext2D) => void;

/** Outlines around the origin, nose to the north. */
const outlines: Record<Kind, Draw> = {
  bus(context) {
    context.roundRect(-4.2, -7, 8.4, 14, 2.6);
  },
  ferry(context) {
    context.moveTo(0, -9);
    context.bezierCurveTo(4.5, -5, 5, 0, 4.4, 7.5);
    context.lineTo(-4.4, 7.5);
    context.bezierCurveTo(-5, 0, -4.5, -5, 0, -9);
    context.closePath();
  },
  plane(context) {
    context.moveTo(0, -10);
    context.bezierCurveTo(1.7, -8.5, 1.7, -5.5, 1.7, -3);
    context.lineTo(10, 3);
    context.lineTo(10, 5);
    context.lineTo(1.7, 2.6);
    context.lineTo(1.3, 6.6);
    context.lineTo(4, 8.8);
    context.lineTo(4, 10);
    context.lineTo(0, 8.9);
    context.lineTo(-4, 10);
    context.lineTo(-4, 8.8);
    context.lineTo(-1.3, 6.6);
    context.lineTo(-1.7, 2.6);
    context.lineTo(-10, 5);
    context.lineTo(-10, 3);
    context.lineTo(-1.7, -3);
    context.bezierCurveTo(-1.7, -5.5, -1.7, -8.5, 0, -10);
    context.closePath();
  },
  person(context) {
    context.arc(0, 0, 6.2, 0, Math.PI * 2);
  },
};

/** What lies on top of the filled outline, in the colour of the halo. */
const details: Record<Kind, Draw> = {
  bus(context) {
    context.roundRect(-2.7, -5.4, 5.4, 2.6, 1);
  },
  ferry(context) {
    context.roundRect(-2.2, -1.5, 4.4, 6, 1);
  },
  plane() {},
  person(context) {
    context.arc(0, 0, 2.4, 0, Math.PI * 2);
  },
};

/** A small arrow ahead of the things whose outline does not point anywhere. */
function arrow(context: CanvasRenderingContext2D): void {
  context.beginPath();
  context.moveTo(0, -12.5);
  context.lineTo(3.1, -8.8);
  context.lineTo(-3.1, -8.8);
  context.closePath();
  context.stroke();
  context.fill();
}

function draw(kind: Kind, colour: string, halo: string, ratio: number): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = RADIUS * 2 * ratio;
  const context = canvas.getContext('2d');
  if (!context) return canvas;
  context.scale(ratio, ratio);
  context.translate(RADIUS, RADIUS);
  context.lineJoin = 'round';
  context.strokeStyle = halo;
  context.lineWidth = 2.6;
  context.fillStyle = colour;
  if (kind === 'bus') arrow(context);
  context.beginPath();
  outlines[kind](context);
  context.stroke();
  context.fill();
  context.beginPath();
  details[kind](context);
  context.fillStyle = halo;
  context.fill();
  return canvas;
}

/** The symbols of one theme, made when first asked for. */
export class Sprites {
  readonly #made = new Map<string, HTMLCanvasElement>();
  readonly #ratio: number;
  readonly #theme: MapTheme;

  constructor(ratio: number) {
    this.#ratio = ratio;
    this.#theme = theme();
  }

  /** Copies a symbol to the current origin of `context`. */
  stamp(context: CanvasRenderingContext2D, kind: Kind, stale: boolean): void {
    const name = stale ? `${kind}-stale` : kind;
    let sprite = this.#made.get(name);
    if (!sprite) {
      const colour = stale ? this.#theme.stale : this.#theme.kinds[kind];
      sprite = draw(kind, colour, this.#theme.halo, this.#ratio);
      this.#made.set(name, sprite);
    }
    context.drawImage(sprite, -RADIUS, -RADIUS, RADIUS * 2, RADIUS * 2);
  }
}

/** A symbol as a picture for the legend. */
export function legendIcon(kind: Kind): HTMLCanvasElement {
  const ratio = Math.min(devicePixelRatio || 1, 2);
  const canvas = draw(kind, theme().kinds[kind], theme().halo, ratio);
  canvas.style.width = canvas.style.height = '22px';
  return canvas;
}
