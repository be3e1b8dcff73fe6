import type { Curve } from "./curve.ts";
import { KEPHART_ARNOLD } from "./curve.ts";

const WIDTH = 720;
const HEIGHT = 420;
const LEFT = 70;
const RIGHT = 20;
const TOP = 30;
const BOTTOM = 60;
/** Shares from one in ten thousand to one, in powers of ten. */
const DECADES = 4;
const FROM = -20;
const TO = -160;
const COLOURS = ["#b45309", "#f59e0b", "#1d4ed8", "#60a5fa"];

/** The curves as a picture: the threshold from left to right, the share of wrong strings upwards on a logarithmic scale. */
export function svgOf(curves: readonly Curve[]): string {
  const x = (threshold: number) => LEFT + ((FROM - threshold) / (FROM - TO)) * (WIDTH - LEFT - RIGHT);
  const y = (share: number) =>
    TOP +
    (Math.min(DECADES, -Math.log10(Math.max(share, 10 ** -DECADES))) / DECADES) * (HEIGHT - TOP - BOTTOM);
  const grid = Array.from({ length: DECADES + 1 }, (_, i) => {
    const at = y(10 ** -i).toFixed(1);
    const label = `${Number((100 * 10 ** -i).toPrecision(3))} %`;
    return `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}" stroke="#d4d4d8"/><text x="${LEFT - 6}" y="${at}" text-anchor="end" dy="4">${label}</text>`;
  });
  const ticks = Array.from({ length: (FROM - TO) / 20 + 1 }, (_, i) => FROM - 20 * i).map(
    (at) => `<text x="${x(at).toFixed(1)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${at}</text>`,
  );
  const lines = curves.map(({ points }, i) => {
    const path = points.map(
      ({ threshold, taken, wrong }) => `${x(threshold).toFixed(1)},${y(wrong / taken).toFixed(1)}`,
    );
    return `<polyline fill="none" stroke="${COLOURS[i]}" stroke-width="2" points="${path.join(" ")}"/>`;
  });
  const legend = curves.map(
    ({ name }, i) =>
      `<text x="${WIDTH - RIGHT - 6}" y="${TOP + 16 + 18 * i}" text-anchor="end" fill="${COLOURS[i]}">${name}</text>`,
  );
  const mark = x(KEPHART_ARNOLD).toFixed(1);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="13" fill="#18181b">`,
    "<title>Strings that recur in other good programs, by threshold</title>",
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    ...grid,
    `<line x1="${mark}" x2="${mark}" y1="${TOP}" y2="${HEIGHT - BOTTOM}" stroke="#71717a" stroke-dasharray="4 4"/><text x="${mark}" y="${TOP - 8}" text-anchor="middle">${KEPHART_ARNOLD}</text>`,
    ...ticks,
    ...lines,
    ...legend,
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 16}" text-anchor="middle">threshold: strings whose ln p by the model of self is at most this</text>`,
    `<text x="16" y="${(TOP + HEIGHT - BOTTOM) / 2}" text-anchor="middle" transform="rotate(-90 16 ${(TOP + HEIGHT - BOTTOM) / 2})">strings that recur in other good programs</text>`,
    "</svg>",
    "",
  ].join("\n");
}
