/* Draws the curves of cycles from the JSON that stands with each. Colours come from the tokens, so
   that both themes hold; the table below each curve says the same without this file. */

const shown = () => {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(name).trim();
  return {
    ink: of("--ink"),
    quiet: of("--ink-2"),
    line: of("--line"),
    temperature: of("--accent"),
    pressure: of("--wait"),
    good: of("--good"),
    goodSoft: of("--good-soft"),
    bad: of("--bad"),
    font: `13px ${of("--font")}`,
  };
};

const span = (seconds) => {
  const whole = Math.round(seconds);
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
};

/* The limits lie behind everything else, as a band with its two edges. */
const drawLimits = (plot, data, colours) => {
  if (data.lower === null) return;
  const { ctx, bbox } = plot;
  const y = (value) => plot.valToPos(value, "celsius", true);
  const top = Math.max(y(data.upper), bbox.top);
  const bottom = Math.min(y(data.lower), bbox.top + bbox.height);
  ctx.save();
  ctx.fillStyle = colours.goodSoft;
  ctx.fillRect(bbox.left, top, bbox.width, bottom - top);
  ctx.strokeStyle = colours.good;
  ctx.lineWidth = devicePixelRatio;
  for (const edge of [top, bottom]) {
    ctx.beginPath();
    ctx.moveTo(bbox.left, edge);
    ctx.lineTo(bbox.left + bbox.width, edge);
    ctx.stroke();
  }
  ctx.restore();
};

const drawOff = (plot, data, colours) => {
  const { ctx } = plot;
  ctx.save();
  ctx.strokeStyle = colours.bad;
  ctx.lineWidth = 2 * devicePixelRatio;
  for (const place of data.off) {
    ctx.beginPath();
    const x = plot.valToPos(data.at[place], "x", true);
    ctx.arc(x, plot.valToPos(data.temperature[place], "celsius", true), 5 * devicePixelRatio, 0, 7);
    ctx.stroke();
  }
  ctx.restore();
};

const range = (values, room) => {
  const known = values.filter((value) => value !== null);
  return [Math.min(...known) - room, Math.max(...known) + room];
};

/* Spread would overflow the stack on a curve of twenty thousand readings. */
const extremes = (lists) => {
  let least = Infinity;
  let most = -Infinity;
  for (const list of lists) {
    for (const value of list) {
      if (value === null) continue;
      if (value < least) least = value;
      if (value > most) most = value;
    }
  }
  return [least, most];
};

const optionsFor = (place, data, now) => {
  const colours = shown();
  const limits = data.lower === null ? [] : [data.lower, data.upper];
  const warm = range(extremes([data.temperature, data.steam, limits]), 1);
  const pressed = range(extremes([data.pressure]), 0.15);
  const axis = (more) => ({
    stroke: colours.quiet,
    font: colours.font,
    labelFont: colours.font,
    grid: { stroke: colours.line, width: 1 },
    ticks: { stroke: colours.line, width: 1 },
    ...more,
  });
  const line = (label, scale, stroke, width, dash) => ({
    label, scale, stroke, width, dash, points: { show: data.at.length <= 60, size: 5, fill: stroke },
  });
  return {
    width: place.clientWidth,
    height: place.clientWidth < 520 ? 260 : 304,
    legend: { show: false },
    cursor: { drag: { x: false, y: false } },
    scales: {
      x: { time: false },
      celsius: { range: () => warm },
      bar: { range: () => pressed },
    },
    series: [
      {},
      line("Saturated steam", "celsius", colours.ink, 1.5, [6, 5]),
      line("Pressure", "bar", colours.pressure, 2, [2, 4]),
      line("Temperature", "celsius", colours.temperature, 3, []),
    ],
    axes: [
      axis({ values: (_, splits) => splits.map(span), label: "Minutes since the start", labelSize: 22 }),
      axis({ scale: "celsius", size: 58, label: "°C", labelSize: 20 }),
      axis({ scale: "bar", side: 1, size: 54, label: "bar, absolute", labelSize: 20, grid: { show: false } }),
    ],
    hooks: {
      drawClear: [(plot) => drawLimits(plot, data, colours)],
      draw: [(plot) => drawOff(plot, data, colours)],
      setCursor: [
        (plot) => {
          const at = plot.cursor.idx;
          if (at === null || at === undefined) {
            now.textContent = "\u00a0";
            return;
          }
          const steam = data.steam[at] === null ? "" : `, saturated steam ${data.steam[at].toFixed(1)} °C`;
          now.textContent = `${span(data.at[at])} min: ${data.temperature[at].toFixed(1)} °C at ${data.pressure[at].toFixed(2)} bar${steam}`;
        },
      ],
    },
  };
};

const drawn = new Map();

const draw = (place) => {
  const data = JSON.parse(place.dataset.curve);
  const now = place.parentElement.querySelector(".curve-now");
  drawn.get(place)?.destroy();
  const plot = new window.uPlot(optionsFor(place, data, now), [data.at, data.steam, data.pressure, data.temperature], place);
  drawn.set(place, plot);
};

const drawAll = () => {
  for (const place of [...drawn.keys()]) if (!place.isConnected) drawn.delete(place);
  for (const place of document.querySelectorAll("[data-curve]")) draw(place);
};

const size = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const plot = drawn.get(target);
    if (plot && target.clientWidth && plot.width !== target.clientWidth) {
      plot.setSize({ width: target.clientWidth, height: plot.height });
    }
  }
});

const begin = () => {
  for (const place of document.querySelectorAll("[data-curve]")) {
    if (drawn.has(place)) continue;
    draw(place);
    size.observe(place);
  }
};

begin();
/* Parts of a page that htmx brings in later, and the reader's choice of theme. */
document.addEventListener("htmx:afterSwap", begin);
new MutationObserver(drawAll).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
document.fonts?.ready.then(drawAll);
