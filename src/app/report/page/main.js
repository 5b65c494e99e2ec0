/* main.js - draws every view of the page's data and says how it went in attributes of the root:
 * data-gm-ready="ok" once all are drawn, data-gm-error="..." when something went wrong. */
(function () {
  'use strict';

  const root = document.documentElement;
  const complain = text => { root.dataset.gmError = root.dataset.gmError || text; };
  window.addEventListener('error', event => complain(event.message));
  window.addEventListener('unhandledrejection', event => complain(String(event.reason)));

  function drawView(view, i) {
    const draw = gm.draw[view.kind], host = document.getElementById(`view-${i}`);
    if (!draw || !host) return;
    try {
      draw(view, host);
    } catch (error) { // one bad picture must not take the others with it
      complain(`${view.title}: ${error.message}`);
      gm.empty(host, 'This picture could not be drawn.');
    }
  }

  const data = JSON.parse(document.getElementById('gm-data').textContent);
  data.views.forEach(drawView);
  root.dataset.gmViews = data.views.length;
  if (!root.dataset.gmError) root.dataset.gmReady = 'ok';
})();
