/* base.js - what the drawing files share: making elements, unpacking arrays, numbers as text. */
(function () {
  'use strict';

  const gm = window.gm = { draw: {} };

  function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value !== undefined && value !== null) element.setAttribute(name, value);
    }
    // append() makes text nodes of strings: no text of a result is ever parsed as HTML.
    element.append(...children.filter(child => child !== undefined && child !== null));
    return element;
  }

  gm.html = (tag, attributes, ...children) =>
    fill(document.createElement(tag), attributes, children);

  gm.svg = (tag, attributes, ...children) =>
    fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);

  function bytesOf(base64) {
    const text = atob(base64);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return bytes.buffer;
  }

  /* {n, low, high, u16} -> numbers; NaN where there is no value. */
  gm.unpack = function (pack) {
    const q = new Uint16Array(bytesOf(pack.u16));
    const values = new Float64Array(pack.n);
    const scale = (pack.high - pack.low) / 65534;
    for (let i = 0; i < pack.n; i++) values[i] = q[i] === 65535 ? NaN : pack.low + q[i] * scale;
    return values;
  };

  gm.unpackIndices = pack => pack.u32 !== undefined
    ? new Uint32Array(bytesOf(pack.u32))
    : Uint32Array.from(new Uint16Array(bytesOf(pack.u16)));

  gm.range = function (...arrays) {
    let low = Infinity, high = -Infinity;
    for (const array of arrays) {
      for (const v of array || []) {
        if (v < low) low = v;
        if (v > high) high = v;
      }
    }
    return low <= high ? [low, high] : null;
  };

  /* A number for a person: as many digits as a range of this width deserves. */
  gm.number = function (value, width) {
    if (value === null || !Number.isFinite(value)) return 'no value';
    const step = Math.abs(width || value) / 1000;
    const digits = step > 0 ? Math.min(6, Math.max(0, -Math.floor(Math.log10(step)) - 1)) : 0;
    if (Math.abs(value) >= 1e6 || (value !== 0 && Math.abs(value) < 1e-5)) return value.toPrecision(3);
    return value.toFixed(digits).replace('-', '\u2212');
  };

  gm.quantity = (value, unit, width) =>
    gm.number(value, width) + (unit && Number.isFinite(value) ? '\u00a0' + unit : '');

  /* A step of 1, 2 or 5 times a power of ten that cuts `width` into about `count` parts. */
  gm.step = function (width, count) {
    if (!(width > 0)) return 1;
    const rough = width / count, power = 10 ** Math.floor(Math.log10(rough));
    const lead = rough / power;
    return power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
  };

  gm.ticks = function (low, high, count) {
    const step = gm.step(high - low, count), ticks = [];
    for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) {
      ticks.push(Number((k * step).toPrecision(12)));
    }
    return ticks;
  };

  /* One floating read-out for the whole page. */
  const tip = gm.html('div', { class: 'tip', role: 'status', hidden: '' });

  gm.showTip = function (lines, event) {
    if (!tip.isConnected) document.body.append(tip);
    tip.replaceChildren(...lines.map(line => gm.html('div', {}, line)));
    tip.hidden = false;
    const box = tip.getBoundingClientRect(), gap = 14;
    const left = event.clientX + gap + box.width > window.innerWidth
      ? event.clientX - gap - box.width : event.clientX + gap;
    tip.style.left = Math.max(4, left) + 'px';
    tip.style.top = Math.max(4, event.clientY - box.height - gap) + 'px';
  };

  gm.hideTip = () => { tip.hidden = true; };

  /* Draws now and again whenever the host's width changes. */
  gm.onWidth = function (host, draw) {
    let last = 0;
    const check = () => {
      const width = Math.floor(host.clientWidth);
      if (width > 0 && width !== last) draw(last = width);
    };
    check();
    new ResizeObserver(check).observe(host);
  };

  gm.empty = (host, text) => host.append(gm.html('p', { class: 'empty' }, text || 'nothing to show'));
})();
