// Where a value lies in a picture, and at which round values a scale is labelled.

const MOST_TICKS = 6;
const ROUND = [1, 2, 5, 10];

// A scale with a little room around the values, at least so wide.
export function scaleOver(values, { start, end, least }) {
  let low = values.reduce((one, other) => Math.min(one, other));
  let high = values.reduce((one, other) => Math.max(one, other));
  if (high - low < least) {
    const middle = (low + high) / 2;
    [low, high] = [middle - least / 2, middle + least / 2];
  }
  const room = (high - low) * 0.06;
  [low, high] = [low - room, high + room];
  return { low, high, at: (value) => start + ((value - low) / (high - low)) * (end - start) };
}

function nextFactor(factor) {
  const tens = 10 ** Math.floor(Math.log10(factor));
  return ROUND.map((one) => one * tens).find((one) => one > factor);
}

// Round values inside a scale, at most six.
export function ticksOf({ low, high }) {
  const power = 10 ** Math.floor(Math.log10((high - low) / MOST_TICKS));
  let factor = 1;
  while (Math.floor(high / (power * factor)) - Math.ceil(low / (power * factor)) >= MOST_TICKS) {
    factor = nextFactor(factor);
  }
  const step = power * factor;
  const ticks = [];
  for (let at = Math.ceil(low / step); at <= Math.floor(high / step); at += 1) {
    // Sums of a step would print as 0.30000000000000004.
    ticks.push(Math.round(at * step * 1000) / 1000);
  }
  return ticks;
}
