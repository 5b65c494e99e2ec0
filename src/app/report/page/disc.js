/* disc.js - the bull's-eye: rings from the centre outwards, angle 0 at the top, sectors
 * counter-clockwise. A cell without value is hatched. */
(function () {
  'use strict';

  const SIZE = 360, RADIUS = 150, MOST_CELLS_WITH_TEXT = 64;

  const place = (radius, turn) => // turn: 0..1 counter-clockwise from the top
    [-radius * Math.sin(2 * Math.PI * turn), -radius * Math.cos(2 * Math.PI * turn)];

  function cellPath(view, ring, sector) {
    const inner = RADIUS * ring / view.n_rings, outer = RADIUS * (ring + 1) / view.n_rings;
    const a = sector / view.n_sectors, b = (sector + 1) / view.n_sectors;
    if (view.n_sectors === 1) { // an arc over the full turn has no direction: two circles
      const circle = r => `M${-r},0A${r},${r} 0 1 0 ${r},0A${r},${r} 0 1 0 ${-r},0Z`;
      return circle(outer) + circle(inner);
    }
    const large = b - a > 0.5 ? 1 : 0;
    return `M${place(inner, a)}L${place(outer, a)}A${outer},${outer} 0 ${large} 0 ${place(outer, b)}` +
           `L${place(inner, b)}A${inner},${inner} 0 ${large} 1 ${place(inner, a)}Z`;
  }

  function drawCell(svg, view, ring, sector, range) {
    const value = view.values[ring * view.n_sectors + sector], width = range[1] - range[0];
    const t = width > 0 ? (value - range[0]) / width : 0.5;
    const path = gm.svg('path', { d: cellPath(view, ring, sector), 'fill-rule': 'evenodd',
      class: 'cell', fill: value === null ? 'url(#no-value)' : gm.colour(t, view.is_time) });
    const text = `ring ${ring + 1} of ${view.n_rings}, sector ${sector + 1} of ${view.n_sectors}`;
    path.addEventListener('pointermove', event =>
      gm.showTip([gm.quantity(value, view.unit, width), text], event));
    path.addEventListener('pointerleave', gm.hideTip);
    svg.append(path);
    if (view.values.length > MOST_CELLS_WITH_TEXT || value === null) return;
    const [x, y] = place(RADIUS * (ring + 0.5) / view.n_rings, (sector + 0.5) / view.n_sectors);
    svg.append(gm.svg('text', { x, y: y + 4, fill: gm.inkOn(t, view.is_time), class: 'value' },
      gm.number(value, 3 * Math.max(width, Math.abs(value)))));
  }

  function description(view, range) {
    const known = view.values.filter(v => v !== null).length;
    return `Bull's-eye of ${view.n_rings} rings and ${view.n_sectors} sectors, ${known} with a ` +
      `value from ${gm.quantity(range[0], view.unit, range[1] - range[0])} to ` +
      gm.quantity(range[1], view.unit, range[1] - range[0]);
  }

  /* The same numbers for those who cannot see the picture. */
  function valueTable(view, range) {
    const head = gm.html('tr', {}, gm.html('th', { scope: 'col' }, 'Ring'));
    for (let s = 0; s < view.n_sectors; s++) head.append(gm.html('th', { scope: 'col' }, `${s + 1}`));
    const table = gm.html('table', {}, gm.html('thead', {}, head));
    const body = gm.html('tbody');
    for (let r = 0; r < view.n_rings; r++) {
      const row = gm.html('tr', {}, gm.html('th', { scope: 'row' }, `${r + 1}`));
      for (const v of view.values.slice(r * view.n_sectors, (r + 1) * view.n_sectors)) {
        row.append(gm.html('td', { class: 'number' }, gm.number(v, range[1] - range[0])));
      }
      body.append(row);
    }
    table.append(body);
    return gm.html('details', {}, gm.html('summary', {}, 'Values as a table'),
      gm.html('div', { class: 'scroll', tabindex: '0', role: 'group' }, table));
  }

  gm.draw.disc = function (view, host) {
    const range = gm.range(view.values.filter(v => v !== null));
    if (!range) return gm.empty(host, 'no value anywhere');
    const half = SIZE / 2, top = RADIUS + 28; // the name of angle 0 stands above
    const svg = gm.svg('svg', { viewBox: `${-half} ${-top} ${SIZE} ${top + RADIUS + 6}`, class: view.values.length > MOST_CELLS_WITH_TEXT ? 'chart-disc fine' : 'chart-disc',
      role: 'img', 'aria-label': description(view, range) });
    svg.append(gm.svg('defs', {}, gm.svg('pattern', { id: 'no-value', width: 6, height: 6,
      patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
      gm.svg('rect', { width: 6, height: 6, class: 'hatch-ground' }),
      gm.svg('rect', { width: 2, height: 6, class: 'hatch-line' }))));
    for (let r = 0; r < view.n_rings; r++) {
      for (let s = 0; s < view.n_sectors; s++) drawCell(svg, view, r, s, range);
    }
    svg.append(gm.svg('text', { x: 0, y: -RADIUS - 10, class: 'rim' }, view.sector_zero),
      gm.svg('path', { d: `M0,${-RADIUS}v-6`, class: 'rim-tick' }));
    host.append(svg, gm.colourBar(range, '', view.unit || 'value', view.is_time),
      valueTable(view, range));
  };
})();
