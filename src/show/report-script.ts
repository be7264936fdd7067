/** The page's own script, as text: the slider shows who could dial whom after each step. */

export const SCRIPT = `
(() => {
  const slider = document.getElementById('dial-at');
  if (slider === null) return;
  const dials = JSON.parse(document.getElementById('dial-data').textContent);
  const said = document.getElementById('dial-when');
  const cells = document.querySelectorAll('td[data-pair]');
  const show = () => {
    const now = dials[Number(slider.value)];
    const before = dials[Number(slider.value) - 1] || now;
    said.textContent = now.when;
    slider.setAttribute('aria-valuetext', now.when);
    for (const cell of cells) {
      const answer = now.cells[cell.dataset.pair];
      const kind = answer === undefined ? 'none' : answer === 'ok' ? 'ok' : 'no';
      cell.textContent = answer === undefined ? 'down' : answer;
      cell.className = kind + (before.cells[cell.dataset.pair] === answer ? '' : ' changed');
    }
  };
  slider.addEventListener('input', show);
  show();
})();
`;
