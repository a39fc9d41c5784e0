// Saturated steam: which temperature belongs to which pressure. Source: IAPWS Industrial
// Formulation 1997, region 4, equation 31.

const N = [
  0.11670521452767e4, -0.72421316703206e6, -0.17073846940092e2, 0.1202082470247e5, -0.32325550322333e7,
  0.1491510861353e2, -0.48232657361591e4, 0.40511340542057e6, -0.23855557567849, 0.65017534844798e3,
];
const KELVIN = 273.15;
const BAR_PER_MEGAPASCAL = 10;

// More than this between chamber and saturated steam is a fault.
export const LARGEST_GAP_KELVIN = 2;

// In degrees Celsius, for an absolute pressure in bar.
export function saturationTemperature(bar) {
  const beta = Math.sqrt(Math.sqrt(bar / BAR_PER_MEGAPASCAL));
  const e = beta ** 2 + N[2] * beta + N[5];
  const f = N[0] * beta ** 2 + N[3] * beta + N[6];
  const g = N[1] * beta ** 2 + N[4] * beta + N[7];
  const d = (2 * g) / (-f - Math.sqrt(f * f - 4 * e * g));
  return (N[9] + d - Math.sqrt((N[9] + d) ** 2 - 4 * (N[8] + N[9] * d))) / 2 - KELVIN;
}
