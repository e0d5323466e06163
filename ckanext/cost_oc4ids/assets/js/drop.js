/* Lets a file be dropped on the form. The file field stays what is sent, and all there is without this. */
(function () {
  'use strict';

  function prepare(area) {
    var field = area.querySelector('input[type="file"]');
    var hint = area.querySelector('[data-oc4ids-drop-hint]');
    if (!field || typeof DataTransfer === 'undefined') {
      return;
    }
    if (hint) {
      hint.hidden = false;
    }
    ['dragenter', 'dragover'].forEach(function (name) {
      area.addEventListener(name, function (event) {
        event.preventDefault();
        area.classList.add('oc4ids-drop--over');
      });
    });
    ['dragleave', 'drop'].forEach(function (name) {
      area.addEventListener(name, function (event) {
        event.preventDefault();
        area.classList.remove('oc4ids-drop--over');
      });
    });
    area.addEventListener('drop', function (event) {
      if (event.dataTransfer && event.dataTransfer.files.length) {
        field.files = event.dataTransfer.files;
        field.dispatchEvent(new Event('change', { bubbles: true }));
        field.focus();
      }
    });
  }

  function start() {
    document.querySelectorAll('[data-oc4ids-drop]').forEach(prepare);
  }
  if (document.readyState === 'loading') {
    document.addEventListener('DOMContentLoaded', start);
  } else {
    start();
  }
})();
