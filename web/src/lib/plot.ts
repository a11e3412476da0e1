/** Lines on a canvas: as much of a plot as live numbers need. */

export interface Series {
  /** `undefined` leaves a gap. */
  values: readonly (number | undefined)[];
  colour: string;
  filled?: boolean;
}

interface Point {
  x: number;
  y: number | undefined;
}

export interface PlotArea {
  width: number;
  height: number;
  /** How many values fill the width; fewer stand at the right. */
  slots: number;
}

/** The top of a scale: a round number that the values stay under, so that the lines do not jump about. */
export function scaleTop(series: readonly Series[], floor: number): number {
  const highest = Math.max(
    floor,
    ...series.flatMap(({ values }) => values.filter((value) => value !== undefined)),
  );
  const magnitude = 10 ** Math.floor(Math.log10(highest));
  const step = [1, 2, 5, 10].find((each) => each * magnitude >= highest) ?? 10;
  return step * magnitude;
}

export function drawPlot(
  context: CanvasRenderingContext2D,
  series: readonly Series[],
  top: number,
  area: PlotArea,
): void {
  const { width, height, slots } = area;
  context.clearRect(0, 0, width, height);
  for (const { values, colour, filled } of series) {
    const points: Point[] = values.map((value, index) => ({
      x: width - ((values.length - 1 - index) * width) / (slots - 1),
      y: value === undefined ? undefined : height - 1 - (Math.min(value, top) / top) * (height - 3),
    }));
    context.strokeStyle = colour;
    context.lineWidth = 1.75;
    context.lineJoin = 'round';
    context.beginPath();
    let drawing = false;
    for (const { x, y } of points) {
      if (y === undefined) drawing = false;
      else if (drawing) context.lineTo(x, y);
      else {
        context.moveTo(x, y);
        drawing = true;
      }
    }
    context.stroke();
    if (filled) fillUnder(context, points, area, colour);
  }
}

function fillUnder(
  context: CanvasRenderingContext2D,
  points: readonly Point[],
  { height }: PlotArea,
  colour: string,
): void {
  const first = points[0];
  const last = points.at(-1);
  if (!first || !last) return;
  context.beginPath();
  context.moveTo(first.x, height);
  for (const { x, y } of points) context.lineTo(x, y ?? height);
  context.lineTo(last.x, height);
  context.globalAlpha = 0.16;
  context.fillStyle = colour;
  context.fill();
  context.globalAlpha = 1;
}
