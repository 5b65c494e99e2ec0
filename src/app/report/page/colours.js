/* colours.js - the one colour map of the page.
 *
 * Thirteen points in the OKLab space (Ottosson 2020), at equal distances from each other and with
 * lightness rising in a straight line: equal steps in value look like equal steps, and the order
 * survives colour-blindness and black-and-white print. Violet = low, yellow = high; time fields use
 * it backwards, so that early is the warm and bright end as on electro-anatomical maps.
 */
(function () {
  'use strict';

  const POINTS = [ // [lightness, green-red, blue-yellow]
    [0.300, 0.035, -0.166], [0.367, 0.061, -0.180], [0.426, 0.102, -0.174], [0.476, 0.143, -0.142],
    [0.525, 0.174, -0.098], [0.574, 0.193, -0.048], [0.621, 0.193, 0.006], [0.668, 0.172, 0.058],
    [0.716, 0.137, 0.100], [0.768, 0.094, 0.122], [0.821, 0.050, 0.132], [0.868, 0.004, 0.161],
    [0.920, -0.044, 0.164]];

  const gamma = u => u <= 0.0031308 ? 12.92 * u : 1.055 * u ** (1 / 2.4) - 0.055;

  /* OKLab to sRGB bytes. */
  function srgb([L, a, b]) {
    const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3;
    const m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3;
    const s = (L - 0.0894841775 * a - 1.2914855480 * b) ** 3;
    return [4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
            -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
            -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s]
      .map(u => Math.round(255 * gamma(Math.min(1, Math.max(0, u)))));
  }

  function between(t) {
    const x = t * (POINTS.length - 1), i = Math.min(POINTS.length - 2, Math.floor(x));
    return POINTS[i].map((p, k) => p + (x - i) * (POINTS[i + 1][k] - p));
  }

  const TABLE = Array.from({ length: 256 }, (_, i) => srgb(between(i / 255)));

  /* [256][4] bytes for a texture. */
  gm.colourTable = function (reversed) {
    const bytes = new Uint8Array(1024);
    TABLE.forEach((c, i) => bytes.set([...c, 255], 4 * (reversed ? 255 - i : i)));
    return bytes;
  };

  /* CSS colour of t in 0..1. */
  gm.colour = function (t, reversed) {
    const i = Math.round(255 * Math.min(1, Math.max(0, t)));
    return 'rgb(' + TABLE[reversed ? 255 - i : i].join(',') + ')';
  };

  /* Black or white, whichever reads better on the colour of t. */
  gm.inkOn = (t, reversed) => (reversed ? 1 - t : t) > 0.55 ? '#111' : '#fff';

  /* A horizontal colour bar with ticks. */
  gm.colourBar = function (range, unit, label, reversed) {
    const [low, high] = range, width = high - low;
    const stops = Array.from({ length: 17 }, (_, i) => gm.colour(i / 16, reversed));
    const bar = gm.html('div', { class: 'bar' });
    bar.style.background = `linear-gradient(to right, ${stops.join(',')})`;
    const scale = gm.html('div', { class: 'scale' });
    for (const tick of gm.ticks(low, high, 5)) {
      const text = gm.html('span', {}, gm.number(tick, 20 * gm.step(width, 5)));
      text.style.left = (width > 0 ? 100 * (tick - low) / width : 50) + '%';
      scale.append(text);
    }
    return gm.html('div', { class: 'colour-bar', role: 'img',
      'aria-label': `Colour bar: ${label} from ${gm.quantity(low, unit, width)} to ` +
        gm.quantity(high, unit, width) },
      gm.html('div', { class: 'bar-label' }, label + (unit ? ` (${unit})` : '')), bar, scale);
  };
})();
