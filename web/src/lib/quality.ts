/**
 * What one video may cost. In a mesh everyone sends their picture once to each of the others, so the upload
 * grows with the room: the budget for one picture shrinks as people come in.
 */
export interface VideoBudget {
  maxBitrate: number;
  scaleResolutionDownBy: number;
}

const UPLOAD_BITS_PER_SECOND = 3_000_000;
const PICTURE_MAX = 1_800_000;
const PICTURE_MIN = 250_000;

export function videoBudget(others: number): VideoBudget {
  const share = UPLOAD_BITS_PER_SECOND / Math.max(1, others);
  const scale = others <= 2 ? 1 : others <= 4 ? 1.5 : 2;
  return { maxBitrate: Math.round(clamp(share, PICTURE_MIN, PICTURE_MAX)), scaleResolutionDownBy: scale };
}

/** A shared screen must stay readable: never scaled, and dearer. */
export function screenBudget(others: number): VideoBudget {
  return { maxBitrate: Math.max(600_000, videoBudget(others).maxBitrate), scaleResolutionDownBy: 1 };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
