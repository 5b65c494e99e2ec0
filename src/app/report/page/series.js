/* series.js - panels of curves over one x: the measured thing in ink, models in colour with their
 * bands; on the grid of clinical paper where the view asks for it. */
(function () {
  'use strict';

  const PAPER_SPEEDS = [25, 50, 100, 200]; // mm/s, as on electrocardiographs
  const PAPER_GAIN = 10;                   // mm/mV
  const LEAST_MM = 2.5;                    // pixels
  const BAND_ROOM = 0.25; // a wild band may add this share of the curves' range and is cut there

  /* ---- what there is to draw ------------------------------------------------------------------- */

  function unpackPanels(view) {
    return view.panels.map(panel => ({
      title: panel.title,
      marks: panel.marks.filter(mark => mark.x !== null),
      curves: panel.curves.map(c => ({
        label: c.label, isReference: c.is_reference, y: gm.unpack(c.y),
        low: c.low && gm.unpack(c.low), high: c.high && gm.unpack(c.high),
        width: Math.max(c.y.high - c.y.low, 1e-9) })),
    }));
  }

  /* Colour class of every label: reference = ink, the others by order of appearance. */
  function stylesOf(panels) {
    const styles = new Map();
    let next = 0;
    for (const curve of panels.flatMap(panel => panel.curves)) {
      if (styles.has(curve.label)) continue;
      styles.set(curve.label, { name: curve.isReference ? 'reference' : `model-${next++ % 4}`,
        hasBand: Boolean(curve.low) });
    }
    return styles;
  }

  function rangeOf(panels) {
    const curves = panels.flatMap(panel => panel.curves);
    const all = gm.range(...curves.flatMap(c => [c.y, c.low || [], c.high || []])) || [0, 1];
    const main = gm.range(...curves.map(c => c.y)) || all;
    const room = BAND_ROOM * (main[1] - main[0]);
    return [Math.max(all[0], main[0] - room), Math.min(all[1], main[1] + room)];
  }

  /* ---- layouts: where each panel lies and how big a unit is ------------------------------------- */

  function columnsFor(n, width) {
    const most = width >= 600 ? 4 : width >= 300 ? 2 : 1;
    return Math.min(n, n < 4 && width >= 600 ? n : most);
  }

  /* The twelve leads stand in columns as on every printed ECG; other panels run along rows. */
  function slotOf(i, n, columns) {
    const rows = Math.ceil(n / columns);
    return n === 12 ? [Math.floor(i / rows), i % rows] : [i % columns, Math.floor(i / columns)];
  }

  function rowRanges(panels, columns) {
    const rows = Math.ceil(panels.length / columns);
    return Array.from({ length: rows }, (_, row) => rangeOf(panels.filter((_p, i) =>
      slotOf(i, panels.length, columns)[1] === row)));
  }

  const mmPerYUnit = view => /^[u\u00b5\u03bc]V$/.test(view.y_unit) ? PAPER_GAIN / 1000 : PAPER_GAIN;

  /* As many columns as leave the small boxes large enough to be seen. */
  function paperLayout(view, panels, width) {
    for (let columns = columnsFor(panels.length, width); columns > 1; columns = columns > 2 ? 2 : 1) {
      const layout = paperIn(columns, view, panels, width);
      if (layout.mm >= LEAST_MM) return layout;
    }
    return paperIn(1, view, panels, width);
  }

  function paperIn(columns, view, panels, width) {
    // Each row has room for the calibration pulse, from 0 to 1 mV.
    const hasPulse = columns === 4, pulse = hasPulse ? PAPER_GAIN / mmPerYUnit(view) : 0;
    const ranges = rowRanges(panels, columns).map(([low, high]) =>
      [Math.min(low, 0), Math.max(high, pulse)]);
    const x = view.x, seconds = (x[x.length - 1] - x[0]) * (view.x_unit === 's' ? 1 : 1e-3);
    const mmPerUnit = mmPerYUnit(view), gap = 3, left = hasPulse ? 9 : 3;
    // White space above and below the curves (mm); the title needs the upper one.
    const heights = ranges.map(([low, high]) => Math.max(14, Math.ceil((high - low) * mmPerUnit) + 7));
    const total = heights.reduce((sum, h) => sum + h, 0);
    const shape = speed => {
      const wide = Math.max(1, seconds * speed);
      return { speed, wide, mm: width / (left + columns * (wide + gap)) };
    };
    const fits = s => s.mm * total / heights.length <= 0.85 * s.mm * s.wide;
    const best = PAPER_SPEEDS.map(shape).find(fits) || shape(200);
    const { mm, speed, wide } = best;
    return { isPaper: true, mm, speed, columns, seconds, mmPerUnit,
      width, height: Math.ceil(total * mm) + 34, paperHeight: total * mm,
      panels: panels.map((panel, i) => {
        const [column, row] = slotOf(i, panels.length, columns);
        const top = heights.slice(0, row).reduce((sum, h) => sum + h, 0) * mm;
        const from = (left + column * (wide + gap)) * mm, [low, high] = ranges[row];
        const slack = (heights[row] - (high - low) * mmPerUnit - 5) / 2;
        // Zero falls on a line of the grid.
        const zero = top + Math.round(5 + slack + high * mmPerUnit) * mm;
        return { panel, x0: from, y0: top, w: wide * mm, h: heights[row] * mm, row, column,
          x: v => from + (v - x[0]) / (x[x.length - 1] - x[0] || 1) * wide * mm,
          y: v => zero - v * mmPerUnit * mm };
      }) };
  }

  function chartLayout(view, panels, width) {
    const columns = columnsFor(panels.length, width);
    const rows = Math.ceil(panels.length / columns), x = view.x;
    const left = 52, bottom = 40, gap = 14, head = 20;
    const w = (width - left - gap * (columns - 1) - 4) / columns;
    const h = Math.max(110, Math.min(columns === 1 ? 300 : 190, 0.62 * w));
    let [low, high] = rangeOf(panels);
    const pad = 0.05 * (high - low || 1);
    low -= pad;
    high += pad;
    return { isPaper: false, columns, width, low, high,
      height: rows * (h + head) + bottom, paperHeight: 0,
      panels: panels.map((panel, i) => {
        const [column, row] = slotOf(i, panels.length, columns);
        const x0 = left + column * (w + gap), y0 = row * (h + head) + head;
        return { panel, x0, y0, w, h, row, column,
          x: v => x0 + (v - x[0]) / (x[x.length - 1] - x[0] || 1) * w,
          y: v => y0 + (high - v) / (high - low) * h };
      }) };
  }

  /* ---- paths ------------------------------------------------------------------------------------ */

  const dot = v => v.toFixed(1);

  /* A line with gaps at NaN. Where several samples share a pixel column, its extremes are drawn, so
   * that no spike is lost. */
  function linePath(xs, ys, box) {
    const parts = [], per = Math.max(1, Math.floor(xs.length / (2 * box.w)));
    let pen = 'M';
    for (let i = 0; i < xs.length; i += per) {
      let low = i, high = i, known = false;
      for (let k = i; k < Math.min(i + per, xs.length); k++) {
        if (Number.isNaN(ys[k])) continue;
        if (!known || ys[k] < ys[low]) low = k;
        if (!known || ys[k] > ys[high]) high = k;
        known = true;
      }
      if (!known) { pen = 'M'; continue; }
      for (const k of low === high ? [low] : [Math.min(low, high), Math.max(low, high)]) {
        parts.push(pen + dot(box.x(xs[k])) + ',' + dot(box.y(ys[k])));
        pen = 'L';
      }
    }
    return parts.join('');
  }

  function bandPath(xs, low, high, box) {
    const parts = [];
    for (let i = 0; i < xs.length;) {
      while (i < xs.length && (Number.isNaN(low[i]) || Number.isNaN(high[i]))) i++;
      const first = i;
      while (i < xs.length && !(Number.isNaN(low[i]) || Number.isNaN(high[i]))) i++;
      if (i === first) break;
      const there = [], back = [];
      for (let k = first; k < i; k++) {
        there.push(dot(box.x(xs[k])) + ',' + dot(box.y(high[k])));
        back.push(dot(box.x(xs[k])) + ',' + dot(box.y(low[k])));
      }
      parts.push('M' + there.join('L') + 'L' + back.reverse().join('L') + 'Z');
    }
    return parts.join('');
  }

  /* ---- drawing ---------------------------------------------------------------------------------- */

  let nextId = 0;

  function drawPaper(svg, layout, id) {
    const grid = (step, name) => {
      const size = step * layout.mm;
      svg.append(gm.svg('defs', {}, gm.svg('pattern', { id: `${id}-${name}`, width: size, height: size,
        patternUnits: 'userSpaceOnUse' },
        gm.svg('path', { d: `M0,0H${size}M0,0V${size}`, class: `paper-${name}` }))));
      svg.append(gm.svg('rect', { width: layout.width, height: layout.paperHeight,
        fill: `url(#${id}-${name})` }));
    };
    svg.append(gm.svg('rect', { width: layout.width, height: layout.paperHeight, class: 'paper' }));
    if (layout.mm >= LEAST_MM) grid(1, 'small');
    grid(5, 'large');
    if (layout.columns === 4) drawCalibration(svg, layout);
  }

  /* The 1 mV pulse at the start of every row, as an electrocardiograph writes it. */
  function drawCalibration(svg, layout) {
    for (const box of layout.panels.filter(p => p.column === 0)) {
      const mm = layout.mm, y = box.y(0), up = box.y(PAPER_GAIN / layout.mmPerUnit);
      svg.append(gm.svg('path', { class: 'calibration',
        d: `M${mm},${y}h${mm}V${up}h${4 * mm}V${y}h${mm}` }));
    }
  }

  function drawFrame(svg, layout, box, view) {
    const step = gm.step(layout.high - layout.low, 4);
    for (const tick of gm.ticks(layout.low, layout.high, 4)) {
      svg.append(gm.svg('path', { d: `M${box.x0},${box.y(tick)}h${box.w}`,
        class: tick === 0 ? 'axis' : 'grid' }));
      if (box.column === 0) {
        svg.append(gm.svg('text', { x: box.x0 - 6, y: box.y(tick) + 4, class: 'tick end' },
          gm.number(tick, 20 * step)));
      }
    }
    if (box.column === 0 && box.row === 0) {
      svg.append(gm.svg('text', { x: 0, y: box.y0 - 8, class: 'axis-name start' }, view.y_unit));
    }
  }

  function drawXTicks(svg, layout, box, view) {
    const x = view.x, low = x[0], high = x[x.length - 1], count = box.w > 200 ? 5 : 3;
    const y = layout.isPaper ? layout.paperHeight : box.y0 + box.h;
    for (const tick of gm.ticks(low, high, count)) {
      svg.append(gm.svg('path', { d: `M${box.x(tick)},${y}v4`, class: 'axis' }));
      // The last number would run into the next panel's first.
      if (box.x(tick) > box.x0 + box.w - 8 && layout.columns > 1 && box.column < layout.columns - 1) {
        continue;
      }
      svg.append(gm.svg('text', { x: box.x(tick), y: y + 16,
        class: box.x(tick) > layout.width - 16 ? 'tick end' : 'tick' },
        gm.number(tick, 20 * gm.step(high - low, count))));
    }
  }

  function isLowest(layout, box) {
    return !layout.panels.some(other => other.column === box.column && other.row > box.row);
  }

  /* Marks that all panels share are named in the top row only. */
  function areShared(panels) {
    const text = panel => JSON.stringify(panel.marks);
    return panels.every(panel => text(panel) === text(panels[0]));
  }

  function drawMarks(svg, box, isNamed) {
    let right = box.x0 + 9 * box.panel.title.length + 8, level = 0; // the title stands there
    for (const mark of [...box.panel.marks].sort((a, b) => a.x - b.x)) {
      const x = box.x(mark.x), width = 6 * mark.label.length + 6;
      if (!(x >= box.x0 - 1 && x <= box.x0 + box.w + 1)) continue;
      level = x < right ? (level + 1) % 3 : 0; // the next line of text where two would overlap
      right = Math.max(right, x + width);
      svg.append(gm.svg('path', { d: `M${x},${box.y0 + 4}V${box.y0 + box.h}`, class: 'mark' }));
      if (isNamed) svg.append(gm.svg('text', { x: x + 3, y: box.y0 + 14 + 11 * level, class: 'mark-label' }, mark.label));
    }
  }

  function drawCurves(svg, box, view, styles, clip) {
    const group = gm.svg('g', { 'clip-path': `url(#${clip})` });
    for (const c of box.panel.curves) {
      const style = styles.get(c.label).name;
      if (c.low) group.append(gm.svg('path', { d: bandPath(view.x, c.low, c.high, box), class: `band ${style}` }));
    }
    for (const c of box.panel.curves) {
      group.append(gm.svg('path', { d: linePath(view.x, c.y, box),
        class: `curve ${styles.get(c.label).name}` }));
    }
    if (box.panel.curves.every(c => c.y.every(Number.isNaN))) {
      group.append(gm.svg('text', { x: box.x0 + box.w / 2, y: box.y0 + box.h / 2, class: 'no-value' },
        'no value'));
    }
    svg.append(gm.svg('clipPath', { id: clip }, gm.svg('rect', { x: box.x0, y: box.y0,
      width: box.w, height: box.h })), group);
  }

  function drawPanel(svg, layout, box, view, styles, id) {
    if (!layout.isPaper) drawFrame(svg, layout, box, view);
    drawMarks(svg, box, box.row === 0 || !layout.hasSharedMarks);
    drawCurves(svg, box, view, styles, id);
    svg.append(gm.svg('text', { x: box.x0 + (layout.isPaper ? 4 : 0),
      y: layout.isPaper ? box.y0 + 15 : box.y0 - 6, class: 'panel-title' }, box.panel.title));
    if (isLowest(layout, box)) drawXTicks(svg, layout, box, view);
  }

  /* A single curve under its own name is told by the panel's title. */
  const needsLegend = panels => panels.some(panel =>
    panel.curves.some(curve => panel.curves.length > 1 || curve.label !== panel.title));

  function legend(styles) {
    const list = gm.html('ul', { class: 'legend' });
    for (const [label, style] of styles) {
      const key = gm.svg('svg', { width: 30, height: 14, 'aria-hidden': 'true' });
      if (style.hasBand) key.append(gm.svg('path', { d: 'M0,1H30V13H0Z', class: `band ${style.name}` }));
      key.append(gm.svg('path', { d: 'M0,7H30', class: `curve ${style.name}` }));
      list.append(gm.html('li', {}, key, label + (style.hasBand ? ' (with band)' : '')));
    }
    return list;
  }

  function description(view, panels) {
    const x = view.x;
    return `Curves in ${view.y_unit} over ${view.x_unit}, from ${gm.quantity(x[0], view.x_unit, 1000)} to ` +
      gm.quantity(x[x.length - 1], view.x_unit, 1000) + '. ' + panels.map(panel =>
      panel.title + ': ' + panel.curves.map(c => {
        const range = gm.range(c.y);
        return c.label + (range ? ` ${gm.number(range[0], c.width)} to ` +
          gm.quantity(range[1], view.y_unit, c.width) : ' no value');
      }).join(', ')).join('; ');
  }

  /* ---- reading values under the pointer ---------------------------------------------------------- */

  function nearest(xs, x) {
    let low = 0, high = xs.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (xs[middle] > x) high = middle; else low = middle;
    }
    return x - xs[low] < xs[high] - x ? low : high;
  }

  function readout(view, panel, k) {
    const width = view.x[view.x.length - 1] - view.x[0];
    return [`${panel.title}, ${gm.quantity(view.x[k], view.x_unit, width)}`,
      ...panel.curves.map(c => {
        let text = `${c.label}: ${gm.quantity(c.y[k], view.y_unit, c.width)}`;
        if (c.low && !Number.isNaN(c.low[k])) {
          text += ` (${gm.number(c.low[k], c.width)} to ${gm.number(c.high[k], c.width)})`;
        }
        return text;
      })];
  }

  function addCursor(svg, layout, view) {
    const lines = layout.panels.map(() => gm.svg('path', { class: 'cursor', visibility: 'hidden' }));
    svg.append(...lines);
    const hide = () => {
      lines.forEach(line => line.setAttribute('visibility', 'hidden'));
      gm.hideTip();
    };
    svg.addEventListener('pointerleave', hide);
    svg.addEventListener('pointermove', event => {
      const frame = svg.getBoundingClientRect();
      const scale = layout.width / (frame.width || 1);
      const px = (event.clientX - frame.left) * scale, py = (event.clientY - frame.top) * scale;
      const box = layout.panels.find(b => px >= b.x0 && px <= b.x0 + b.w && py >= b.y0 && py <= b.y0 + b.h);
      if (!box) return hide();
      const span = view.x[view.x.length - 1] - view.x[0];
      const k = nearest(view.x, view.x[0] + (px - box.x0) / box.w * span);
      layout.panels.forEach((b, i) => {
        lines[i].setAttribute('d', `M${dot(b.x(view.x[k]))},${b.y0}v${b.h}`);
        lines[i].setAttribute('visibility', 'visible');
      });
      gm.showTip(readout(view, box.panel, k), event);
    });
  }

  function paperNote(view, layout) {
    const ms = 1000 / layout.speed;
    return `${view.x_unit}; ${layout.speed}\u00a0mm/s, ${PAPER_GAIN}\u00a0mm/mV: ` +
      `a small box is ${ms}\u00a0ms \u00d7 0.1\u00a0mV`;
  }

  gm.draw.series = function (view, host) {
    if (view.x.length === 0 || view.panels.length === 0) return gm.empty(host);
    const panels = unpackPanels(view), styles = stylesOf(panels), id = `series-${nextId++}`;
    gm.onWidth(host, width => {
      const layout = view.is_ecg_paper && view.x.length > 1
        ? paperLayout(view, panels, width) : chartLayout(view, panels, width);
      const svg = gm.svg('svg', { width, height: layout.height, viewBox: `0 0 ${width} ${layout.height}`,
        class: 'chart-series' + (layout.isPaper ? ' on-paper' : ''),
        role: 'img', 'aria-label': description(view, panels) });
      layout.hasSharedMarks = areShared(panels);
      if (layout.isPaper) drawPaper(svg, layout, id);
      layout.panels.forEach((box, i) => drawPanel(svg, layout, box, view, styles, `${id}-clip-${i}`));
      svg.append(gm.svg('text', { x: layout.width / 2, y: layout.height - 3, class: 'axis-name' },
        layout.isPaper ? paperNote(view, layout) : view.x_unit));
      addCursor(svg, layout, view);
      host.replaceChildren(...(needsLegend(panels) ? [legend(styles)] : []), svg);
    });
  };
})();
