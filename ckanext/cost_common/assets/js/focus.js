/* Gives the focus to what must be read first, for browsers that leave `autofocus` to input fields. */
(function () {
  'use strict';
  function focus() {
    var first = document.querySelector('[tabindex="-1"][autofocus]');
    // who has tabbed on already, where the browser gave it by itself, is not called back
    var free = !document.activeElement || document.activeElement === document.body;
    if (first && free) {
      first.focus();
    }
  }
  if (document.readyState === 'loading') {
    document.addEventListener('DOMContentLoaded', focus);
  } else {
    focus();
  }
})();
