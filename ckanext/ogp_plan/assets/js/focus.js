/* Gives the focus to what must be read first, for browsers that leave `autofocus` to input fields. */
(function () {
  'use strict';
  function focus() {
    var first = document.querySelector('.ogp [tabindex="-1"][autofocus]');
    if (first && document.activeElement !== first) {
      first.focus();
    }
  }
  if (document.readyState === 'loading') {
    document.addEventListener('DOMContentLoaded', focus);
  } else {
    focus();
  }
})();
