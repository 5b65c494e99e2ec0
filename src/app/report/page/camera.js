/* camera.js - turning a body in the hand: a rotation, a zoom, and the rays that go with them.
 *
 * Matrices are column-major as WebGL wants them. The body fits the unit ball around the origin.
 */
(function () {
  'use strict';

  const LENS = 24 * Math.PI / 180; // full angle of view; narrow, so that sizes can be compared

  const multiply3 = (a, b) => { // a b
    const c = new Float32Array(9);
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 3; j++) {
        c[3 * j + i] = a[i] * b[3 * j] + a[3 + i] * b[3 * j + 1] + a[6 + i] * b[3 * j + 2];
      }
    }
    return c;
  };

  const aboutX = angle => Float32Array.of(1, 0, 0, 0, Math.cos(angle), Math.sin(angle),
    0, -Math.sin(angle), Math.cos(angle));

  const aboutY = angle => Float32Array.of(Math.cos(angle), 0, -Math.sin(angle), 0, 1, 0,
    Math.sin(angle), 0, Math.cos(angle));

  /* Rounding adds up over thousands of small turns: make the columns orthonormal again. */
  function tidy(m) {
    let [ax, ay, az, bx, by, bz] = m;
    const la = Math.hypot(ax, ay, az);
    ax /= la; ay /= la; az /= la;
    const dot = ax * bx + ay * by + az * bz;
    bx -= dot * ax; by -= dot * ay; bz -= dot * az;
    const lb = Math.hypot(bx, by, bz);
    bx /= lb; by /= lb; bz /= lb;
    return Float32Array.of(ax, ay, az, bx, by, bz,
      ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx);
  }

  /* From the front of a patient in DICOM axes (x to the left, y to the back, z up), a little from
   * above and from the left, so that the first look is already one in three dimensions. */
  function firstLook() {
    const front = Float32Array.of(1, 0, 0, 0, 0, -1, 0, 1, 0);
    return multiply3(aboutX(0.28), multiply3(aboutY(-0.45), front));
  }

  gm.Camera = class {
    /* x: the body's nodes [3 n], so that the first look fills the picture. */
    constructor(x) {
      this.first = 0.94 / Math.max(0.2, this.extent(x, this.turn = firstLook()));
      this.reset();
    }

    /* Half the height or width (whichever is larger) of the body as it is turned. */
    extent(x, t) {
      let most = 0;
      for (let i = 0; i < x.length; i += 3) {
        for (const k of [0, 1]) {
          most = Math.max(most, Math.abs(t[k] * x[i] + t[3 + k] * x[i + 1] + t[6 + k] * x[i + 2]));
        }
      }
      return most;
    }

    reset() {
      this.turn = firstLook();
      this.zoom = this.first;
    }

    rotate(right, down) { // radians
      this.turn = tidy(multiply3(aboutX(down), multiply3(aboutY(right), this.turn)));
    }

    zoomBy(factor) { this.zoom = Math.min(12, Math.max(0.1, this.zoom * factor)); }

    /* So that all of these points [3 n] are in the picture. */
    zoomToShow(points, aspect) {
      let most = 0;
      for (let i = 0; i < points.length; i += 3) {
        const [x, y] = this.project(points.subarray(i, i + 3), aspect);
        most = Math.max(most, Math.abs(x), Math.abs(y));
      }
      if (most > 0) this.zoom = Math.min(this.first, Math.max(0.1, this.zoom * 0.88 / most));
    }

    distance(aspect) { return 1.06 / Math.sin(LENS / 2) / Math.min(1, aspect); }

    focus() { return this.zoom / Math.tan(LENS / 2); }

    matrix(aspect) {
      const d = this.distance(aspect), f = this.focus(), t = this.turn;
      const near = Math.max(0.05, d - 4), far = d + 4;
      const a = -(far + near) / (far - near), b = -2 * far * near / (far - near);
      const m = new Float32Array(16);
      for (let j = 0; j < 3; j++) {
        m[4 * j] = f / aspect * t[3 * j];
        m[4 * j + 1] = f * t[3 * j + 1];
        m[4 * j + 2] = a * t[3 * j + 2];
        m[4 * j + 3] = -t[3 * j + 2];
      }
      m[14] = -d * a + b;
      m[15] = d;
      return m;
    }

    /* Where a point of the body appears: -1..1 both ways. */
    project(p, aspect) {
      const m = this.matrix(aspect);
      const row = i => m[i] * p[0] + m[4 + i] * p[1] + m[8 + i] * p[2] + m[12 + i];
      return row(3) > 0.05 ? [row(0) / row(3), row(1) / row(3)] : [9, 9]; // behind the viewer
    }

    /* The line of sight through (sx, sy) in -1..1, in the body's own axes. */
    ray(sx, sy, aspect) {
      const t = this.turn, f = this.focus(), d = this.distance(aspect);
      const back = v => [0, 1, 2].map(j => t[3 * j] * v[0] + t[3 * j + 1] * v[1] + t[3 * j + 2] * v[2]);
      return { from: back([0, 0, d]), along: back([sx * aspect / f, sy / f, -1]),
        towards: back([0, 0, 1]) };
    }
  };

  /* The first triangle that a ray meets among what lies below `cut` towards the viewer
   * (Moeller and Trumbore 1997): {face, u, v, isFront} or null. */
  gm.pick = function (x, faces, ray, cut) {
    const [ox, oy, oz] = ray.from, [dx, dy, dz] = ray.along, [wx, wy, wz] = ray.towards;
    let best = null, nearest = Infinity;
    for (let f = 0; f < faces.length; f += 3) {
      const a = 3 * faces[f], b = 3 * faces[f + 1], c = 3 * faces[f + 2];
      const e1x = x[b] - x[a], e1y = x[b + 1] - x[a + 1], e1z = x[b + 2] - x[a + 2];
      const e2x = x[c] - x[a], e2y = x[c + 1] - x[a + 1], e2z = x[c + 2] - x[a + 2];
      const px = dy * e2z - dz * e2y, py = dz * e2x - dx * e2z, pz = dx * e2y - dy * e2x;
      const det = e1x * px + e1y * py + e1z * pz;
      if (det === 0) continue;
      const sx = ox - x[a], sy = oy - x[a + 1], sz = oz - x[a + 2];
      const u = (sx * px + sy * py + sz * pz) / det;
      if (u < 0 || u > 1) continue;
      const qx = sy * e1z - sz * e1y, qy = sz * e1x - sx * e1z, qz = sx * e1y - sy * e1x;
      const v = (dx * qx + dy * qy + dz * qz) / det;
      if (v < 0 || u + v > 1) continue;
      const t = (e2x * qx + e2y * qy + e2z * qz) / det;
      const depth = (ox + t * dx) * wx + (oy + t * dy) * wy + (oz + t * dz) * wz;
      if (t <= 0 || t >= nearest || depth > cut) continue;
      nearest = t;
      best = { face: f, u, v, isFront: det > 0 };
    }
    return best;
  };
})();
