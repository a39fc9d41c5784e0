// Steam curves: the readings of a cycle beside its program's limits and saturated steam, and the
// places of all that in a picture of 320 by 140.

import { child, children, fill, number, text } from "./fields.js";
import { cycleName } from "./room_cycles.js";
import { scaleOver, ticksOf } from "./scale.js";
import { LARGEST_GAP_KELVIN, saturationTemperature } from "./steam.js";

const WIDTH = 320;
const HEIGHT = 140;
const LEFT = 46;
const FOOT = 18;
const MOST_POINTS = 600;

// Hundredths of a bar; below them steam has no saturation temperature above freezing.
const COLDEST = 2;

function plainName(name) {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, "");
}

function programOf(programs, data) {
  const wanted = plainName(text(data, "program"));
  const isSet = (program) => data.set_decicelsius === number(program, "hold_decicelsius") && data.set_hold_seconds === number(program, "hold_seconds");
  return programs.find((program) => plainName(text(program, "name")) === wanted) ?? programs.find(isSet);
}

// Of the program a cycle ran, in degrees; nothing if it is not known.
function limitsOf(naming, data) {
  const machine = naming.positions.room.sterilizers.get(text(data, "sterilizer"));
  const programs = machine === undefined ? [] : children(child(naming.log.read(machine.index), "data"), "programs");
  const program = programOf(programs, data);
  return program === undefined ? [] : [number(program, "hold_decicelsius") / 10, number(program, "upper_decicelsius") / 10];
}

function describe(naming, points, off, limits) {
  const words = naming.words.room;
  const warm = points.map((point) => point.warm);
  const said = fill(words.curve_alt, {
    count: points.length,
    lowest: Math.min(...warm).toFixed(1),
    highest: Math.max(...warm).toFixed(1),
    off: off.length,
  });
  if (limits.length === 0) {
    return said;
  }
  return `${said} ${fill(words.curve_limits, { lower: limits[0].toFixed(1), upper: limits[1].toFixed(1) })}`;
}

function tenth(value) {
  return Math.round(value * 10) / 10;
}

function drawn(points, off, limits) {
  const up = scaleOver([...points.flatMap((point) => [point.warm, point.steam]), ...limits], { start: HEIGHT - FOOT, end: 4, least: 4 });
  const across = scaleOver(points.map((point) => point.at / 60), { start: LEFT, end: WIDTH - 4, least: 1 });
  const step = Math.ceil(points.length / MOST_POINTS);
  const shown = points.filter((_point, at) => at % step === 0);
  const lineOf = (key) => shown.map((point) => `${tenth(across.at(point.at / 60))},${tenth(up.at(point[key]))}`).join(" ");
  const labelled = (scale, unit) => ticksOf(scale).map((value) => [tenth(scale.at(value)), `${Number(value.toPrecision(6))} ${unit}`]);
  return {
    warm: lineOf("warm"),
    steam: lineOf("steam"),
    limits: limits.map((limit) => tenth(up.at(limit))),
    degrees: labelled(up, "°C"),
    minutes: labelled(across, "min"),
    off: off.slice(0, MOST_POINTS).map((point) => [tenth(across.at(point.at / 60)), tenth(up.at(point.warm))]),
  };
}

// The cycles whose readings the audit holds, in the order of the log.
export function shownCurves(naming, curves) {
  const cycles = curves.size === 0 ? [] : [...naming.positions.room.cycles];
  return cycles.filter(([, { index }]) => curves.has(child(naming.log.read(index), "data").curve_sha256)).map(([cycle]) => cycle);
}

export function readCurve(naming, cycle, curves) {
  const places = naming.positions.room.cycles.get(cycle);
  const data = child(naming.log.read(places.index), "data");
  const points = curves
    .get(text(data, "curve_sha256"))
    .split(";")
    .map((reading) => reading.split(",").map(Number))
    .map(([at, warm, bar]) => ({ at, warm: warm / 10, steam: saturationTemperature(Math.max(bar, COLDEST) / 100) }));
  const off = points.filter(({ warm, steam }) => Math.abs(warm - steam) > LARGEST_GAP_KELVIN);
  const limits = limitsOf(naming, data);
  return {
    title: `${cycleName(naming, cycle)}, ${naming.times.moment(places.run_at).text}`,
    note: `${naming.words.room.outcomes[places.failed ? "failed" : "passed"]} · ${naming.words.entry} ${places.index}`,
    described: describe(naming, points, off, limits),
    ...drawn(points, off, limits),
  };
}
