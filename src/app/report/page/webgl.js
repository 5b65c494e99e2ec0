/* webgl.js - draws one triangle surface with one field on it (WebGL 2, nothing from outside).
 *
 * The surface fits the unit ball; the camera looks along -z of the view with a narrow lens. Values
 * go to the shader as they are; the colour table is a texture. NaN comes as a second attribute,
 * because interpolating NaN is undefined.
 */
(function () {
  'use strict';

  const VERTEX = `#version 300 es
    in vec3 position; in vec3 normal; in vec2 value; // value, 1 = no value
    uniform mat4 camera; uniform mat3 turn;
    out vec3 n; out vec2 v; out float depth;
    void main() {
      n = turn * normal; v = value;
      depth = (turn * position).z;
      gl_Position = camera * vec4(position, 1.0);
    }`;

  /* Light comes over the viewer's left shoulder. Seen from inside (where the surface is cut open),
   * a wall is plain, so that a cut looks like a section. */
  const FRAGMENT = `#version 300 es
    precision highp float;
    in vec3 n; in vec2 v; in float depth;
    uniform sampler2D colours;
    uniform vec2 range; uniform float band, now, front, cut;
    uniform vec3 dull;
    out vec4 colour;
    vec3 field() {
      if (v.y > 0.001) { // hatched: no value
        float stripe = mod(gl_FragCoord.x + gl_FragCoord.y, 12.0);
        return stripe < 3.0 ? dull * 0.7 : dull;
      }
      if (v.x > now) return dull;
      float x = v.x;
      if (band > 0.0) x = (floor(x / band) + 0.5) * band;
      float t = clamp((x - range.x) / max(range.y - range.x, 1e-30), 0.0, 1.0);
      vec3 c = texture(colours, vec2(t * 255.0 / 256.0 + 0.5 / 256.0, 0.5)).rgb;
      if (band > 0.0) { // a thin line between two bands
        float edge = abs(fract(v.x / band + 0.5) - 0.5) / max(fwidth(v.x / band), 1e-6);
        c *= mix(0.45, 1.0, smoothstep(0.4, 1.3, edge));
      }
      if (front > 0.0) c = mix(vec3(1.0), c, smoothstep(0.0, 1.0, (now - v.x) / front));
      return c;
    }
    void main() {
      if (depth > cut) discard;
      vec3 m = normalize(n);
      if (!gl_FrontFacing) {
        colour = vec4(dull * 0.62, 1.0);
        return;
      }
      float light = 0.66 + 0.36 * max(dot(m, normalize(vec3(-0.45, 0.55, 0.75))), 0.0);
      float shine = pow(max(dot(m, normalize(vec3(-0.25, 0.35, 0.9))), 0.0), 40.0);
      colour = vec4(field() * light + 0.07 * shine, 1.0);
    }`;

  const POINT_VERTEX = `#version 300 es
    in vec3 position;
    uniform mat4 camera; uniform float size;
    void main() { gl_Position = camera * vec4(position, 1.0); gl_PointSize = size; }`;

  const POINT_FRAGMENT = `#version 300 es
    precision highp float;
    uniform float strength;
    out vec4 colour;
    void main() {
      float r = length(gl_PointCoord - 0.5) * 2.0;
      if (r > 1.0) discard;
      vec3 c = r > 0.62 ? vec3(0.05) : vec3(1.0);
      colour = vec4(c, strength * (1.0 - smoothstep(0.9, 1.0, r)));
    }`;

  function shader(gl, type, source) {
    const s = gl.createShader(type);
    gl.shaderSource(s, source);
    gl.compileShader(s);
    if (!gl.getShaderParameter(s, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(s));
    return s;
  }

  function program(gl, vertex, fragment) {
    const p = gl.createProgram();
    gl.attachShader(p, shader(gl, gl.VERTEX_SHADER, vertex));
    gl.attachShader(p, shader(gl, gl.FRAGMENT_SHADER, fragment));
    gl.linkProgram(p);
    if (!gl.getProgramParameter(p, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(p));
    const uniforms = {};
    for (let i = 0; i < gl.getProgramParameter(p, gl.ACTIVE_UNIFORMS); i++) {
      const name = gl.getActiveUniform(p, i).name;
      uniforms[name] = gl.getUniformLocation(p, name);
    }
    return { p, uniforms };
  }

  function attribute(gl, prog, name, size, data) {
    const buffer = gl.createBuffer(), place = gl.getAttribLocation(prog.p, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, size, gl.FLOAT, false, 0, 0);
    return buffer;
  }

  /* Area-weighted normals of the nodes. */
  gm.normals = function (x, faces) {
    const n = new Float32Array(x.length);
    for (let f = 0; f < faces.length; f += 3) {
      const [a, b, c] = [3 * faces[f], 3 * faces[f + 1], 3 * faces[f + 2]];
      const ux = x[b] - x[a], uy = x[b + 1] - x[a + 1], uz = x[b + 2] - x[a + 2];
      const vx = x[c] - x[a], vy = x[c + 1] - x[a + 1], vz = x[c + 2] - x[a + 2];
      const nx = uy * vz - uz * vy, ny = uz * vx - ux * vz, nz = ux * vy - uy * vx;
      for (const k of [a, b, c]) { n[k] += nx; n[k + 1] += ny; n[k + 2] += nz; }
    }
    return n;
  };

  /* mesh: {x: Float32Array [3 n], faces: Uint32Array, points: Float32Array}; null without WebGL 2. */
  gm.surfacePainter = function (canvas, mesh) {
    const gl = canvas.getContext('webgl2', { antialias: true, alpha: true, preserveDrawingBuffer: true });
    if (!gl) return null;
    const skin = program(gl, VERTEX, FRAGMENT), spots = program(gl, POINT_VERTEX, POINT_FRAGMENT);
    const skinArray = gl.createVertexArray(), spotArray = gl.createVertexArray();
    gl.bindVertexArray(skinArray);
    attribute(gl, skin, 'position', 3, mesh.x);
    attribute(gl, skin, 'normal', 3, gm.normals(mesh.x, mesh.faces));
    const values = attribute(gl, skin, 'value', 2, new Float32Array(2 * mesh.x.length / 3));
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, mesh.faces, gl.STATIC_DRAW);
    gl.bindVertexArray(spotArray);
    attribute(gl, spots, 'position', 3, mesh.points);
    gl.bindVertexArray(null);
    const texture = gl.createTexture();
    gl.enable(gl.DEPTH_TEST);

    function setField(field, reversed) {
      const data = new Float32Array(2 * field.length);
      for (let i = 0; i < field.length; i++) {
        const known = !Number.isNaN(field[i]);
        data[2 * i] = known ? field[i] : 0;
        data[2 * i + 1] = known ? 0 : 1;
      }
      gl.bindBuffer(gl.ARRAY_BUFFER, values);
      gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE,
        gm.colourTable(reversed));
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    }

    function paintSkin(look) {
      const u = skin.uniforms;
      gl.useProgram(skin.p);
      gl.bindVertexArray(skinArray);
      gl.uniformMatrix4fv(u.camera, false, look.camera);
      gl.uniformMatrix3fv(u.turn, false, look.turn);
      gl.uniform2fv(u.range, look.range);
      for (const name of ['band', 'now', 'front', 'cut']) gl.uniform1f(u[name], look[name]);
      gl.uniform3fv(u.dull, look.dull);
      gl.drawElements(gl.TRIANGLES, mesh.faces.length, gl.UNSIGNED_INT, 0);
    }

    /* Twice: solid where in sight, faint where something lies before them. */
    function paintSpots(look) {
      if (mesh.points.length === 0) return;
      gl.useProgram(spots.p);
      gl.bindVertexArray(spotArray);
      gl.uniformMatrix4fv(spots.uniforms.camera, false, look.camera);
      gl.uniform1f(spots.uniforms.size, 13 * look.pixelRatio);
      gl.enable(gl.BLEND);
      gl.blendFuncSeparate(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA, gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
      gl.depthMask(false);
      for (const [test, strength] of [[gl.GREATER, 0.4], [gl.LEQUAL, 1]]) {
        gl.depthFunc(test);
        gl.uniform1f(spots.uniforms.strength, strength);
        gl.drawArrays(gl.POINTS, 0, mesh.points.length / 3);
      }
      gl.depthMask(true);
      gl.depthFunc(gl.LEQUAL);
      gl.disable(gl.BLEND);
    }

    function paint(look) {
      gl.viewport(0, 0, canvas.width, canvas.height);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
      paintSkin(look);
      paintSpots(look);
      if (gl.getError() !== gl.NO_ERROR) throw new Error('the graphics system refused to draw');
    }

    return { setField, paint };
  };
})();
