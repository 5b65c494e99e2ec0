/* bars.js - named values as horizontal bars, with their intervals as whiskers. */
(function () {
  'use strict';

  const HEAD = 6, FOOT = 42, VALUE = 160, NARROW = 480;

  /* On a narrow page names and values stand above their bars instead of beside them. */
  function geometry(view, width) {
    const isNarrow = width < NARROW;
    const longest = Math.max(...view.names.map(name => name.length));
    const left = isNarrow ? 8 : Math.min(0.42 * width, 7.2 * longest + 14);
    const right = isNarrow ? width - 12 : width - VALUE;
    let [low, high] = gm.range(view.values.filter(v => v !== null),
      (view.low || []).filter(v => v !== null), (view.high || []).filter(v => v !== null)) || [0, 1];
    low = Math.min(0, low);
    high = Math.max(0, high);
    if (low === high) high = 1;
    const step = gm.step(high - low, 5);
    const x0 = low < 0 ? Math.floor(low / step) * step : 0, x1 = Math.ceil(high / step - 1e-9) * step;
    return { isNarrow, row: isNarrow ? 44 : 30, bar: isNarrow ? 26 : 7, left, right, width,
      nameRoom: Math.floor((isNarrow ? width - VALUE : left - 10) / 6.6),
      low: x0, high: x1, x: v => left + (right - left) * (v - x0) / (x1 - x0) };
  }

  function reading(view, i, width) {
    let text = gm.number(view.values[i], width);
    if (view.low && view.low[i] !== null && view.high[i] !== null) {
      text += ` (${gm.number(view.low[i], width)} to ${gm.number(view.high[i], width)})`;
    }
    return text;
  }

  function drawText(row, g, name, text, y) {
    const label = name.length > g.nameRoom ? name.slice(0, Math.max(1, g.nameRoom - 1)) + '\u2026' : name;
    const line = g.isNarrow ? y + 19 : y + g.row / 2 + 4;
    row.append(gm.svg('text', { x: g.isNarrow ? g.left : g.left - 8, y: line,
      class: g.isNarrow ? 'name start' : 'name' }, label),
      gm.svg('text', { x: g.isNarrow ? g.right : g.right + 10, y: line,
        class: g.isNarrow ? 'value end' : 'value' }, text));
  }

  function drawRow(svg, view, g, i) {
    const y = HEAD + i * g.row, v = view.values[i], name = view.names[i], high = 16;
    const middle = y + g.bar + high / 2;
    const row = gm.svg('g', { class: 'row' }, gm.svg('title', {}, name),
      gm.svg('rect', { x: 0, y, width: g.width, height: g.row, class: 'row-ground' }));
    const text = reading(view, i, g.high - g.low);
    drawText(row, g, name, text, y);
    if (v !== null) {
      const a = Math.min(g.x(0), g.x(v)), b = Math.max(g.x(0), g.x(v));
      row.append(gm.svg('rect', { x: a, y: y + g.bar, width: Math.max(1, b - a), height: high,
        rx: 2, class: 'amount' }));
    }
    if (view.low && view.low[i] !== null && view.high[i] !== null) {
      const a = g.x(view.low[i]), b = g.x(view.high[i]);
      row.append(gm.svg('path', { class: 'whisker',
        d: `M${a},${middle}H${b}M${a},${middle - 5}v10M${b},${middle - 5}v10` }));
    }
    row.addEventListener('pointermove', event => gm.showTip([name, text + ' ' + (view.unit || '')], event));
    row.addEventListener('pointerleave', gm.hideTip);
    svg.append(row);
  }

  function drawAxis(svg, view, g, bottom) {
    for (const tick of gm.ticks(g.low, g.high, g.right - g.left < 220 ? 3 : 5)) {
      svg.append(gm.svg('path', { d: `M${g.x(tick)},${HEAD}V${bottom}`,
        class: tick === 0 ? 'axis' : 'grid' }),
        gm.svg('text', { x: g.x(tick), y: bottom + 16, class: 'tick' },
          gm.number(tick, 20 * gm.step(g.high - g.low, 5))));
    }
    svg.append(gm.svg('text', { x: (g.left + g.right) / 2, y: bottom + 34, class: 'axis-name' },
      view.unit || ''));
  }

  gm.draw.bars = function (view, host) {
    if (view.names.length === 0) return gm.empty(host);
    gm.onWidth(host, width => {
      const g = geometry(view, width), bottom = HEAD + view.names.length * g.row;
      const svg = gm.svg('svg', { width, height: bottom + FOOT,
        viewBox: `0 0 ${width} ${bottom + FOOT}`, class: 'chart-bars', role: 'img',
        'aria-label': `Bars${view.unit ? ` (${view.unit})` : ''}: ` + view.names.map((name, i) =>
          `${name} ${reading(view, i, g.high - g.low)}`).join('; ') });
      const rows = gm.svg('g');
      view.names.forEach((_, i) => drawRow(rows, view, g, i));
      drawAxis(svg, view, g, bottom);
      svg.append(rows);
      host.replaceChildren(svg);
    });
  };
})();
