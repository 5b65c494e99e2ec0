/* surface.js - the 3-D viewer: a surface with a field on it that one can turn, zoom, cut open, read
 * and step through in time. */
(function () {
  'use strict';

  const BANDS_MS = 10;          // isochrones of time fields
  const FRONT_SHARE = 0.035;    // width of the bright wave front as a share of the time range
  const PLAY_SECONDS = 6;       // from the first to the last moment
  const ALWAYS = 1e30;
  const NOT_CUT = 1.01;         // just before the unit ball

  /* ---- the mesh, made to fit the unit ball ------------------------------------------------------ */

  function unpackMesh(view) {
    const axes = view.nodes_mm.map(gm.unpack), n = axes[0].length;
    const centre = view.nodes_mm.map(axis => (axis.low + axis.high) / 2);
    const place = (k, p) => p - centre[k];
    let radius = 0;
    for (let i = 0; i < n; i++) {
      radius = Math.max(radius, Math.hypot(...axes.map((axis, k) => place(k, axis[i]))));
    }
    const scale = 1 / (radius || 1), x = new Float32Array(3 * n);
    for (let i = 0; i < 3 * n; i++) x[i] = place(i % 3, axes[i % 3][(i - i % 3) / 3]) * scale;
    const points = Float32Array.from(view.points, (p, i) => place(i % 3, p) * scale);
    return { x, faces: outward(x, gm.unpackIndices(view.faces)), points, n };
  }

  /* A closed surface has its outside where its volume is positive; the sections rely on it. */
  function outward(x, faces) {
    let volume = 0;
    for (let f = 0; f < faces.length; f += 3) {
      const [a, b, c] = [3 * faces[f], 3 * faces[f + 1], 3 * faces[f + 2]];
      volume += x[a] * (x[b + 1] * x[c + 2] - x[b + 2] * x[c + 1]) +
        x[a + 1] * (x[b + 2] * x[c] - x[b] * x[c + 2]) + x[a + 2] * (x[b] * x[c + 1] - x[b + 1] * x[c]);
    }
    if (volume >= 0) return faces;
    for (let f = 0; f < faces.length; f += 3) [faces[f], faces[f + 1]] = [faces[f + 1], faces[f]];
    return faces;
  }

  function unpackFields(view) {
    return view.fields.map(f => {
      const values = gm.unpack(f.values), range = gm.range(values) || [0, 0];
      const sorted = values.filter(v => !Number.isNaN(v)).sort();
      return { name: f.name, unit: f.unit, isTime: f.is_time, values, range, sorted,
        width: range[1] - range[0], band: f.is_time && f.unit === 'ms' ? BANDS_MS
          : gm.step(range[1] - range[0], 10) };
    });
  }

  function shareBelow(sorted, limit) {
    let low = 0, high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle] <= limit) low = middle + 1; else high = middle;
    }
    return sorted.length ? low / sorted.length : 0;
  }

  /* ---- controls --------------------------------------------------------------------------------- */

  let nextId = 0;

  function labelled(text, control) {
    control.id = `control-${nextId++}`;
    return gm.html('div', { class: 'control' }, gm.html('label', { for: control.id }, text), control);
  }

  const slider = (min, max, value) => gm.html('input', { type: 'range', min, max, value, step: 'any' });

  function button(text, label, act) {
    const b = gm.html('button', { type: 'button', 'aria-label': label, title: label }, text);
    b.addEventListener('click', act);
    return b;
  }

  function checkbox(text, isOn, act) {
    const box = gm.html('input', { type: 'checkbox' });
    box.checked = isOn;
    box.addEventListener('change', () => act(box.checked));
    return gm.html('label', { class: 'check' }, box, text);
  }

  /* ---- the viewer ------------------------------------------------------------------------------- */

  class Viewer {
    constructor(view, host) {
      this.view = view;
      this.mesh = unpackMesh(view);
      this.fields = unpackFields(view);
      this.camera = new gm.Camera(this.mesh.x);
      this.field = null;
      this.hasBands = false;
      this.hasLabels = true;
      this.cut = NOT_CUT;
      this.now = ALWAYS;
      this.build(host);
      this.painter = gm.surfacePainter(this.canvas, this.mesh);
      if (!this.painter) {
        host.replaceChildren(gm.html('p', { class: 'empty' },
          'The 3-D picture needs WebGL 2, which this browser does not offer. ' +
          'The numbers are in the result files beside this page.'));
        document.documentElement.dataset.gmWebgl = 'missing';
        return;
      }
      this.chooseField(0);
      gm.onWidth(this.stage, () => this.resize());
      this.listen();
      matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.redraw());
      document.documentElement.dataset.gmWebgl = 'ok';
    }

    build(host) {
      this.canvas = gm.html('canvas', { tabindex: '0', role: 'img',
        'aria-label': this.description() + ' Arrow keys turn it, plus and minus zoom.' });
      this.labels = gm.html('div', { class: 'labels', 'aria-hidden': 'true' });
      this.leaders = gm.svg('svg', { class: 'leaders', 'aria-hidden': 'true' });
      this.triad = gm.svg('svg', { class: 'triad', viewBox: '-30 -30 60 60', 'aria-hidden': 'true' });
      this.stage = gm.html('div', { class: 'stage' }, this.canvas, this.leaders, this.labels, this.triad,
        gm.html('div', { class: 'stage-buttons' },
          button('+', 'Zoom in', () => this.change(() => this.camera.zoomBy(1.25))),
          button('\u2212', 'Zoom out', () => this.change(() => this.camera.zoomBy(0.8))),
          button('\u21ba', 'First view', () => this.change(() => this.camera.reset())),
          this.mesh.points.length ? button('\u2922', 'Show all marked places', () =>
            this.change(() => this.camera.zoomToShow(this.mesh.points, this.aspect()))) : ''));
      this.panel = gm.html('div', { class: 'controls' }, ...this.controls());
      host.append(gm.html('div', { class: 'viewer' }, this.stage, this.panel));
    }

    description() {
      return `Surface of ${this.mesh.n} nodes and ${this.mesh.faces.length / 3} triangles. ` +
        this.fields.map(f => `${f.name} from ${gm.quantity(f.range[0], f.unit, f.width)} to ` +
          gm.quantity(f.range[1], f.unit, f.width)).join(', ') + '.';
    }

    controls() {
      this.select = gm.html('select', {}, ...this.fields.map((f, i) =>
        gm.html('option', { value: i }, f.name + (f.unit ? ` (${f.unit})` : ''))));
      this.select.addEventListener('change', () => this.chooseField(Number(this.select.value)));
      this.barHost = gm.html('div');
      this.timeHost = gm.html('div', { class: 'time' });
      const cut = slider(0, 100, 0); // % of the depth
      cut.addEventListener('input', () =>
        this.change(() => { this.cut = NOT_CUT - 0.02 * Number(cut.value); }));
      this.bandHost = gm.html('span');
      return [this.fields.length ? labelled('Field', this.select) : null, this.barHost, this.timeHost,
        labelled('Cut open from the front', cut),
        gm.html('div', { class: 'checks' }, this.bandHost,
          this.mesh.points.length ? checkbox('Labels', true, on => this.change(() => { this.hasLabels = on; }))
            : null),
        gm.html('p', { class: 'hint' }, 'Drag to turn, pinch or wheel (after a click) to zoom, ' +
          'point at the surface to read it.')];
    }

    chooseField(i) {
      const f = this.field = this.fields[i] || null;
      this.stop();
      this.now = ALWAYS;
      this.painter.setField(f ? f.values : new Float64Array(this.mesh.n), Boolean(f && f.isTime));
      if (f) {
        this.showBar(f);
        this.bandHost.replaceChildren(checkbox(`Bands every ${gm.quantity(f.band, f.unit, f.band * 10)}`,
          this.hasBands, on => this.change(() => { this.hasBands = on; })));
        this.timeHost.replaceChildren(...(f.isTime && f.width > 0 ? this.timeControls(f) : []));
      }
      this.redraw();
    }

    showBar(f) {
      const n = f.values.length - f.sorted.length;
      this.barHost.replaceChildren(
        n < f.values.length ? gm.colourBar(f.range, f.unit, f.name, f.isTime) : '',
        n > 0 ? gm.html('p', { class: 'hint' }, `Hatched: no value (${n} of ${f.values.length} places)`) : '');
    }

    /* ---- time --- */

    timeControls(f) {
      this.clock = slider(f.range[0], f.range[1], f.range[1]);
      this.reading = gm.html('output', { class: 'reading' });
      this.playButton = button('\u25b6 Play', 'Play the spread through time', () => this.playing ? this.stop() : this.play());
      this.clock.addEventListener('input', () => { this.stop(); this.setTime(Number(this.clock.value)); });
      const control = labelled('Time', this.clock);
      this.showTime(f, f.range[1]);
      return [control, gm.html('div', { class: 'play' }, this.playButton, this.reading)];
    }

    showTime(f, time) {
      const share = Math.round(100 * shareBelow(f.sorted, time));
      this.reading.textContent = `${gm.quantity(time, f.unit, 100 * f.width)} \u00b7 ${share}\u00a0%\u00a0reached`;
      this.clock.setAttribute('aria-valuetext', this.reading.textContent);
    }

    setTime(time) {
      const f = this.field;
      this.now = time >= f.range[1] - 1e-6 * f.width ? ALWAYS : time;
      this.showTime(f, time);
      this.redraw();
    }

    play() {
      const f = this.field;
      let time = Number(this.clock.value), last = null;
      if (time >= f.range[1] - 0.01 * f.width) time = f.range[0];
      this.playing = true;
      this.playButton.textContent = '\u275a\u275a Pause';
      const step = stamp => {
        if (!this.playing) return;
        if (last !== null) time += (stamp - last) / 1000 * f.width / PLAY_SECONDS;
        last = stamp;
        this.clock.value = Math.min(time, f.range[1]);
        this.setTime(Math.min(time, f.range[1]));
        if (time >= f.range[1]) return this.stop();
        requestAnimationFrame(step);
      };
      requestAnimationFrame(step);
    }

    stop() {
      this.playing = false;
      if (this.playButton) this.playButton.textContent = '\u25b6 Play';
    }

    /* ---- painting --- */

    change(act) { act(); this.redraw(); }

    redraw() {
      if (this.isWaiting) return;
      this.isWaiting = true;
      requestAnimationFrame(() => { this.isWaiting = false; this.paint(); });
    }

    resize() {
      if (matchMedia('print').matches) return; // the picture is scaled as it is
      const ratio = Math.min(2, window.devicePixelRatio || 1);
      const box = this.stage.getBoundingClientRect();
      this.canvas.width = Math.round(box.width * ratio);
      this.canvas.height = Math.round(box.height * ratio);
      this.stage.style.setProperty('--shape', box.width / box.height);
      this.paint(); // at once: a canvas that was resized is empty
    }

    look() {
      const f = this.field, isSteps = f && this.now !== ALWAYS;
      const isDark = matchMedia('(prefers-color-scheme: dark)').matches;
      return { camera: this.camera.matrix(this.aspect()), turn: this.camera.turn,
        range: f ? f.range : [0, 1], band: this.hasBands && f ? f.band : 0,
        now: f ? this.now : -ALWAYS, front: isSteps ? FRONT_SHARE * f.width : 0, cut: this.cut,
        dull: isDark ? [0.42, 0.43, 0.46] : [0.74, 0.75, 0.78], pixelRatio: this.canvas.width / this.stage.clientWidth };
    }

    aspect() { return this.canvas.width / Math.max(1, this.canvas.height); }

    paint() {
      if (this.canvas.width === 0) return;
      this.painter.paint(this.look());
      this.placeLabels();
      this.drawTriad();
    }

    /* Labels beside their points, moved down where two would overlap, then tied to them by a line. */
    placeLabels() {
      const taken = [], lines = [];
      const n = this.hasLabels ? this.mesh.points.length / 3 : 0;
      for (let i = 0; i < n; i++) {
        const place = this.labelPlace(i, taken);
        if (!place) continue;
        taken.push(place);
        if (place.top > place.y - 5) {
          lines.push(gm.svg('path', { d: `M${place.x},${place.y}L${place.left},${place.top + 9}` }));
        }
      }
      this.leaders.setAttribute('viewBox', `0 0 ${this.stage.clientWidth} ${this.stage.clientHeight}`);
      this.leaders.replaceChildren(...lines);
      this.labels.replaceChildren(...taken.map(place => {
        const span = gm.html('span', {}, place.text);
        // Shares of the stage, so that they keep their places when the page is printed smaller.
        span.style.left = 100 * place.left / this.stage.clientWidth + '%';
        span.style.top = 100 * place.top / this.stage.clientHeight + '%';
        return span;
      }));
    }

    /* Where label i goes so that it covers none of those in `taken`; null: out of the picture. */
    labelPlace(i, taken) {
      const [sx, sy] = this.camera.project(this.mesh.points.subarray(3 * i, 3 * i + 3), this.aspect());
      const wide = this.stage.clientWidth, high = this.stage.clientHeight;
      const text = this.view.point_labels[i] || '', width = 7 * text.length + 10;
      const x = (sx + 1) / 2 * wide, y = (1 - sy) / 2 * high;
      if (!text || x < 0 || x > wide || y < 0 || y > high) return null;
      const left = x + 10 + width > wide ? x - 10 - width : x + 10; // no room on the right
      let top = y - 9;
      const covers = o => left < o.left + o.width && o.left < left + width && Math.abs(top - o.top) < 18;
      for (let other = taken.find(covers); other; other = taken.find(covers)) top = other.top + 18;
      return top > high - 18 ? null : { text, left, top, width, x, y };
    }

    drawTriad() {
      const t = this.camera.turn;
      this.triad.replaceChildren(...['x', 'y', 'z'].flatMap((name, j) => {
        const px = 20 * t[3 * j], py = -20 * t[3 * j + 1];
        return [gm.svg('path', { d: `M0,0L${px},${py}`, class: `axis-${name}` }),
          gm.svg('text', { x: 1.3 * px, y: 1.3 * py + 3 }, name)];
      }));
    }

    /* ---- hands --- */

    listen() {
      const hands = new Map();
      let pinch = 0;
      const spread = () => {
        const [a, b] = [...hands.values()];
        return Math.hypot(a.x - b.x, a.y - b.y);
      };
      this.canvas.addEventListener('pointerdown', event => {
        hands.set(event.pointerId, { x: event.clientX, y: event.clientY });
        this.canvas.setPointerCapture(event.pointerId);
        if (hands.size === 2) pinch = spread();
        gm.hideTip();
      });
      this.canvas.addEventListener('pointermove', event => {
        const hand = hands.get(event.pointerId);
        if (!hand) return this.read(event);
        const dx = event.clientX - hand.x, dy = event.clientY - hand.y;
        hands.set(event.pointerId, { x: event.clientX, y: event.clientY });
        if (hands.size === 2) {
          const now = spread();
          this.camera.zoomBy(now / (pinch || now));
          pinch = now;
        } else {
          this.camera.rotate(dx * 0.008, dy * 0.008);
        }
        this.redraw();
      });
      for (const name of ['pointerup', 'pointercancel']) {
        this.canvas.addEventListener(name, event => {
          hands.delete(event.pointerId);
          if (event.pointerType === 'touch') this.read(event); // a tap reads, as a hover does
        });
      }
      this.canvas.addEventListener('pointerleave', gm.hideTip);
      // Only a viewer that was clicked takes the wheel; otherwise the page scrolls.
      this.canvas.addEventListener('wheel', event => {
        if (document.activeElement !== this.canvas) return;
        event.preventDefault();
        this.change(() => this.camera.zoomBy(Math.exp(-event.deltaY / 600)));
      }, { passive: false });
      this.canvas.addEventListener('keydown', event => this.onKey(event));
    }

    onKey(event) {
      const turns = { ArrowLeft: [-0.12, 0], ArrowRight: [0.12, 0], ArrowUp: [0, -0.12], ArrowDown: [0, 0.12] };
      if (turns[event.key]) this.camera.rotate(...turns[event.key]);
      else if (event.key === '+' || event.key === '=') this.camera.zoomBy(1.15);
      else if (event.key === '-') this.camera.zoomBy(1 / 1.15);
      else if (event.key === 'Home') this.camera.reset();
      else return;
      event.preventDefault();
      this.redraw();
    }

    /* The value under the pointer, at most once a frame. */
    read(event) {
      if (this.isReading || !this.field) return;
      this.isReading = true;
      requestAnimationFrame(() => {
        this.isReading = false;
        const lines = this.valuesAt(event.clientX, event.clientY);
        if (lines) gm.showTip(lines, event); else gm.hideTip();
      });
    }

    valuesAt(clientX, clientY) {
      const box = this.canvas.getBoundingClientRect();
      const ray = this.camera.ray(2 * (clientX - box.left) / box.width - 1,
        1 - 2 * (clientY - box.top) / box.height, box.width / box.height);
      const hit = gm.pick(this.mesh.x, this.mesh.faces, ray, this.cut);
      if (!hit || !hit.isFront) return null;
      const [a, b, c] = this.mesh.faces.subarray(hit.face, hit.face + 3);
      const others = this.fields.filter(f => f !== this.field);
      return [this.field, ...others].slice(0, 6).map(f => {
        const value = (1 - hit.u - hit.v) * f.values[a] + hit.u * f.values[b] + hit.v * f.values[c];
        return `${f.name}: ${gm.quantity(value, f.unit, f.width)}`;
      });
    }
  }

  gm.draw.surface = function (view, host) {
    if (view.faces.n === 0) return gm.empty(host, 'an empty surface');
    return new Viewer(view, host);
  };
})();
