/** How many columns make the tiles of a call largest. */

const TILE_RATIO = 16 / 10;

export interface Grid {
  columns: number;
  rows: number;
}

export function bestGrid(count: number, width: number, height: number, gap: number): Grid {
  let best: Grid = { columns: 1, rows: Math.max(1, count) };
  let bestArea = -1;
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const cellWidth = (width - gap * (columns - 1)) / columns;
    const cellHeight = (height - gap * (rows - 1)) / rows;
    const tileWidth = Math.min(cellWidth, cellHeight * TILE_RATIO);
    // The part of a cell beyond the ideal shape shows picture too, but is worth less.
    const area = (tileWidth * tileWidth) / TILE_RATIO + 0.2 * cellWidth * cellHeight;
    if (cellWidth > 0 && cellHeight > 0 && area > bestArea) {
      best = { columns, rows };
      bestArea = area;
    }
  }
  return best;
}
